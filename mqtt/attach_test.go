package mqtt_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"hutong/mqtt"
)

// lastOf is a Tap that remembers the last message of each topic.
type lastOf struct {
	mu   sync.Mutex
	last map[string]string
}

func (l *lastOf) Route(string) mqtt.Sink { return l }

func (l *lastOf) Wait(uint64) error { return nil }

func (l *lastOf) Publish(m *mqtt.Message) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[m.Topic] = string(m.Payload)
	return 0
}

func TestWhoAttachesWhileMessagesAreKeptMissesNone(t *testing.T) {
	s, url := serve(t, mqtt.Options{})
	var clients [4]*mqtt.Client
	for i := range clients {
		clients[i] = dial(t, mqtt.ClientOptions{URL: url})
	}
	for round := range 300 {
		a := &lastOf{last: map[string]string{}}
		var all sync.WaitGroup
		for i, c := range clients {
			all.Go(func() {
				m := &mqtt.Message{Topic: fmt.Sprintf("state/%d/%d", round, i), Payload: []byte("x"), QoS: 1, Retain: true}
				if err := c.Publish(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		var detach func()
		all.Go(func() {
			var err error
			if detach, err = s.Attach(a, fmt.Sprintf("state/%d/#", round)); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		detach()
		if len(a.last) != len(clients) {
			t.Fatalf("round %d: %d of %d messages came", round, len(a.last), len(clients))
		}
	}
}

func TestATapMayHaveManyFiltersAndIsAskedOnce(t *testing.T) {
	s, url := serve(t, mqtt.Options{})
	c := dial(t, mqtt.ClientOptions{URL: url})
	a, b := newJournal(), &lastOf{last: map[string]string{}}
	var filters []string
	for i := range 1000 {
		filters = append(filters, fmt.Sprintf("t/%d", i))
	}
	detachA, err := s.Attach(a, "t/7", "t/+", "t/#", "t/7")
	if err != nil {
		t.Fatal(err)
	}
	detachB, err := s.Attach(b, filters...)
	if err != nil {
		t.Fatal(err)
	}
	defer detachB()
	publish := func() {
		t.Helper()
		if err := c.Publish(t.Context(), &mqtt.Message{Topic: "t/7", Payload: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if err := c.Publish(t.Context(), &mqtt.Message{Topic: "end", QoS: 1}); err != nil {
			t.Fatal(err)
		}
	}
	publish()
	detachA()
	publish()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.got) != 1 || !strings.Contains(strings.Join(a.got, " "), "x") || b.last["t/7"] != "x" {
		t.Errorf("the first Tap got %q, the second %q", a.got, b.last)
	}
}
