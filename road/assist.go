package road

import (
	"slices"
	"time"

	"hutong/road/car"
	"hutong/thing"
)

// Ticket is a question to the operators: a vehicle proposes something and asks whether it may, or a passenger asks for
// a person.
type Ticket struct {
	ID      string
	Vehicle thing.ID
	Name    string // of the vehicle
	Ride    RideID // whose passenger asks; "" where a vehicle does
	Kind    string
	Words   string
	Options []Option
	Asked   time.Time
	Expires time.Time
	of      string // the vehicle's own id of its question
}

// asks brings the open questions in line with what a vehicle asks now.
func (c *Core) asks(v *Vehicle, now time.Time) {
	same := func(t *Ticket) bool {
		return v.Assist != nil && t.of == v.Assist.ID+v.Assist.Since
	}
	before := len(c.tickets)
	c.tickets = slices.DeleteFunc(c.tickets, func(t *Ticket) bool { return t.Vehicle == v.ID && t.Ride == "" && !same(t) })
	c.out.Assists = c.out.Assists || len(c.tickets) != before
	if v.Assist == nil || slices.ContainsFunc(c.tickets, func(t *Ticket) bool { return t.Vehicle == v.ID && t.Ride == "" }) {
		return
	}
	q := v.Assist
	c.ticket(&Ticket{
		Vehicle: v.ID, Name: v.Name, Kind: q.Kind, Words: q.Words, Options: slices.Clone(q.Options), of: q.ID + q.Since,
	}, now)
}

func (c *Core) ticket(t *Ticket, now time.Time) {
	t.ID, t.Asked, t.Expires = c.random()[:12], now, now.Add(assistLife)
	c.tickets = append(c.tickets, t)
	c.counts.Asked++
	c.out.Assists = true
	words := t.Words
	if t.Ride != "" {
		words = "" // what a passenger says is for who answers
	}
	c.notice("info", t.Name+" asks for a person", words)
}

// refusal is the answer when nobody gives one: the one that changes nothing.
func (t *Ticket) refusal() string {
	for _, id := range []string{"refuse", "no", "wait"} {
		if slices.ContainsFunc(t.Options, func(o Option) bool { return o.ID == id }) {
			return id
		}
	}
	return ""
}

// unanswered closes the questions that nobody answered in time: the vehicle is refused what it asked, and stays safe.
func (c *Core) unanswered(now time.Time) {
	c.tickets = slices.DeleteFunc(c.tickets, func(t *Ticket) bool {
		if now.Before(t.Expires) {
			return false
		}
		c.counts.Unanswered++
		c.out.Assists = true
		if r := c.rides[t.Ride]; r != nil {
			r.Help = ""
			c.say(r, "Nobody was free to help. Ask again, or call the number in the vehicle")
		} else if v := c.vehicles[t.Vehicle]; v != nil && t.refusal() != "" {
			c.emit(v, "answer", car.Answer(t.refusal()), ByCourt)
		}
		c.notice("warning", t.Name+" asked, and nobody answered", "")
		return true
	})
}

// hush closes the passenger's question when the ride is over.
func (c *Core) hush(r *Ride) {
	before := len(c.tickets)
	c.tickets = slices.DeleteFunc(c.tickets, func(t *Ticket) bool { return t.Ride == r.ID })
	c.out.Assists = c.out.Assists || len(c.tickets) != before
	r.Help = ""
}

// help is a passenger's call for a person. Asked twice, it's the same question, with the newest words.
func (c *Core) help(e *Do, r *Ride, now time.Time) error {
	if r.State.Over() {
		return refuse(Conflict, "The ride is over")
	}
	words := e.Words
	if words == "" {
		words = "The passenger asks for a person"
	}
	for _, t := range c.tickets {
		if t.Ride == r.ID {
			t.Words = words
			c.out.Assists = true
			return nil
		}
	}
	c.call(r, words, now)
	if r.State != Here || r.Tries < maxTries {
		r.Why = "A person has been called"
	}
	return nil
}

// call asks the operators to look after a passenger.
func (c *Core) call(r *Ride, words string, now time.Time) {
	name := "A passenger"
	if v := c.vehicles[r.Vehicle]; v != nil {
		name = v.Name
	}
	t := &Ticket{Vehicle: r.Vehicle, Name: name, Ride: r.ID, Kind: "help", Words: words, Options: []Option{
		option("talk", "I talk to them"), option("done", "It is settled"),
	}}
	if r.State == Here && r.Tries >= maxTries {
		t.Options = slices.Insert(t.Options, 0, option("open", "Open the door"), option("again", "Let them try the code again"))
	}
	c.ticket(t, now)
	r.Help = t.ID
	c.keep(r)
}

// Answer is an operator's answer to a question.
type Answer struct {
	Ticket, Option string
	By             string
	Asked          Order // what the vehicle is told, if anything; the one who asks waits for its answer
}

func (e *Answer) happen(c *Core, now time.Time) error {
	i := slices.IndexFunc(c.tickets, func(t *Ticket) bool { return t.ID == e.Ticket })
	if i < 0 {
		return refuse(Unknown, "There is no such question any more: somebody has answered it, or it was too long ago")
	}
	t := c.tickets[i]
	if !slices.ContainsFunc(t.Options, func(o Option) bool { return o.ID == e.Option }) {
		return refuse(Unfit, "option: %.40q is not one of the answers", e.Option)
	}
	if r := c.rides[t.Ride]; r != nil {
		return c.answerHelp(e, t, r, i, now)
	}
	v := c.vehicles[t.Vehicle]
	if v == nil || !v.Online {
		return refuse(Conflict, "The vehicle cannot be reached just now")
	}
	e.Asked = c.emit(v, "answer", car.Answer(e.Option), e.By)
	c.tickets = slices.Delete(c.tickets, i, i+1)
	c.out.Assists = true
	return nil
}

func (c *Core) answerHelp(e *Answer, t *Ticket, r *Ride, i int, now time.Time) error {
	c.out.Assists = true
	if e.Option == "talk" {
		t.Expires = t.Expires.Add(10 * time.Minute)
		t.Options = slices.DeleteFunc(t.Options, func(o Option) bool { return o.ID == "talk" })
		r.Why = "A person is talking to you"
		c.keep(r)
		return nil
	}
	v := c.vehicles[r.Vehicle]
	if e.Option == "open" && (r.State != Here || v == nil || !v.Online) {
		return refuse(Conflict, "The vehicle cannot be opened now: it isn't there, or cannot be reached")
	}
	c.tickets = slices.Delete(c.tickets, i, i+1)
	r.Why, r.Help = "", ""
	switch e.Option {
	case "open":
		r.Tries = 0
		c.board(r, v, now)
		c.steer(v, now)
	case "again":
		r.Tries = 0
		r.Why = "You may try the code again"
	}
	c.keep(r)
	return nil
}

func option(id, words string) Option { return Option{ID: id, Words: words} }
