package host

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/mqtt"
)

// link is a Thing's own connection to the broker. What it says it says in order; where the broker is slow or gone, the
// newest value of each name is kept and the older ones are given up.
type link struct {
	h        *Host
	prefix   string         // of its topics
	announce []announcement // the descriptions, told before all else
	do       func(action string, input []byte, answer func(error))
	client   *mqtt.Client
	wake     chan struct{} // there's something to say; holds one
	quick    chan struct{} // there's something to say that nobody acknowledges; holds one

	mu      sync.Mutex
	values  map[string][]byte // by topic, as they should be known
	topics  []string
	known   map[string][]byte // by topic, as the broker has acknowledged them
	events  []mqtt.Message
	answers []func()
	frames  map[string][]byte // by the last level of their topic, newest
	heard   atomic.Int64      // when something last came by way of the broker, ns since born
	born    time.Time
}

// announcement is a description and where it's told.
type announcement struct {
	topic string
	text  []byte
}

func announced(name string, text []byte) announcement {
	return announcement{"hutong/td/drive-" + name, text}
}

func newLink(h *Host, prefix string, announce []announcement, do func(string, []byte, func(error))) *link {
	return &link{
		h: h, prefix: prefix, announce: announce, do: do, wake: make(chan struct{}, 1), quick: make(chan struct{}, 1), born: time.Now(),
		values: make(map[string][]byte), frames: make(map[string][]byte), known: make(map[string][]byte),
	}
}

const (
	maxEvents = 64 // that wait to be sent
	beatEvery = 500 * time.Millisecond
	ackWithin = 5 * time.Second
)

// silence is for how long nothing came by way of the broker.
func (l *link) silence(now time.Time) time.Duration {
	return now.Sub(l.born) - time.Duration(l.heard.Load())
}

func (l *link) hear() { l.heard.Store(int64(time.Since(l.born))) }

// run keeps the connection until ctx ends. An error means that the broker refuses it.
func (l *link) run(ctx context.Context) error {
	name := strings.ReplaceAll(l.prefix, "/", "-")
	client, err := mqtt.Dial(ctx, mqtt.ClientOptions{
		URL: l.h.o.Broker, Username: l.h.o.Username, Password: l.h.o.Token, ClientID: name, CleanStart: true, Version: 5,
		KeepAlive: 2 * time.Second, MaxBackoff: time.Second, Log: l.h.o.Log,
		Will:      &mqtt.Message{Topic: l.prefix + "/online", Payload: []byte("offline"), QoS: 1, Retain: true},
		OnConnect: func(bool) { l.again() },
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	l.client = client
	defer client.Close()
	for filter, take := range map[string]func(*mqtt.Message){l.prefix + "/beat": func(*mqtt.Message) { l.hear() }, l.prefix + "/do/+": l.ordered} {
		if err := client.Subscribe(ctx, filter, 1, take); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	l.again()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { l.beat(ctx) })
	all.Go(func() { l.hasten(ctx) })
	for {
		select {
		case <-l.wake:
			l.flush(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// again has everything told anew: the broker may have forgotten it, and has told everybody that the Thing was gone.
func (l *link) again() {
	l.mu.Lock()
	clear(l.known)
	l.mu.Unlock()
	poke(l.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// beat says something to itself twice a second, by way of the broker: what comes back shows that orders would come, too.
// Nothing is acknowledged, since that would wait for the hub's disk.
func (l *link) beat(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = l.client.Publish(ctx, &mqtt.Message{Topic: l.prefix + "/beat"}) // that it fails is what is looked for
		case <-ctx.Done():
			return
		}
	}
}

// send publishes what the broker must acknowledge, and tells whether there's no need to try it again.
func (l *link) send(ctx context.Context, m *mqtt.Message) bool {
	ctx, stop := context.WithTimeout(ctx, ackWithin)
	defer stop()
	err := l.client.Publish(ctx, m)
	var refused mqtt.Reason
	return err == nil || errors.As(err, &refused) && l.client.Connected()
}

// say hands over what is to be told. It never waits.
func (l *link) say(d *doc, events []event, answers []func()) {
	l.mu.Lock()
	news := len(events) > 0
	for _, t := range d.topics {
		old, there := l.values[t]
		if !there {
			l.topics = append(l.topics, t)
		}
		if text := d.values[t]; !bytes.Equal(old, text) {
			l.values[t], news = text, true
		}
	}
	for _, e := range events {
		if len(l.events) >= maxEvents {
			l.h.stats.unsent.Add(1)
			continue
		}
		l.events = append(l.events, mqtt.Message{Topic: l.prefix + "/event/" + e.name, Payload: encode(e.data), QoS: 1})
	}
	l.answers = append(l.answers, answers...)
	quick := len(l.answers) > 0 || len(l.frames) > 0
	l.mu.Unlock()
	if quick {
		poke(l.quick)
	}
	if news {
		poke(l.wake)
	}
}

// show hands over a frame that nobody acknowledges, in place of one that hasn't been sent.
func (l *link) show(name string, frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frames[name] != nil {
		l.h.stats.unsent.Add(1)
	}
	l.frames[name] = frame
}

// unknown gives the topics whose values the broker doesn't have.
func (l *link) unknown() (list []announcement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.topics {
		if known, told := l.known[t]; !told || !bytes.Equal(known, l.values[t]) {
			list = append(list, announcement{t, l.values[t]})
		}
	}
	return list
}

// hasten sends answers and cabin frames, which wait for nobody's acknowledgement.
func (l *link) hasten(ctx context.Context) {
	for {
		select {
		case <-l.quick:
		case <-ctx.Done():
			return
		}
		l.mu.Lock()
		frames, answers := l.frames, l.answers
		l.frames, l.answers = make(map[string][]byte), nil
		l.mu.Unlock()
		for _, answer := range answers {
			answer()
		}
		for name, frame := range frames {
			if l.client.Connected() {
				_ = l.client.Publish(ctx, &mqtt.Message{Topic: l.prefix + "/" + name, Payload: frame}) // the next comes soon
			}
		}
	}
}

// flush tells what there is to tell: first the description, then that the Thing is there, then values and events.
func (l *link) flush(ctx context.Context) {
	for _, a := range l.announce {
		if !l.tell(ctx, a) {
			return
		}
	}
	if !l.tell(ctx, announcement{l.prefix + "/online", []byte("online")}) {
		return
	}
	for _, a := range l.unknown() {
		if !l.tell(ctx, a) {
			break
		}
	}
	l.mu.Lock()
	events := l.events
	l.events = nil
	l.mu.Unlock()
	for i := range events {
		if !l.send(ctx, &events[i]) {
			l.h.stats.unsent.Add(1)
		}
	}
}

// tell publishes a value that is kept, unless the broker has it, and tells whether it has now.
func (l *link) tell(ctx context.Context, a announcement) bool {
	l.mu.Lock()
	known, told := l.known[a.topic]
	l.mu.Unlock()
	if told && bytes.Equal(known, a.text) {
		return true
	}
	if !l.send(ctx, &mqtt.Message{Topic: a.topic, Payload: a.text, QoS: 1, Retain: true}) {
		poke(l.wake)
		return false
	}
	l.mu.Lock()
	l.known[a.topic] = a.text
	l.mu.Unlock()
	return true
}

// ordered takes an order. It's answered where the asker wants it, with the reason when it's refused.
func (l *link) ordered(m *mqtt.Message) {
	if m.Retain || l.do == nil {
		return // an old wish that somebody had the broker keep is none
	}
	response, key := "", []byte(nil)
	if m.Properties != nil {
		response, key = m.Properties.ResponseTopic, bytes.Clone(m.Properties.CorrelationData)
	}
	l.do(m.Topic[len(l.prefix)+len("/do/"):], bytes.Clone(m.Payload), func(wrong error) {
		if response == "" || !mqtt.ValidTopic(response) {
			return
		}
		p := &mqtt.Properties{CorrelationData: key}
		if wrong != nil {
			p.User = []mqtt.UserProperty{{Name: "error", Value: wrong.Error()}}
		}
		ctx, stop := context.WithTimeout(context.Background(), ackWithin)
		defer stop()
		_ = l.client.Publish(ctx, &mqtt.Message{Topic: response, QoS: 0, Properties: p}) // who asked doesn't wait for ever
	})
}
