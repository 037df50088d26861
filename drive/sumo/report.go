package sumo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Collision is one of SUMO's collision report.
type Collision struct {
	Time             float64 // s of SUMO's time
	Kind             string
	Lane             string
	Collider, Victim string
	ColliderSpeed    float64
	VictimSpeed      float64
}

// maxReport bounds how many entries of a report are read.
const maxReport = 1_000_000

// ReadCollisions reads what SUMO wrote into [CollisionFile].
func ReadCollisions(r io.Reader) ([]Collision, error) {
	var all []Collision
	err := elements(r, "collision", func(d *xml.Decoder, e xml.StartElement) error {
		var c Collision
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "time":
				c.Time = number(a.Value)
			case "type":
				c.Kind = a.Value
			case "lane":
				c.Lane = a.Value
			case "collider":
				c.Collider = a.Value
			case "victim":
				c.Victim = a.Value
			case "colliderSpeed":
				c.ColliderSpeed = number(a.Value)
			case "victimSpeed":
				c.VictimSpeed = number(a.Value)
			}
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sumo: the collision report: %w", err)
	}
	return all, nil
}

// Conflict is one of SUMO's surrogate safety measures' report: two vehicles came near each other. Numbers that SUMO
// doesn't give are NaN.
type Conflict struct {
	Begin, End float64
	Ego, Foe   string
	MinTTC     float64 // s: least time to collision
	MaxDRAC    float64 // m/s²: hardest braking that was needed
	PET        float64 // s: time between the one's leaving and the other's coming
}

// ReadConflicts reads what SUMO wrote into [ConflictFile].
func ReadConflicts(r io.Reader) ([]Conflict, error) {
	var all []Conflict
	err := elements(r, "conflict", func(d *xml.Decoder, e xml.StartElement) error {
		c := Conflict{MinTTC: math.NaN(), MaxDRAC: math.NaN(), PET: math.NaN()}
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "begin":
				c.Begin = number(a.Value)
			case "end":
				c.End = number(a.Value)
			case "ego":
				c.Ego = a.Value
			case "foe":
				c.Foe = a.Value
			}
		}
		var inner struct {
			MinTTC struct {
				Value string `xml:"value,attr"`
			} `xml:"minTTC"`
			MaxDRAC struct {
				Value string `xml:"value,attr"`
			} `xml:"maxDRAC"`
			PET struct {
				Value string `xml:"value,attr"`
			} `xml:"PET"`
		}
		if err := d.DecodeElement(&inner, &e); err != nil {
			return err
		}
		c.MinTTC, c.MaxDRAC, c.PET = number(inner.MinTTC.Value), number(inner.MaxDRAC.Value), number(inner.PET.Value)
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sumo: the conflict report: %w", err)
	}
	return all, nil
}

// number reads a number; NaN for what is none, as SUMO's "NA".
func number(s string) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// elements calls do for each element of a name. A report that ends early, as that of a SUMO which was killed, gives
// what it holds.
func elements(r io.Reader, name string, do func(*xml.Decoder, xml.StartElement) error) error {
	d := xml.NewDecoder(r)
	for n := 0; ; {
		token, err := d.Token()
		var syntax *xml.SyntaxError
		if errors.Is(err, io.EOF) || errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF") {
			return nil
		}
		if err != nil {
			return err
		}
		e, is := token.(xml.StartElement)
		if !is || e.Name.Local != name {
			continue
		}
		if n++; n > maxReport {
			return fmt.Errorf("more than %d entries", maxReport)
		}
		if err := do(d, e); err != nil {
			return err
		}
	}
}
