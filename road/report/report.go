// Package report writes what an area owes its regulator and its public: disengagements, collisions and the figures of a
// span of time. Everything is a pure function of entries that others keep.
package report

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what an entry tells of.
type Kind string

// The kinds of entries.
const (
	Disengagement Kind = "disengagement" // automated driving ended before the ride did
	FailSafe      Kind = "fail-safe"     // the vehicle drove its way to a safe stop
	Collision     Kind = "collision"
	Assistance    Kind = "assistance" // a person was asked
)

// Entry is one thing that happened.
type Entry struct {
	At        time.Time
	Vehicle   string // its id, and
	Plate     string
	Kind      Kind
	Initiator string  // "system", "passenger", "operator"
	Aboard    int     // people in the vehicle
	Lane      string  // where, by the map's name; and
	Lat, Lon  float64 // degrees
	Speed     float64 // km/h
	Cause     string  // a code
	Words     string  // the facts, in a sentence
	Recording string  // the id of the recording, if there is one
}

// Ride is one ride as the figures count it.
type Ride struct {
	Asked, Fetched, Ended time.Time // zero where it came not to that
	Vehicle               string    // that fetched it
	Party                 int
	Metres                float64
	Done                  bool // it was brought where it wanted
	Cancelled             bool // by the passenger
}

// Driven is how far a vehicle drove by itself in the span.
type Driven struct {
	Vehicle string
	Km      float64
}

// Disengagements writes a CSV file with a line for each disengagement, the oldest first. Its columns follow what
// California's DMV asks for (Article 3.7, 227.50): date, vehicle, driver, initiator, location, facts.
func Disengagements(w io.Writer, entries []Entry) error {
	return table(w, []string{
		"date", "time", "vehicle", "plate", "driverless capable", "driver present", "initiated by", "location", "latitude", "longitude",
		"speed km/h", "cause", "facts", "recording",
	}, of(entries, Disengagement), func(e *Entry) []string {
		return []string{
			e.At.Format(time.DateOnly), e.At.Format("15:04:05Z07:00"), e.Vehicle, e.Plate, "yes", "no", e.Initiator, e.Lane,
			degrees(e.Lat), degrees(e.Lon), tenth(e.Speed), e.Cause, e.Words, e.Recording,
		}
	})
}

// Collisions writes a CSV file with a line for each collision, the oldest first.
func Collisions(w io.Writer, entries []Entry) error {
	return table(w, []string{
		"date", "time", "vehicle", "plate", "people aboard", "location", "latitude", "longitude", "speed km/h", "facts", "recording",
	}, of(entries, Collision), func(e *Entry) []string {
		return []string{
			e.At.Format(time.DateOnly), e.At.Format("15:04:05Z07:00"), e.Vehicle, e.Plate, strconv.Itoa(e.Aboard), e.Lane,
			degrees(e.Lat), degrees(e.Lon), tenth(e.Speed), e.Words, e.Recording,
		}
	})
}

func of(entries []Entry, kind Kind) []Entry {
	var list []Entry
	for _, e := range entries {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return a.At.Compare(b.At) })
	return list
}

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
func tenth(x float64) string   { return strconv.FormatFloat(x, 'f', 1, 64) }

func table(w io.Writer, head []string, entries []Entry, row func(*Entry) []string) error {
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for i := range entries {
		cells := row(&entries[i])
		for k, c := range cells {
			_, err := strconv.ParseFloat(c, 64)
			if err != nil && strings.ContainsAny(c[:min(len(c), 1)], "=+-@\t\r") {
				cells[k] = "'" + c // a spreadsheet must not run it
			}
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Figures are an area's figures for a span of time. What nothing was measured for is nil: it isn't 0.
type Figures struct {
	From           time.Time          `json:"from"`
	To             time.Time          `json:"to"`
	Vehicles       int                `json:"vehicles"` // that drove
	Km             float64            `json:"km"`
	KmOf           map[string]float64 `json:"kmOf"`
	Rides          int                `json:"rides"` // asked for
	Done           int                `json:"done"`
	Cancelled      int                `json:"cancelled"`
	People         int                `json:"people"`              // brought
	Shared         int                `json:"shared"`              // done, with others aboard for a part of the way
	RideShare      *float64           `json:"rideShare,omitempty"` // done, of those not cancelled
	WaitMean       *float64           `json:"waitMean,omitempty"`  // s
	Wait90         *float64           `json:"wait90,omitempty"`
	Disengagements int                `json:"disengagements"`
	FailSafes      int                `json:"failSafes"`
	Collisions     int                `json:"collisions"`
	Assistances    int                `json:"assistances"`
	Per1000Km      *float64           `json:"disengagementsPer1000Km,omitempty"`
}

// Sum gives the figures of what happened from (included) to (not included).
func Sum(from, to time.Time, entries []Entry, rides []Ride, driven []Driven) Figures {
	f := Figures{From: from, To: to, KmOf: map[string]float64{}}
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	for _, d := range driven {
		if d.Km > 0 {
			f.KmOf[d.Vehicle] += d.Km
			f.Km += d.Km
		}
	}
	f.Vehicles = len(f.KmOf)
	var waits []float64
	company := company(rides)
	for i, r := range rides {
		if !within(r.Asked) {
			continue
		}
		f.Rides++
		switch {
		case r.Done:
			f.Done++
			f.People += r.Party
			if company[i] {
				f.Shared++
			}
		case r.Cancelled:
			f.Cancelled++
		}
		if !r.Fetched.IsZero() {
			waits = append(waits, r.Fetched.Sub(r.Asked).Seconds())
		}
	}
	if n := f.Rides - f.Cancelled; n > 0 {
		f.RideShare = new(float64(f.Done) / float64(n))
	}
	if n := len(waits); n > 0 {
		slices.Sort(waits)
		var sum float64
		for _, w := range waits {
			sum += w
		}
		f.WaitMean, f.Wait90 = new(sum/float64(n)), new(waits[min(n-1, n*9/10)])
	}
	for _, e := range entries {
		if within(e.At) {
			*cmp.Or(f.counter(e.Kind), new(int))++
		}
	}
	if f.Km > 0 {
		f.Per1000Km = new(1000 * float64(f.Disengagements) / f.Km)
	}
	return f
}

// company tells of each ride whether others were in its vehicle for a part of its way.
func company(rides []Ride) []bool {
	with := make([]bool, len(rides))
	last := make(map[string]int) // of each vehicle, the ride that ends last of those begun so far
	begun := make([]int, 0, len(rides))
	for i, r := range rides {
		if r.Vehicle != "" && !r.Fetched.IsZero() && r.Ended.After(r.Fetched) {
			begun = append(begun, i)
		}
	}
	slices.SortFunc(begun, func(a, b int) int { return rides[a].Fetched.Compare(rides[b].Fetched) })
	for _, i := range begun {
		r := &rides[i]
		k, ok := last[r.Vehicle]
		if ok && rides[k].Ended.After(r.Fetched) {
			with[i], with[k] = true, true
		}
		if !ok || r.Ended.After(rides[k].Ended) {
			last[r.Vehicle] = i
		}
	}
	return with
}

func (f *Figures) counter(k Kind) *int {
	switch k {
	case Disengagement:
		return &f.Disengagements
	case FailSafe:
		return &f.FailSafes
	case Collision:
		return &f.Collisions
	case Assistance:
		return &f.Assistances
	}
	return nil
}

// JSON gives the figures as a JSON document.
func (f Figures) JSON() []byte {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic(err) // numbers and times always can be
	}
	return b
}
