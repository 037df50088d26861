package mqtt_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hutong/internal/testkit/broker"
	"hutong/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What reads messages need not know where they come from.
var (
	_ mqtt.Broker = (*mqtt.Server)(nil)
	_ mqtt.Broker = (*mqtt.Client)(nil)
)

// serve runs a server on a free port until the test ends and returns its URL.
func serve(t *testing.T, o mqtt.Options) (*mqtt.Server, string) {
	t.Helper()
	s, addr := broker.Serve(t, o)
	return s, "mqtt://" + addr
}

func dial(t *testing.T, o mqtt.ClientOptions) *mqtt.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := mqtt.Dial(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// journal is a Tap whose messages are durable only when told so.
type journal struct {
	mu      sync.Mutex
	cond    sync.Cond
	last    uint64
	durable uint64
	err     error
	got     []string
	routes  atomic.Int64
}

func newJournal() *journal {
	j := &journal{}
	j.cond.L = &j.mu
	return j
}

func (j *journal) Route(string) mqtt.Sink { j.routes.Add(1); return j }

func (j *journal) Publish(m *mqtt.Message) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	j.got = append(j.got, fmt.Sprintf("%s=%s retained=%v", m.Topic, m.Payload, m.Retain))
	j.cond.Broadcast()
	return j.last
}

func (j *journal) Wait(pos uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable < pos && j.err == nil {
		j.cond.Wait()
	}
	return j.err
}

func (j *journal) keepAll() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.durable = 1 << 62
	j.cond.Broadcast()
}

func (j *journal) waitFor(n int) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.got) < n {
		j.cond.Wait()
	}
	return append([]string(nil), j.got...)
}

func TestAMessageReachesEverySubscriberAtEveryQoSAndVersion(t *testing.T) {
	_, url := serve(t, mqtt.Options{})
	for _, version := range []byte{4, 5} {
		for qos := range byte(3) {
			t.Run(fmt.Sprintf("version %d QoS %d", version, qos), func(t *testing.T) {
				a := dial(t, mqtt.ClientOptions{URL: url, Version: version})
				b := dial(t, mqtt.ClientOptions{URL: url, Version: version})
				got := make(chan string, 10)
				err := a.Subscribe(t.Context(), "x/+", qos, func(m *mqtt.Message) {
					got <- fmt.Sprintf("%s %s %d", m.Topic, m.Payload, m.QoS)
				})
				if err != nil {
					t.Fatal(err)
				}
				for i := range 3 {
					m := &mqtt.Message{Topic: "x/y", Payload: fmt.Appendf(nil, "m%d", i), QoS: qos}
					if err := b.Publish(t.Context(), m); err != nil {
						t.Fatal(err)
					}
				}
				for i := range 3 {
					if g, want := <-got, fmt.Sprintf("x/y m%d %d", i, qos); g != want {
						t.Errorf("got %q, want %q", g, want)
					}
				}
			})
		}
	}
}

func TestAHandlerMayPublishAndWait(t *testing.T) {
	_, url := serve(t, mqtt.Options{})
	a := dial(t, mqtt.ClientOptions{URL: url})
	err := a.Subscribe(t.Context(), "ask", 1, func(m *mqtt.Message) {
		if err := a.Publish(t.Context(), &mqtt.Message{Topic: "answer", Payload: m.Payload, QoS: 2}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	if err := a.Subscribe(t.Context(), "answer", 1, func(m *mqtt.Message) { got <- string(m.Payload) }); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(t.Context(), &mqtt.Message{Topic: "ask", Payload: []byte("1"), QoS: 1}); err != nil {
		t.Fatal(err)
	}
	if s := <-got; s != "1" {
		t.Errorf("got %q", s)
	}
}

func TestAMessageIsAcknowledgedOnlyWhenTheTapHasKeptIt(t *testing.T) {
	s, url := serve(t, mqtt.Options{})
	j := newJournal()
	detach, err := s.Attach(j, "#")
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	c := dial(t, mqtt.ClientOptions{URL: url})
	acked := make(chan error, 1)
	go func() { acked <- c.Publish(t.Context(), &mqtt.Message{Topic: "a", Payload: []byte("1"), QoS: 1}) }()
	j.waitFor(1)
	// A round trip on the same connection shows that the acknowledgement would have come.
	if err := c.Subscribe(t.Context(), "other", 0, func(*mqtt.Message) {}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-acked:
		t.Fatalf("acknowledged before it was durable (%v)", err)
	default:
	}
	j.keepAll()
	if err := <-acked; err != nil {
		t.Fatal(err)
	}
}
