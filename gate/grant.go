package gate

import (
	"fmt"
	"strings"
	"time"

	"hutong/thing"
)

// Role is the first answer to what somebody may.
type Role string

// The roles. An Admin may everything outside the clinic and read inside it; a User likewise, but not change the hub
// itself; a Regulator may read everything, recordings and reports too, and do nothing; a Guest may only what Grants say.
const (
	Admin     Role = "admin"
	User      Role = "user"
	Regulator Role = "regulator"
	Guest     Role = "guest"
)

// ParseRole reads "admin", "user", "regulator" or "guest".
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Admin, User, Regulator, Guest:
		return r, nil
	}
	return "", fmt.Errorf("role %q is not admin, user, regulator or guest", s)
}

// Op is a set of operations.
type Op uint8

// The operations. Administer is changing the hub itself: rules, tokens, what exists.
const (
	Read Op = 1 << iota
	Write
	Invoke
	Administer
)

var opNames = [...]string{"read", "write", "invoke", "admin"}

// String lists the operations, joined by "+".
func (o Op) String() string {
	var list []string
	for i, n := range opNames {
		if o&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return strings.Join(list, "+")
}

// ParseOp reads what String wrote.
func ParseOp(s string) (Op, error) {
	var o Op
next:
	for word := range strings.SplitSeq(s, "+") {
		for i, n := range opNames {
			if n == word {
				o |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("operation %q is not read, write, invoke or admin", word)
	}
	return o, nil
}

// MarshalText writes o as String does.
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (o *Op) UnmarshalText(text []byte) (err error) {
	*o, err = ParseOp(string(text))
	return err
}

// Grant lets somebody do Ops in Place and all inside it, or on Thing alone when that is set, until Until (0: for good).
type Grant struct {
	Place thing.PlaceID `json:"place,omitempty"`
	Thing thing.ID      `json:"thing,omitempty"`
	Ops   Op            `json:"ops"`
	Until thing.Time    `json:"until,omitempty"`
}

// ParseGrant reads "WHERE=OPS" or "WHERE=OPS@UNTIL": WHERE is a place such as "visit/desk", a Thing's id (it has a
// ":"), or "" for the whole quarter; OPS such as "read+write"; UNTIL an RFC 3339 time.
func ParseGrant(s string) (Grant, error) {
	i := strings.LastIndexByte(s, '=')
	if i < 0 {
		return Grant{}, fmt.Errorf("grant %q: want WHERE=OPS, such as visit/desk=read+invoke", s)
	}
	var g Grant
	if where := s[:i]; strings.Contains(where, ":") {
		g.Thing = thing.ID(where)
	} else if path := thing.ParsePlace(where); len(path) > 0 {
		g.Place = path[len(path)-1].ID
	}
	ops, until, timed := strings.Cut(s[i+1:], "@")
	var err error
	if g.Ops, err = ParseOp(ops); err != nil {
		return Grant{}, fmt.Errorf("grant %q: %w", s, err)
	}
	if timed {
		t, err := time.Parse(time.RFC3339, until)
		if err != nil {
			return Grant{}, fmt.Errorf("grant %q: until: %w", s, err)
		}
		g.Until = thing.At(t)
	}
	return g, nil
}

// covers says whether g allows op on x at now. What lies in the clinic is changed only by a Grant that names it.
func (g Grant) covers(op Op, x *thing.Thing, now thing.Time) bool {
	if g.Ops&op != op || g.Until != 0 && g.Until <= now {
		return false
	}
	switch {
	case g.Thing != "":
		return x != nil && x.ID == g.Thing
	case x == nil:
		return g.Place == ""
	case op != Read && x.Place.Within(clinic) && !g.Place.Within(clinic):
		return false
	}
	return x.Place.Within(g.Place)
}

// grant is what a role is worth, as a Grant on the whole quarter.
func (r Role) grant() Grant {
	switch r {
	case Admin:
		return Grant{Ops: Read | Write | Invoke | Administer}
	case User:
		return Grant{Ops: Read | Write | Invoke}
	case Regulator:
		return Grant{Ops: Read}
	}
	return Grant{}
}

func (w Identity) may(op Op, x *thing.Thing, now thing.Time) thing.Verdict {
	if g := w.Role.grant(); g.Ops != 0 && g.covers(op, x, now) {
		return thing.Verdict{Allowed: true, Reason: fmt.Sprintf("%s is %s", w.By, w.Role)}
	}
	for _, g := range w.Grants {
		if g.covers(op, x, now) {
			return thing.Verdict{Allowed: true, Reason: w.By + " holds a grant"}
		}
	}
	switch {
	case x == nil:
		return thing.Verdict{Reason: fmt.Sprintf("%s may not %s the hub itself", w.By, op)}
	case op != Read && x.Place.Within(clinic):
		return thing.Verdict{Reason: fmt.Sprintf("%s is in the clinic, which is read-only without a grant that names it", title(x))}
	}
	return thing.Verdict{Reason: fmt.Sprintf("%s may not %s %s: ask for a grant on it or on its place %q", w.By, op, title(x), x.Place)}
}

func title(x *thing.Thing) string {
	if x.Title != "" {
		return x.Title
	}
	return string(x.ID)
}
