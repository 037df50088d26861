package gate

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
)

// shared is a memory for many goroutines.
type shared struct {
	mu sync.Mutex
	memory
}

func (s *shared) Put(key string, record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory.Put(key, record)
}

func (s *shared) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory.Delete(key)
}

// owning opens Topics with the tokens ann (an admin), bus and thief.
func owning(t *testing.T, kept Store) *Topics {
	t.Helper()
	tokens := NewTokens(memory{})
	for name, role := range map[string]Role{"ann": Admin, "bus": User, "thief": User} {
		if _, err := tokens.Create(name, role, nil, noon, noon.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	topics, err := OpenTopics(TopicsOptions{Tokens: tokens, Kept: kept, Changed: func() {}, Now: at(noon)})
	if err != nil {
		t.Fatal(err)
	}
	return topics
}

func (t *Topics) by(name string) Identity {
	rec, err := t.Tokens.Named(name, noon)
	if err != nil {
		return Identity{By: tokenName + name, Role: User}
	}
	return rec.identity()
}

func TestTopicsBelongToWhoAnnouncedThem(t *testing.T) {
	kept := memory{}
	x := owning(t, &shared{memory: kept})
	may := func(name, topic string, want bool) {
		t.Helper()
		if err := x.May(x.by(name), topic); (err == nil) != want {
			t.Errorf("%s at %s: %v", name, topic, err)
		}
	}
	claim := func(topic, from, says, takes, wrong string) {
		t.Helper()
		err := x.Claim(topic, from, strings.Fields(says), strings.Fields(takes))
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s announces %s: %v, want %q", from, topic, err, wrong)
		}
	}
	claim("td/bus", "bus", "bus/a bus/shared", "bus/do", "")
	claim("td/bus2", "bus", "bus/b bus/shared bus/do", "bus/do", "") // one login's devices may share, and speak where they take orders
	claim("td/echo", "thief", "bus/a", "", "the login bus")
	claim("td/reach", "thief", "", "bus/do", "the login bus")
	claim("td/bus", "thief", "x", "", "the login bus")
	claim("td/sly", "thief", "td/bus", "", "the login bus")
	claim("td/thief", "thief", "own", "own/do", "")
	claim("td/thief", "thief", "own bus/b", "own/do", "the login bus") // and what was claimed stays
	may("thief", "own", true)
	may("thief", "own/do", false)
	for _, topic := range []string{"bus/a", "bus/b", "bus/shared", "td/bus", "bus/do"} {
		may("bus", topic, true)
		may("thief", topic, false)
		may("ann", topic, true)
	}
	may("thief", "anything/else", true)

	claim("td/boiler", "ann", "boiler/a boiler/b", "boiler/do", "")
	claim("td/claimed", "thief", "boiler/a", "", "an admin")
	may("bus", "td/boiler", false)
	may("bus", "boiler/do", false)
	may("bus", "boiler/a", true) // who speaks first
	may("thief", "boiler/b", false)
	claim("td/view", "ann", "own", "", "") // an admin may describe what is another's, which stays theirs
	may("thief", "own", true)
	may("bus", "own", false)

	x.flush()
	before := maps.Clone(kept)
	y := x
	x = owning(t, &shared{memory: kept}) // as after a restart
	for _, topic := range []string{"bus/a", "td/bus", "boiler/b"} {
		may("thief", topic, false)
		may("bus", topic, topic != "td/boiler")
	}
	claim("td/bus", "", "bus/a bus/shared", "bus/do", "") // what the broker had kept
	claim("td/echo", "", "bus/a", "", "the login bus")
	x.flush()
	if !maps.EqualFunc(before, kept, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("nothing new was claimed, and yet kept: %v", kept)
	}
	x = y

	x.Release("td/bus2")
	may("thief", "bus/b", true)
	if err := x.Tokens.Revoke("bus"); err != nil {
		t.Fatal(err)
	}
	may("thief", "bus/a", true) // a login that isn't there any more owns nothing
	claim("td/bus", "thief", "bus/a", "", "")
}

func TestWhatWasAnnouncedBeforeBelongsToWhoSpeaksFirst(t *testing.T) {
	x := owning(t, &shared{memory: memory{}})
	for _, topic := range []string{"td/a", "td/b"} { // kept by the broker since before
		if err := x.Claim(topic, "", []string{"shared", topic + "/level"}, []string{topic + "/do"}); err != nil {
			t.Fatal(err)
		}
	}
	f := func(name, topic string, want bool) {
		t.Helper()
		if err := x.May(x.by(name), topic); (err == nil) != want {
			t.Errorf("%s at %s: %v", name, topic, err)
		}
	}
	f("thief", "td/a/do", false)
	f("bus", "td/a/level", true)
	f("thief", "td/a/level", false)
	f("thief", "td/a", false)
	f("thief", "shared", false)
	f("bus", "td/b", true)
	if err := x.Claim("td/b", "bus", []string{"shared", "td/b/level"}, []string{"td/b/do"}); err != nil {
		t.Error(err)
	}
	f("thief", "td/b/level", false)
}

func TestWhoOwnsWhatIsKeptToTheEnd(t *testing.T) {
	kept := memory{}
	x := owning(t, &shared{memory: kept})
	if err := x.Claim("td/a", "bus", []string{"a"}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := x.Run(ctx); err != nil || len(kept) != 1 {
		t.Errorf("%v, kept: %v", err, kept)
	}
	kept["td/b"] = []byte("{")
	if _, err := OpenTopics(x.TopicsOptions); err == nil || !strings.Contains(err.Error(), "td/b") {
		t.Errorf("a damaged record: %v", err)
	}
}
