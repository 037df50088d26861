package ground

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hutong/drive/geom"
)

// ODD is the operational design domain: where, when, in what weather and how fast vehicles may drive by themselves.
type ODD struct {
	Polygon  []geom.Vec // its corners, in order either way; metres of the map
	From, To string     // times of the day, "06:00" to "23:00"; the same twice: all day; From after To: over midnight
	MaxSpeed float64    // km/h
	Weather  []string   // in which it may be driven; none: in any
	Closed   string     // why nobody may drive now, in words; "" where nobody has closed it
}

// maxCorners bounds a polygon, and MaxWords the words of somebody, bytes.
const (
	maxCorners = 256
	MaxWords   = 500
)

// Check refuses what can't be meant, with words of how to mend it.
func (o *ODD) Check() error {
	if n := len(o.Polygon); n < 3 || n > maxCorners {
		return fmt.Errorf("polygon: has %d corners; it needs 3 to %d", n, maxCorners)
	}
	for i, v := range o.Polygon {
		if !v.Finite() || math.Abs(v.X) > 1e6 || math.Abs(v.Y) > 1e6 {
			return fmt.Errorf("polygon: corner %d is not a place on the map", i)
		}
	}
	if crosses(o.Polygon) {
		return errors.New("polygon: its sides cross each other; draw it so that they don't")
	}
	if math.Abs(areaOf(o.Polygon)) < 1 {
		return errors.New("polygon: it holds nothing")
	}
	for _, at := range []string{o.From, o.To} {
		if _, err := minutes(at); err != nil {
			return err
		}
	}
	if !(o.MaxSpeed >= 1 && o.MaxSpeed <= 130) {
		return fmt.Errorf("maxSpeed: %g km/h; it must be 1 to 130", o.MaxSpeed)
	}
	if len(o.Weather) > 16 {
		return fmt.Errorf("weather: %d words; at most 16", len(o.Weather))
	}
	for _, w := range o.Weather {
		if w == "" || len(w) > 32 {
			return fmt.Errorf("weather: %.40q is no word for it", w)
		}
	}
	if len(o.Closed) > MaxWords {
		return fmt.Errorf("closed: %d bytes of words; at most %d", len(o.Closed), MaxWords)
	}
	return nil
}

// Open tells whether it may be driven now, and if not, why. An unknown weather ("") is none that is allowed, unless any
// is.
func (o *ODD) Open(now time.Time, weather string) (open bool, why string) {
	if o.Closed != "" {
		return false, o.Closed
	}
	if !o.Hours(now) {
		return false, fmt.Sprintf("The area is open from %s to %s", o.From, o.To)
	}
	return o.Fair(weather)
}

// Fair tells whether it may be driven in the weather, and if not, why.
func (o *ODD) Fair(weather string) (bool, string) {
	switch {
	case len(o.Weather) == 0, slices.Contains(o.Weather, weather):
		return true, ""
	case weather == "":
		return false, "Nobody has told what the weather is"
	}
	return false, fmt.Sprintf("Vehicles do not drive in this weather: %s", weather)
}

// Hours tells whether now is within the hours.
func (o *ODD) Hours(now time.Time) bool {
	from, err1 := minutes(o.From)
	to, err2 := minutes(o.To)
	if err1 != nil || err2 != nil {
		return false
	}
	at := now.Hour()*60 + now.Minute()
	switch {
	case from == to:
		return true
	case from < to:
		return at >= from && at < to
	}
	return at >= from || at < to
}

// minutes reads "06:00"; "24:00" is the end of the day.
func minutes(at string) (int, error) {
	h, m, ok := strings.Cut(at, ":")
	hours, err1 := twoDigits(h)
	mins, err2 := twoDigits(m)
	if !ok || err1 != nil || err2 != nil || hours > 24 || mins > 59 || hours == 24 && mins > 0 {
		return 0, fmt.Errorf("%.20q is not a time of the day; write it like 06:00", at)
	}
	return hours*60 + mins, nil
}

func twoDigits(s string) (int, error) {
	if len(s) != 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, errors.New("not two digits")
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), nil
}

// Holds tells whether a place lies within the polygon.
func (o *ODD) Holds(v geom.Vec) bool {
	inside := false
	for i, j := 0, len(o.Polygon)-1; i < len(o.Polygon); j, i = i, i+1 {
		a, b := o.Polygon[i], o.Polygon[j]
		if (a.Y > v.Y) != (b.Y > v.Y) && v.X < (b.X-a.X)*(v.Y-a.Y)/(b.Y-a.Y)+a.X {
			inside = !inside
		}
	}
	return inside
}

// HoldsLine tells whether a line stays within the polygon; it is looked at every 5 m.
func (o *ODD) HoldsLine(line []geom.Vec) bool {
	for i, v := range line {
		if !o.Holds(v) {
			return false
		}
		if i == 0 {
			continue
		}
		steps := int(line[i-1].To(v) / 5)
		for k := 1; k <= steps; k++ {
			if !o.Holds(geom.Between(line[i-1], v, float64(k)/float64(steps+1))) {
				return false
			}
		}
	}
	return true
}

func areaOf(p []geom.Vec) (twice float64) {
	for i, j := 0, len(p)-1; i < len(p); j, i = i, i+1 {
		twice += p[j].Cross(p[i])
	}
	return twice / 2
}

// crosses tells whether two sides of the polygon that aren't neighbours share a point.
func crosses(p []geom.Vec) bool {
	n := len(p)
	for i := range n {
		for k := i + 2; k < n; k++ {
			if i == 0 && k == n-1 {
				continue
			}
			if meet(p[i], p[(i+1)%n], p[k], p[(k+1)%n]) {
				return true
			}
		}
	}
	return false
}

func meet(a, b, c, d geom.Vec) bool {
	side := func(p, q, r geom.Vec) float64 { return q.Minus(p).Cross(r.Minus(p)) }
	s1, s2, s3, s4 := side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)
	return s1*s2 <= 0 && s3*s4 <= 0 && (s1 != 0 || s2 != 0 || between(a, b, c) || between(a, b, d))
}

func between(a, b, v geom.Vec) bool {
	return min(a.X, b.X) <= v.X && v.X <= max(a.X, b.X) && min(a.Y, b.Y) <= v.Y && v.Y <= max(a.Y, b.Y)
}
