package hass

import (
	"strings"
	"sync"
	"time"

	"hutong/binding"
	"hutong/binding/hass/jinja"
	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/thing"
)

// listener takes the messages of one device, as it was announced once. It is a Tap; a new announcement makes a new
// listener.
type listener struct {
	d      *announced
	hub    binding.Hub
	device binding.Device
	env    *py.Env
	topics map[string]*ear

	mu       sync.Mutex
	presence []*presenceState
	online   int8 // what the hub was told last: 0 nothing, 1 online, -1 offline
	stopped  bool
	timers   []*time.Timer
}

// ear takes the messages of one topic.
type ear struct {
	l       *listener
	readers []*reader
	signals []signalState
	json    bool // some reader wants the payload as JSON
}

// reader makes reports of one point.
type reader struct {
	*source
	point  thing.Handle
	expire *timeout
	off    *timeout
}

// timeout reports a value when nothing has been heard for a while.
type timeout struct {
	after time.Duration
	timer *time.Timer
}

func newListener(d *announced, device binding.Device, order []*entity, handles map[*point]thing.Handle) *listener {
	l := &listener{d: d, hub: d.hub, device: device, env: d.b.env, topics: map[string]*ear{}}
	for _, e := range order {
		state := &presenceState{presence: &e.presence, said: make([]int8, len(e.presence.topics))}
		l.presence = append(l.presence, state)
		for i := range e.presence.topics {
			x := l.ear(e.presence.topics[i].topic)
			x.signals = append(x.signals, signalState{state, i})
			x.json = x.json || e.presence.topics[i].template != nil
		}
		for _, p := range e.points {
			h, ok := handles[p]
			if !ok {
				continue
			}
			state.points = append(state.points, h)
			for _, s := range p.reads {
				x := l.ear(s.topic)
				r := &reader{source: s, point: h}
				if e.expire > 0 && p.kind == thing.Property {
					r.expire = l.timeout(e.expire, thing.Report{Point: h, Quality: thing.Bad})
				}
				if p.off > 0 {
					r.off = l.timeout(p.off, thing.Report{Point: h, Value: thing.Bool(false), Quality: thing.Uncertain})
				}
				x.readers = append(x.readers, r)
				x.json = x.json || s.json || s.template != nil
			}
		}
	}
	return l
}

func (l *listener) ear(topic string) *ear {
	x := l.topics[topic]
	if x == nil {
		x = &ear{l: l}
		l.topics[topic] = x
	}
	return x
}

// timeout makes one that is not running yet.
func (l *listener) timeout(after time.Duration, r thing.Report) *timeout {
	t := &timeout{after: after}
	t.timer = time.AfterFunc(after, func() {
		if l.d.live.Load() == l {
			l.hub.Report([]thing.Report{r})
		}
	})
	t.timer.Stop()
	l.timers = append(l.timers, t.timer)
	return t
}

// restart starts a timeout anew, unless the listener has ended.
func (l *listener) restart(t *timeout) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stopped {
		t.timer.Reset(t.after)
	}
}

func (l *listener) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for _, t := range l.timers {
		t.Stop()
	}
}

// Route gives the topics of this device to their ears.
func (l *listener) Route(topic string) mqtt.Sink {
	if x := l.topics[topic]; x != nil {
		return x
	}
	return nil
}

// Wait blocks until the hub has what was reported on disk.
func (l *listener) Wait(pos uint64) error { return l.hub.Wait(pos) }

// Publish decodes a message once and reports all it says.
func (x *ear) Publish(m *mqtt.Message) uint64 {
	l := x.l
	if live := l.d.live.Load(); live != l && !(m.Retain && l.coming()) {
		return 0
	}
	in := payload{bytes: m.Payload}
	if x.json {
		in.parse()
	}
	for _, s := range x.signals {
		l.signal(s, &in)
	}
	if len(x.readers) == 0 {
		return 0
	}
	batch := make([]thing.Report, 0, len(x.readers))
	for _, r := range x.readers {
		if r.fresh && m.Retain {
			continue
		}
		v, verdict := r.decode(in.value(r.source, l.env))
		report := thing.Report{Point: r.point, Value: v, Quality: thing.Good, Retained: m.Retain}
		switch verdict {
		case skip:
			continue
		case unknown, misfit:
			report.Value, report.Quality = thing.Value{}, thing.Bad
		}
		if r.expire != nil {
			l.restart(r.expire)
		}
		if r.off != nil && v.Bool() {
			l.restart(r.off)
		}
		batch = append(batch, report)
	}
	if len(batch) == 0 {
		return 0
	}
	return l.hub.Report(batch)
}

// coming says that the listener is not live yet, but will be.
func (l *listener) coming() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.stopped
}

// payload is one message, decoded no more than once.
type payload struct {
	bytes []byte
	text  py.Value
	json  py.Value
	isSet bool
	isOK  bool
}

func (p *payload) parse() {
	var err error
	p.json, err = py.ParseJSON(p.bytes)
	p.isOK = err == nil
}

func (p *payload) asText() py.Value {
	if !p.isSet {
		p.text, p.isSet = py.Text(string(p.bytes)), true
	}
	return p.text
}

// value is what a source makes of the payload: undefined when it is not there, or when its template fails.
func (p *payload) value(s *source, env *py.Env) py.Value {
	switch {
	case s.json:
		if !p.isOK {
			return py.Value{}
		}
		return p.json.Path(s.path)
	case s.template == nil:
		return p.asText()
	}
	return p.render(s.template, env)
}

func (p *payload) render(t *jinja.Template, env *py.Env) py.Value {
	vars := []py.Var{{Name: "value", Value: p.asText()}}
	if p.isOK {
		vars = append(vars, py.Var{Name: "value_json", Value: p.json})
	}
	text, err := t.Render(env, vars...)
	if err != nil {
		return py.Value{}
	}
	return py.Text(strings.TrimSpace(text))
}

// presenceState is what the availability topics of one entity have said.
type presenceState struct {
	*presence
	said   []int8 // by topic: 1 available, -1 not, 0 nothing yet
	latest int8
	points []thing.Handle
	here   int8
}

type signalState struct {
	state *presenceState
	topic int
}

// verdict is 1 when the entity can be reached, -1 when not, 0 when nobody has said.
func (p *presenceState) verdict() int8 {
	if len(p.topics) == 0 {
		return 1
	}
	switch p.mode {
	case "all":
		least := int8(1)
		for _, s := range p.said {
			least = min(least, s)
		}
		return least
	case "any":
		most := int8(-1)
		for _, s := range p.said {
			most = max(most, s)
		}
		return most
	}
	return p.latest
}

// signal takes what an availability topic says. The Thing is online while any of its entities is; an entity that
// alone is gone is not known any more.
func (l *listener) signal(s signalState, in *payload) {
	t := &s.state.topics[s.topic]
	v := in.asText()
	if t.template != nil {
		v = in.render(t.template, l.env)
	}
	var said int8
	switch v.String() {
	case t.here:
		said = 1
	case t.gone:
		said = -1
	default:
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.state.said[s.topic], s.state.latest = said, said
	before := s.state.here
	s.state.here = s.state.verdict()
	online := int8(-1)
	for _, p := range l.presence {
		online = max(online, p.verdict())
	}
	if online != 0 && online != l.online {
		l.online = online
		l.device.Online(online > 0)
	}
	if s.state.here < 0 && before >= 0 && online > 0 && len(s.state.points) > 0 {
		batch := make([]thing.Report, len(s.state.points))
		for i, h := range s.state.points {
			batch[i] = thing.Report{Point: h, Quality: thing.Bad}
		}
		l.hub.Report(batch)
	}
}
