package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
)

// users are the lanes a vehicle may use; atKerb is how far from one a place may be that it's sent to, m.
const (
	users  = lane.Cars | lane.Taxis
	atKerb = 12.0
)

// maxInput bounds the input of an action, bytes; maxName the name of a place, characters.
const (
	maxInput = 4 << 10
	maxName  = 100
)

// do carries out an order that came from outside, and calls answer when the driver has had it, or with the reason why
// it's refused. It's called from the link's goroutine.
func (c *car) do(action string, input []byte, answer func(wrong error)) {
	wrong := c.take(action, input)
	if wrong != nil {
		c.h.stats.refused.Add(1)
		answer(wrong)
		return
	}
	c.mu.Lock()
	c.answers = append(c.answers, func() { answer(nil) })
	c.mu.Unlock()
	if action == "stopNow" || action == "pullOver" {
		poke(c.h.hurried) // the driver doesn't wait for the beat
	}
}

func (c *car) take(action string, input []byte) error {
	if len(input) > maxInput {
		return fmt.Errorf("the input has %d bytes: at most %d are read", len(input), maxInput)
	}
	switch action {
	case "driveTo":
		return c.driveTo(input)
	case "setLimit":
		return c.setLimit(input)
	case "answer":
		return c.answered(input)
	}
	c.mu.Lock() // the others take no input: whatever came with them, a stop is a stop
	defer c.mu.Unlock()
	switch action {
	case "stopNow":
		c.orders.Stop = true
	case "pullOver":
		c.orders.PullOver = true
	case "resume":
		if c.doors == "open" {
			return errors.New("the doors are open: close them first")
		}
		c.orders.Stop, c.orders.PullOver, c.hold, c.stray = false, false, false, false
	case "hold":
		c.hold = true
	case "openDoors":
		if c.moving {
			return errors.New("the vehicle doesn't stand: doors open only when it does")
		}
		c.doors = "open"
	case "closeDoors":
		if c.doors == "open" {
			c.doors = "closed"
		}
	default:
		return fmt.Errorf("there is no action %.40q", action)
	}
	return nil
}

// driveTo sends the vehicle to a place beside a lane. The way is looked for here, not in the driver's time.
func (c *car) driveTo(input []byte) error {
	var in struct {
		X, Y    *float64
		Heading *float64
		Name    string
	}
	if err := strict(input, &in); err != nil {
		return err
	}
	if in.X == nil || in.Y == nil {
		return errors.New("driveTo needs x and y, metres of the map")
	}
	to := geom.Vec{X: *in.X, Y: *in.Y}
	if !to.Finite() || in.Heading != nil && (math.IsNaN(*in.Heading) || math.Abs(*in.Heading) > 100) {
		return errors.New("x, y and heading must be numbers within reason")
	}
	if n := utf8.RuneCountInString(in.Name); n > maxName {
		return fmt.Errorf("the name has %d characters: at most %d", n, maxName)
	}
	spot, ok := c.h.m.Kerb(to, in.Heading, users, atKerb)
	if !ok {
		return fmt.Errorf("no street is within %g m of (%g, %g)", atKerb, to.X, to.Y)
	}
	c.mu.Lock()
	refusal, at := c.bound(), c.at
	c.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	field := c.h.m.NewField(spot, users)
	if math.IsInf(field.From(at.Lane, at.S), 1) {
		return fmt.Errorf("no way leads from here to (%.1f, %.1f)", to.X, to.Y)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.bound(); err != nil { // it may have been stopped meanwhile
		return err
	}
	c.orders.Goal, c.goal, c.called, c.orders.Pass = field, &to, in.Name, 0
	return nil
}

// bound says why the vehicle may not be sent anywhere now. The caller holds mu.
func (c *car) bound() error {
	switch {
	case c.orders.Stop || c.orders.PullOver:
		return errors.New("the vehicle was stopped: let it resume first")
	case c.doors == "open":
		return errors.New("the doors are open: close them first")
	}
	return nil
}

func (c *car) setLimit(input []byte) error {
	var in struct{ Kmh *float64 }
	if err := strict(input, &in); err != nil {
		return err
	}
	if in.Kmh == nil || !(*in.Kmh >= 1 && *in.Kmh <= 130) {
		return errors.New("setLimit needs kmh, 1 to 130")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = *in.Kmh / 3.6
	return nil
}

// strict reads an object without members that aren't known.
func strict(input []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(input)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("the input is not what is described: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if dec.More() {
		return errors.New("the input is more than one value")
	}
	return nil
}

// Questions to a person.

type option struct {
	ID    string `json:"id"`
	Words string `json:"words"`
}

type question struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Since   string   `json:"since"`
	Words   string   `json:"words"`
	Options []option `json:"options"`
}

// askedWords are the words of each kind of question, and what may be answered.
func askedWords(kind string) (string, []option) {
	refuse := option{"refuse", "No, stay where you are"}
	switch kind {
	case "pass":
		return "Something stands in my way. May I drive around it?", []option{{"pass", "Yes, drive around it"}, refuse}
	case "lost":
		return "I find no way to my destination", []option{{"pull-over", "Stop at the side"}, refuse}
	}
	return "I have been waiting for long and do not see why", []option{{"pull-over", "Stop at the side"}, refuse}
}

// wonder follows what the driver asks. The caller holds mu.
func (c *car) wonder(d *drive.Decision, now time.Time) {
	a := &c.ask
	if c.orders.Pass != 0 && !c.sees(c.orders.Pass) {
		c.orders.Pass = 0 // what was allowed is behind it
	}
	switch {
	case d.Assist.Kind == "", c.orders.Stop, c.orders.PullOver:
		a.kind = ""
	case a.kind == d.Assist.Kind && a.track == d.Assist.Track, now.Before(a.hushed), c.orders.Pass != 0 && c.orders.Pass == d.Assist.Track:
	default:
		a.kind, a.track, a.since = d.Assist.Kind, d.Assist.Track, now
		a.number++
		words, _ := askedWords(a.kind)
		if a.kind == "pass" {
			c.obstacle(a.track, now)
		}
		c.events = append(c.events, event{"assistAsked", map[string]any{"kind": a.kind, "words": words}})
	}
}

// sees tells whether the vehicle still knows of a track.
func (c *car) sees(track uint32) bool {
	list := c.rider.View.Actors
	for i := range list {
		if list[i].ID == track {
			return true
		}
	}
	return false
}

// question is what is asked now, as JSON. The caller holds mu.
func (c *car) question() []byte {
	if c.ask.kind == "" {
		return []byte("null")
	}
	words, options := askedWords(c.ask.kind)
	return encode(question{
		ID: fmt.Sprint(c.ask.number), Kind: c.ask.kind, Since: c.ask.since.UTC().Format(time.RFC3339), Words: words, Options: options,
	})
}

// hushFor is how long a question that was refused isn't asked again.
const hushFor = time.Minute

func (c *car) answered(input []byte) error {
	var in struct{ Option, ID string }
	if err := strict(input, &in); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &c.ask
	if a.kind == "" {
		return errors.New("nothing was asked")
	}
	if in.ID != "" && in.ID != fmt.Sprint(a.number) {
		return errors.New("that question isn't asked any more")
	}
	_, options := askedWords(a.kind)
	if !slices.ContainsFunc(options, func(o option) bool { return o.ID == in.Option }) {
		return fmt.Errorf("%.40q is not one of the answers", in.Option)
	}
	switch in.Option {
	case "pass":
		c.orders.Pass = a.track
	case "pull-over":
		c.orders.PullOver = true
	default:
		a.hushed = time.Now().Add(hushFor)
	}
	a.kind = ""
	return nil
}
