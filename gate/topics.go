package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Topics knows to which login the MQTT topics of a device belong, so that no device's login speaks for another's device.
//
// What is announced claims topics: those where the device speaks, and those where it takes orders. They belong to the
// login that announced it first, and nobody else may publish there, announce it otherwise or withdraw it, until the
// owner or an admin has withdrawn it or the owner's token is revoked. Where orders are taken only admins publish, and
// the hub, behind its Gate. What an admin describes, or what was announced before this was kept, belongs to the login
// that speaks there first. Topics that nothing claims are everybody's.
//
// It is safe for use by many goroutines.
type Topics struct {
	TopicsOptions

	mu    sync.RWMutex
	of    map[string]*claim // by the topic of the announcement
	says  claims
	takes claims
	dirty map[string]bool // to be kept
	wake  chan struct{}
}

// TopicsOptions is what Topics need. All but Log are required.
type TopicsOptions struct {
	Tokens  *Tokens
	Kept    Store
	Changed func() // an answer of May may be another one now
	Now     func() time.Time
	Log     *slog.Logger
}

// claim is what one announcement claims.
type claim struct {
	topic string
	Login string   `json:"login,omitempty"` // whose it is; "" until it's known
	Admin bool     `json:"admin,omitempty"` // an admin has described it, and only an admin may otherwise
	Says  []string `json:"says,omitempty"`
	Takes []string `json:"takes,omitempty"`
}

// claims are claims by topic. Nearly every topic has one.
type claims struct {
	first map[string]*claim
	more  map[string][]*claim // all but the first
}

func newClaims() claims { return claims{map[string]*claim{}, map[string][]*claim{}} }

// of lists the claims of a topic, in the order they came.
func (x *claims) of(topic string) []*claim {
	c := x.first[topic]
	if c == nil {
		return nil
	}
	return append([]*claim{c}, x.more[topic]...)
}

func (x *claims) add(topic string, c *claim) {
	if x.first[topic] == nil {
		x.first[topic] = c
	} else {
		x.more[topic] = append(x.more[topic], c)
	}
}

func (x *claims) remove(topic string, c *claim) {
	rest := slices.DeleteFunc(x.of(topic), func(o *claim) bool { return o == c })
	delete(x.first, topic)
	delete(x.more, topic)
	for _, o := range rest {
		x.add(topic, o)
	}
}

// OpenTopics reads who owns what.
func OpenTopics(o TopicsOptions) (*Topics, error) {
	t := &Topics{
		TopicsOptions: o, of: make(map[string]*claim), says: newClaims(), takes: newClaims(),
		dirty: make(map[string]bool), wake: make(chan struct{}, 1),
	}
	if t.Log == nil {
		t.Log = slog.New(slog.DiscardHandler)
	}
	all, err := o.Kept.All()
	if err != nil {
		return nil, fmt.Errorf("topics: read: %w", err)
	}
	for topic, text := range all {
		c := &claim{topic: topic}
		if err := json.Unmarshal(text, c); err != nil {
			return nil, fmt.Errorf("topics: record %q: %w", topic, err)
		}
		c.Says, c.Takes = slices.Clone(c.Says), slices.Clone(c.Takes) // what is read from JSON has room for more
		t.enter(c)
	}
	return t, nil
}

// May says whether who may publish to topic. Somebody who speaks first where nobody is known to yet owns it from then on.
func (t *Topics) May(who Identity, topic string) error {
	login := strings.TrimPrefix(who.By, tokenName)
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.of[topic]; c != nil && who.Role != Admin {
		switch {
		case c.Admin:
			return fmt.Errorf("%s was announced by an admin, and only an admin may change that", topic)
		case !t.mine(c, login):
			return fmt.Errorf("%s belongs to the login %s: announce it elsewhere, or have an admin withdraw it", topic, c.Login)
		}
		return nil
	}
	says := t.says.of(topic)
	owner := t.owner(says)
	switch {
	case len(says) == 0 && (t.takes.first[topic] == nil || who.Role == Admin):
		return nil
	case len(says) == 0:
		return fmt.Errorf("%s takes orders, which come through the gate: ask for them over HTTP, or log in as an admin", topic)
	case owner == "":
		for _, c := range says {
			c.Login = login
			t.save(c)
		}
	case owner != login && who.Role != Admin:
		return fmt.Errorf("%s belongs to the login %s: publish elsewhere, or log in as that", topic, owner)
	}
	return nil
}

// mine tells whether a claim is login's, or may become it.
func (t *Topics) mine(c *claim, login string) bool {
	return c.Login == login || !t.lives(c.Login)
}

// lives tells whether there is a token of that name. One that has expired still owns what is its.
func (t *Topics) lives(login string) bool {
	if login == "" {
		return false
	}
	_, err := t.Tokens.Named(login, t.Now())
	return !errors.Is(err, errUnknown)
}

// owner is whose a topic is, "" for nobody's.
func (t *Topics) owner(list []*claim) string {
	for _, c := range list {
		if t.lives(c.Login) {
			return c.Login
		}
	}
	return ""
}

// Claim takes up what is announced at topic by the login from ("" where that isn't known, of an announcement that was
// kept): at says it speaks, at takes it takes orders. Whatever else must be one's own, such as an id, may be claimed
// like a topic. The error says what belongs to somebody else; then nothing has changed.
func (t *Topics) Claim(topic, from string, says, takes []string) error {
	says, takes = compact(says), compact(takes)
	admin := false
	if who, err := t.Tokens.Named(from, t.Now()); from != "" && err == nil {
		admin = who.Role == Admin
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.of[topic]
	c := &claim{topic: topic, Login: from, Admin: admin, Says: says, Takes: takes}
	if old != nil {
		switch {
		case admin || from == "":
			c.Login, c.Admin = old.Login, old.Admin || admin
		case old.Admin || !t.mine(old, from):
			return fmt.Errorf("what is announced at %s belongs to %s", topic, t.named(old))
		}
	} else if admin {
		c.Login = ""
	}
	same := old != nil && slices.Equal(old.Says, says) && slices.Equal(old.Takes, takes)
	if same && old.Login == c.Login && old.Admin == c.Admin {
		return nil
	}
	if !same {
		if err := t.free(c, admin); err != nil {
			return err
		}
	}
	if old != nil {
		t.leave(old)
	}
	t.enter(c)
	t.save(c)
	t.Changed()
	return nil
}

func compact(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// free tells whether all that c claims may be its own. An admin describes what they like: it stays whose it was.
func (t *Topics) free(c *claim, admin bool) error {
	for _, list := range [][]string{c.Says, c.Takes} {
		for _, topic := range list {
			others := append(t.says.of(topic), t.takes.of(topic)...)
			if at := t.of[topic]; at != nil {
				others = append(others, at)
			}
			for _, o := range others {
				switch {
				case o.topic == c.topic:
				case admin && c.Login == "":
					c.Login = o.Login
				case admin:
				case o.Login != c.Login && (o.Admin || t.lives(o.Login)):
					return fmt.Errorf("%s belongs to %s, as announced at %s", topic, t.named(o), o.topic)
				}
			}
		}
	}
	return nil
}

func (t *Topics) named(c *claim) string {
	if c.Login == "" {
		return "an admin"
	}
	return "the login " + c.Login
}

// Release says that nothing is announced at topic any more.
func (t *Topics) Release(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.of[topic]; c != nil {
		t.leave(c)
		t.save(c)
		t.Changed()
	}
}

func (t *Topics) enter(c *claim) {
	t.of[c.topic] = c
	for _, s := range c.Says {
		t.says.add(s, c)
	}
	for _, s := range c.Takes {
		t.takes.add(s, c)
	}
}

func (t *Topics) leave(c *claim) {
	delete(t.of, c.topic)
	for _, s := range c.Says {
		t.says.remove(s, c)
	}
	for _, s := range c.Takes {
		t.takes.remove(s, c)
	}
}

// save has c kept. The caller holds mu.
func (t *Topics) save(c *claim) {
	t.dirty[c.topic] = true
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Run brings to the disk who owns what, until ctx ends, and then what is left. What can't be kept is told, and tried
// again with the next change; until then a restart leaves it to who speaks first.
func (t *Topics) Run(ctx context.Context) error {
	for {
		select {
		case <-t.wake:
			t.flush()
		case <-ctx.Done():
			t.flush()
			return nil
		}
	}
}

// writers is how many records are on their way to the disk at once: they share its fsync.
const writers = 512

func (t *Topics) flush() {
	t.mu.Lock()
	texts := make(map[string][]byte, len(t.dirty))
	for topic := range t.dirty {
		texts[topic] = nil
		if c := t.of[topic]; c != nil {
			text, err := json.Marshal(c)
			if err != nil { // plain words always marshal
				panic("gate: " + err.Error())
			}
			texts[topic] = text
		}
	}
	clear(t.dirty)
	t.mu.Unlock()
	var all sync.WaitGroup
	for part := range slices.Chunk(slices.Sorted(maps.Keys(texts)), max(1, (len(texts)+writers-1)/writers)) {
		all.Go(func() {
			for _, topic := range part {
				t.write(topic, texts[topic])
			}
		})
	}
	all.Wait()
}

func (t *Topics) write(topic string, text []byte) {
	var err error
	if text == nil {
		err = t.Kept.Delete(topic)
	} else {
		err = t.Kept.Put(topic, text)
	}
	if err != nil {
		t.Log.Error("whose topics these are cannot be kept", "announced", topic, "error", err)
		t.mu.Lock()
		t.dirty[topic] = true
		t.mu.Unlock()
	}
}
