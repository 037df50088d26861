package gate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"hutong/thing"
)

// Store keeps small records by key, durable when Put returns. The registry satisfies it.
type Store interface {
	Put(key string, record []byte) error
	Delete(key string) error
	All() (map[string][]byte, error)
}

// Token is what is kept of one: never the secret itself.
type Token struct {
	Name    string     `json:"name"`
	Hash    string     `json:"hash"` // SHA-256 of the secret, in hex; 256 random bits need no slow hash
	Role    Role       `json:"role"`
	Grants  []Grant    `json:"grants,omitempty"`
	Created thing.Time `json:"created"`
	Expires thing.Time `json:"expires,omitempty"`
	Used    thing.Time `json:"used,omitempty"` // to the minute
}

func (t Token) identity() Identity {
	return Identity{By: tokenName + t.Name, Role: t.Role, Grants: t.Grants}
}

// Tokens makes, knows and revokes tokens. A change by another process, such as `hutong token`, is seen within 2 s.
// It is safe for use by many goroutines.
type Tokens struct {
	store Store

	mu     sync.Mutex
	read   time.Time
	byName map[string]Token
	byHash map[string]string // hash to name
}

// Prefix begins every token, so that one that leaked can be found by a search.
const Prefix = "htg_"

const (
	freshness   = 2 * time.Second
	usedEvery   = time.Minute
	maxTokens   = 10_000
	secretBytes = 32
)

var (
	errNoTokens  = errors.New("this hub has no tokens yet: make one with `hutong token create NAME --role admin`")
	errNoToken   = errors.New("no token was shown: send it in the header Authorization (Bearer and the token), or as the MQTT password")
	errUnknown   = errors.New("this token is not known here: it was mistyped or revoked")
	errExpired   = errors.New("this token has expired")
	nameOfTokens = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$`)
)

// NewTokens keeps tokens in s.
func NewTokens(s Store) *Tokens { return &Tokens{store: s} }

// Create makes a token and returns its secret, which is kept nowhere and cannot be shown again. A zero expires is
// never. A guest without grants may read the visitors' court.
func (t *Tokens) Create(name string, role Role, grants []Grant, now, expires time.Time) (secret string, err error) {
	if !nameOfTokens.MatchString(name) {
		return "", fmt.Errorf("token name %q: want 1 to 64 letters, digits, spaces, dots, dashes or underscores", name)
	}
	if _, err := ParseRole(string(role)); err != nil {
		return "", err
	}
	if !expires.IsZero() && !expires.After(now) {
		return "", fmt.Errorf("token %s would have expired already, at %s", name, expires.Format(time.RFC3339))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(now, 0); err != nil {
		return "", err
	}
	if _, taken := t.byName[name]; taken {
		return "", fmt.Errorf("there is a token %s already: choose another name or revoke it first", name)
	}
	if len(t.byName) >= maxTokens {
		return "", fmt.Errorf("there are %d tokens already: revoke some", maxTokens)
	}
	if role == Guest && len(grants) == 0 {
		grants = []Grant{{Place: "visit", Ops: Read}}
	}
	random := make([]byte, secretBytes)
	rand.Read(random) // never fails (crypto/rand)
	secret = Prefix + base64.RawURLEncoding.EncodeToString(random)
	rec := Token{Name: name, Hash: hashOf(secret), Role: role, Grants: grants, Created: thing.At(now), Expires: thing.At(expires)}
	if err := t.put(rec); err != nil {
		return "", err
	}
	return secret, nil
}

// Revoke forgets the token called name.
func (t *Tokens) Revoke(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(time.Time{}, 0); err != nil {
		return err
	}
	rec, ok := t.byName[name]
	if !ok {
		return fmt.Errorf("there is no token %s", name)
	}
	if err := t.store.Delete(name); err != nil {
		return fmt.Errorf("token %s: revoke: %w", name, err)
	}
	delete(t.byName, name)
	delete(t.byHash, rec.Hash)
	return nil
}

// List returns all tokens, sorted by name.
func (t *Tokens) List() ([]Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(time.Time{}, 0); err != nil {
		return nil, err
	}
	list := make([]Token, 0, len(t.byName))
	for _, rec := range t.byName {
		list = append(list, rec)
	}
	slices.SortFunc(list, func(a, b Token) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Verify returns the token whose secret is shown, and notes that it was used.
func (t *Tokens) Verify(secret string, now time.Time) (Token, error) {
	if secret == "" {
		return Token{}, errNoToken
	}
	if len(secret) > 2*len(Prefix)+2*secretBytes || !strings.HasPrefix(secret, Prefix) {
		return Token{}, errUnknown
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(now, freshness); err != nil {
		return Token{}, err
	}
	// Looking up the hash takes a time that tells nothing of the secret.
	rec, err := t.valid(t.byHash[hashOf(secret)], now)
	if err != nil {
		return Token{}, err
	}
	if at := thing.At(now); at-rec.Used >= thing.Time(usedEvery) {
		rec.Used = at
		if err := t.put(rec); err != nil { // a full disk locks nobody out; the time of use is then lost
			t.byName[rec.Name] = rec
		}
	}
	return rec, nil
}

// Named returns the token called name if it is valid at now.
func (t *Tokens) Named(name string, now time.Time) (Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(now, freshness); err != nil {
		return Token{}, err
	}
	return t.valid(name, now)
}

func (t *Tokens) valid(name string, now time.Time) (Token, error) {
	rec, ok := t.byName[name]
	switch {
	case !ok:
		return Token{}, errUnknown
	case rec.Expires != 0 && rec.Expires <= thing.At(now):
		return Token{}, errExpired
	}
	return rec, nil
}

// load reads all tokens unless that was done less than age ago.
func (t *Tokens) load(now time.Time, age time.Duration) error {
	if t.byName != nil && age > 0 && now.Sub(t.read).Abs() < age {
		return nil
	}
	all, err := t.store.All()
	if err != nil {
		return fmt.Errorf("tokens: read: %w", err)
	}
	byName, byHash := make(map[string]Token, len(all)), make(map[string]string, len(all))
	for key, data := range all {
		var rec Token
		if err := json.Unmarshal(data, &rec); err != nil {
			return fmt.Errorf("tokens: record %q: %w", key, err)
		}
		byName[rec.Name], byHash[rec.Hash] = rec, rec.Name
	}
	t.byName, t.byHash, t.read = byName, byHash, now
	return nil
}

func (t *Tokens) put(rec Token) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("token %s: %w", rec.Name, err)
	}
	if err := t.store.Put(rec.Name, data); err != nil {
		return fmt.Errorf("token %s: keep: %w", rec.Name, err)
	}
	t.byName[rec.Name], t.byHash[rec.Hash] = rec, rec.Name
	return nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
