package traci

import (
	"context"
	"fmt"
)

// Object is what a subscription says of one object. Its values stand in the order they were asked for; one that the
// object doesn't have is missing. It is good until the next step.
type Object struct {
	Domain Domain
	ID     string
	Values []Value
}

// Find gives the value of a variable; nil where the object has none.
func (o *Object) Find(v Var) *Value {
	for i := range o.Values {
		if o.Values[i].Var == v {
			return &o.Values[i]
		}
	}
	return nil
}

// Around is what a subscription says of the objects around one object.
type Around struct {
	Domain  Domain // of the object in the middle
	ID      string
	Objects []Object
}

// Results are the answers to all subscriptions after a step.
type Results struct {
	Objects []Object // subscribed to by name
	Around  []Around

	values []Value // room for all of them
	others []Object
}

// Results gives what the last step brought. It is good until the next step.
func (c *Client) Results() *Results { return &c.results }

// Subscribe asks for variables of an object with every step, as long as it lives. No variables: never again. When it
// returns, what is now has been added to the Results.
func (c *Client) Subscribe(d Domain, id string, vars ...Var) error {
	return c.subscribe(d, id, d.subscribe(), vars, func(w *writer) {})
}

// SubscribeAround asks, with every step, for variables of those objects of the domain of that are at most dist metres
// from an object. No variables: never again.
func (c *Client) SubscribeAround(d Domain, id string, of Domain, dist float64, vars ...Var) error {
	return c.subscribe(d, id, d.context(), vars, func(w *writer) { w.u8(byte(of)); w.f64(dist) })
}

func (c *Client) subscribe(d Domain, id string, cmd byte, vars []Var, more func(*writer)) error {
	if len(vars) > 255 {
		return fmt.Errorf("traci: %s: %d variables; at most 255 fit", told(cmd, 0, id), len(vars))
	}
	start := c.begin(cmd, 0, id)
	c.out.f64(Invalid)
	c.out.f64(Invalid)
	c.out.str(id)
	more(&c.out)
	c.out.u8(byte(len(vars)))
	for _, v := range vars {
		c.out.u8(byte(v))
	}
	r, err := c.ask(context.Background(), start)
	if err != nil || len(vars) == 0 {
		return err
	}
	c.results.one(r)
	if r.err == nil && r.at != len(r.b) {
		r.err = fmt.Errorf("%d bytes of the answer are left over", len(r.b)-r.at)
	}
	if r.err != nil {
		return c.fail(fmt.Errorf("traci: %s: %w", told(cmd, 0, id), r.err))
	}
	return nil
}

func (s *Results) reset() {
	s.Objects, s.Around, s.values, s.others = s.Objects[:0], s.Around[:0], s.values[:0], s.others[:0]
}

// read takes in the answer of a step.
func (s *Results) read(r *reader) {
	s.reset()
	for n := r.count(4); n > 0 && r.err == nil; n-- {
		s.one(r)
	}
}

// one reads one subscription's answer.
func (s *Results) one(r *reader) {
	end := r.block()
	cmd := r.u8()
	id := r.str()
	switch {
	case r.err != nil:
	case cmd >= 0xe0 && cmd <= 0xef:
		o := Object{Domain: Domain(cmd - toAnswer - toSubscribe), ID: id}
		s.object(r, &o, int(r.u8()))
		s.Objects = append(s.Objects, o)
	case cmd >= 0x90 && cmd <= 0x9f:
		s.around(r, Around{Domain: Domain(cmd + 0x10), ID: id})
	default:
		r.err = fmt.Errorf("0x%02x is no subscription's answer", cmd)
	}
	if r.err == nil && r.at != end {
		r.err = fmt.Errorf("what is subscribed of %q is %d bytes longer than it says", id, r.at-end)
	}
}

func (s *Results) around(r *reader, a Around) {
	of, vars := Domain(r.u8()), int(r.u8())
	first := len(s.others)
	for n := r.count(4 + 3*vars); n > 0 && r.err == nil; n-- {
		o := Object{Domain: of, ID: r.str()}
		s.object(r, &o, vars)
		s.others = append(s.others, o)
	}
	a.Objects = s.others[first:len(s.others):len(s.others)]
	s.Around = append(s.Around, a)
}

// object reads n variables. A variable that SUMO has nothing to say of is left out; why is not kept, for it is the same
// at each step.
func (s *Results) object(r *reader, o *Object, n int) {
	first := len(s.values)
	for ; n > 0 && r.err == nil; n-- {
		v, status := Var(r.u8()), r.u8()
		s.values = append(s.values, Value{})
		value := &s.values[len(s.values)-1]
		r.value(value, 0)
		value.Var = v
		if status != 0 {
			s.values = s.values[:len(s.values)-1]
		}
	}
	o.Values = s.values[first:len(s.values):len(s.values)]
}
