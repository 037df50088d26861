package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hutong/mqtt"
)

// Options say where the quarter lives. Broker is the URL of the hub's MQTT listener.
type Options struct {
	Broker string
	Seed   uint64
	Stops  []string         // what the stops are called that have a sign
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nothing is logged
}

// order is something published to one of a device's topics.
type order struct {
	device  *device
	topic   string
	payload []byte
}

// maxOrders and maxUnsent bound what waits: orders for the quarter, and messages of one device for its connection.
const (
	maxOrders = 1024
	maxUnsent = 256
)

// Run connects every device, announces it and lets it live until ctx ends; then all fall silent at once and it returns nil.
// An error means that the devices could not connect within a minute.
func Run(ctx context.Context, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q := newQuarter(o.Seed, o.Now(), o.Stops...)
	orders := make(chan order, maxOrders)
	lines := make([]*line, len(q.devices))
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, d := range q.devices {
		lines[i] = &line{device: d, unsent: make(chan message, maxUnsent)}
		for _, m := range d.announce {
			lines[i].unsent <- m
		}
	}
	failed := make(chan error, len(lines))
	for _, l := range lines {
		all.Go(func() {
			if err := l.run(ctx, o, orders); err != nil {
				failed <- err
			}
		})
	}
	return q.live(ctx, o, lines, orders, failed)
}

// live is the quarter's one goroutine: a step each second, orders as they come.
func (q *quarter) live(ctx context.Context, o Options, lines []*line, orders <-chan order, failed <-chan error) error {
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for {
		for _, l := range lines {
			l.send(l.device.drain(), o.Log)
		}
		select {
		case <-clock.C:
			q.step(o.Now())
		case c := <-orders:
			if do := c.device.commands[c.topic]; do != nil {
				do(c.payload)
			}
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

// line is a device's connection. The quarter puts messages in, the line's goroutine sends them in their order.
type line struct {
	device *device
	unsent chan message
	lost   atomic.Int64
}

// send queues messages. A device that cannot get rid of them drops the newest, as one with little memory would.
func (l *line) send(list []message, log *slog.Logger) {
	for _, m := range list {
		select {
		case l.unsent <- m:
		default:
			if l.lost.Add(1) == 1 {
				log.Warn("simulated device cannot keep up", "device", l.device.id)
			}
		}
	}
}

func (l *line) run(ctx context.Context, o Options, orders chan<- order) error {
	d := l.device
	online := d.topic("online")
	client, err := mqtt.Dial(ctx, mqtt.ClientOptions{
		URL: o.Broker, ClientID: "sim-" + d.id, Version: 5, CleanStart: true,
		Will: &mqtt.Message{Topic: online, Payload: []byte("offline"), QoS: 1, Retain: true},
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("simulated device %s: %w", d.id, err)
	}
	defer client.Close()
	for topic := range d.commands {
		err := client.Subscribe(ctx, topic, 1, func(m *mqtt.Message) {
			select {
			case orders <- order{d, m.Topic, append([]byte(nil), m.Payload...)}:
			case <-ctx.Done():
			}
		})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("simulated device %s: %w", d.id, err)
		}
	}
	l.carry(ctx, client, message{online, []byte("online"), true})
	for {
		select {
		case m := <-l.unsent:
			l.carry(ctx, client, m)
		case <-ctx.Done():
			return nil
		}
	}
}

// carry publishes m; the client tries again by itself until ctx ends, so an error only means that.
func (l *line) carry(ctx context.Context, client *mqtt.Client, m message) {
	err := client.Publish(ctx, &mqtt.Message{Topic: m.topic, Payload: m.payload, QoS: 1, Retain: m.retain})
	if err != nil && !errors.Is(err, context.Canceled) {
		l.lost.Add(1)
	}
}
