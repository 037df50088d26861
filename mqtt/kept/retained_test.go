package kept

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/mqtt/tap"
)

// text is like a description: n says which of a make, and long is about how long it is.
func text(make, n, long int) string {
	part := fmt.Sprintf(`"member %d":{"forms":[{"href":"things/%d"}],"type":"number"},`, make, n)
	return strings.Repeat(part, 1+long/len(part))
}

func TestWhatIsRetainedComesBackAsItWas(t *testing.T) {
	var store MemoryStore
	now := time.Now()
	r := Retained{Store: &store, MaxCount: 10_000, MaxBytes: 10 << 20}
	want := map[string]string{}
	for n := range 2000 {
		topic := fmt.Sprintf("hutong/td/%d", n)
		want[topic] = text(n%100, n, []int{0, 500, 2000, 70_000}[n%4])
		if n%4 == 3 && n > 40 {
			want[topic] = strings.Repeat(fmt.Sprint(n), 300)
		}
		if _, ok := r.Set(&tap.Message{Topic: topic, Payload: []byte(want[topic])}, now); !ok {
			t.Fatal("no room")
		}
	}
	again := Retained{MaxCount: 10_000, MaxBytes: 10 << 20}
	_ = store.All(func(_ string, value []byte) bool {
		if ok, err := again.Load(value, now); !ok || err != nil {
			t.Fatal(ok, err)
		}
		return true
	})
	for name, x := range map[string]*Retained{"at once": &r, "after a restart": &again} {
		found, _ := x.Match("#", 0, now)
		if len(found) != len(want) {
			t.Errorf("%s: %d of %d", name, len(found), len(want))
		}
		for _, m := range found {
			if got := m.Open(now); string(got.Payload) != want[m.Topic] {
				t.Fatalf("%s: %s is %.80q", name, m.Topic, got.Payload)
			}
		}
		for topic := range want {
			if _, ok := x.Set(&tap.Message{Topic: topic}, now); !ok {
				t.Fatal("cannot be forgotten")
			}
		}
		if n, bytes := x.Size(); n != 0 || bytes != 0 {
			t.Errorf("%s: %d left, of %d bytes", name, n, bytes)
		}
	}
}

func TestDescriptionsOfOneMakeTakeLittleRoom(t *testing.T) {
	r := Retained{MaxCount: 10_000, MaxBytes: 10 << 20}
	for n := range 1000 {
		m := tap.Message{Topic: fmt.Sprintf("hutong/td/things/%d", n), Payload: []byte(text(1, 100_000+n, 2000))}
		if _, ok := r.Set(&m, time.Now()); !ok {
			t.Fatal("no room")
		}
	}
	if _, bytes := r.Size(); bytes/1000 > 700 {
		t.Errorf("%d bytes each", bytes/1000)
	}
}
