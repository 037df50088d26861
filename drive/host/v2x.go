package host

import (
	"fmt"
	"math"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/v2x"
	"hutong/drive/vehicle"
)

// radio is what a vehicle would tell others by radio, and has told.
type radio struct {
	last     v2x.Motion
	at       time.Time
	metres   float64 // driven when it was last aware
	sequence int     // of the newest warning
	standing time.Time
	stands   int // the warning that it stands in the way; 0 for none
	began    time.Time
	told     time.Time
}

// How warnings are given.
const (
	standsAfter = 3 * time.Second // that it stands on the street is told after
	warnFor     = 10 * time.Second
)

// motion is the vehicle as others should know it.
func (c *car) motion(x vehicle.State) v2x.Motion {
	spec := c.rider.Spec
	lat, lon := c.h.degrees(x.Ahead(spec.Length-spec.RearOverhang, 0))
	return v2x.Motion{
		Station: c.rider.ID, Front: v2x.Place(lat, lon), Heading: x.Heading, Speed: x.Speed, Accel: x.Accel,
		YawRate: x.Speed * math.Tan(x.Steer) / spec.Wheelbase, Length: spec.Length, Width: spec.Width,
	}
}

// aware tells others of the vehicle when that is due.
func (c *car) aware(x vehicle.State, now time.Time) {
	m := c.motion(x)
	if r := &c.radio; v2x.Due(r.last, m, c.metres-r.metres, now.Sub(r.at)) {
		r.last, r.at, r.metres = m, now, c.metres
		c.link.show("cam", encode(v2x.Aware(m, time.Now())))
	}
}

// warn makes a warning of something here and now. The caller holds mu.
func (c *car) warn(cause v2x.Cause, at geom.Vec, now time.Time) {
	c.radio.sequence++
	c.warned(c.radio.sequence, cause, at, now, now, false)
}

func (c *car) warned(sequence int, cause v2x.Cause, at geom.Vec, began, now time.Time, over bool) {
	lat, lon := c.h.degrees(at)
	wall := time.Now()
	c.events = append(c.events, event{"warning", v2x.Warn(c.rider.ID, sequence, cause, v2x.Place(lat, lon), wall.Add(began.Sub(now)), wall, warnFor, over)})
}

// stationary warns of the vehicle itself where it stands on the street and was not sent there, until it goes on. The
// caller holds mu.
func (c *car) stationary(mode drive.Mode, x vehicle.State, now time.Time) {
	r := &c.radio
	if x.Speed > 0.1 || mode != drive.Stopped && mode != drive.FailSafe {
		if r.stands != 0 {
			c.warned(r.stands, v2x.Stationary, x.Vec, r.began, now, true)
		}
		r.standing, r.stands = time.Time{}, 0
		return
	}
	if r.standing.IsZero() {
		r.standing = now
	}
	since := now.Sub(r.standing)
	switch {
	case since < standsAfter:
	case r.stands == 0:
		r.sequence++
		r.stands, r.began, r.told = r.sequence, now, now
		c.warned(r.stands, v2x.Stationary, x.Vec, now, now, false)
	case now.Sub(r.told) >= warnFor: // it holds on
		c.warned(r.stands, v2x.Stationary, x.Vec, r.began, now, false)
		r.told = now
	}
}

// obstacle warns of what stands in the way, where that is seen. The caller holds mu.
func (c *car) obstacle(track uint32, now time.Time) {
	for i := range c.rider.View.Actors {
		if a := &c.rider.View.Actors[i]; a.ID == track {
			c.warn(v2x.Obstacle, a.Box.Vec, now)
			return
		}
	}
}

// unit is a road-side unit: what it says of its intersection.
type unit struct {
	v2x.Intersection
	lights []v2x.Light
	said   v2x.SPATEM
}

func (u *unit) name() string { return fmt.Sprintf("rsu-%d", u.ID) }

// describe is the unit's Thing.
func (u *unit) describe() []byte {
	x := newThing(u.name(), u.Title(), "RoadSideUnit", "Road / Signals", townPrefix)
	prefix := "drive/" + u.name()
	property(x, prefix, "spat", "Signal phase and timing", object(2, "header", object(0), "spat", object(0)))
	property(x, prefix, "map", "Its lanes", object(2, "header", object(0), "map", object(0)))
	return x.JSON()
}

// units are the road-side units of the world's intersections, their maps told once.
func (t *town) units() (list []*unit) {
	for _, x := range v2x.Intersections(t.h.m) {
		u := &unit{Intersection: x, lights: make([]v2x.Light, len(x.Signals))}
		t.said.setJSON(u.name()+"/map", encode(x.MAP(t.h.m, t.h.degrees)))
		list = append(list, u)
	}
	return list
}

// showUnits tells what lights show when that changes, or other than was foretold.
func (t *town) showUnits(truth *scene.Truth) {
	now := time.Now()
	for _, u := range t.rsu {
		for i, s := range u.Signals {
			if s < len(truth.Lights) {
				l := truth.Lights[s]
				u.lights[i] = v2x.Light{Colour: l.Colour, Remaining: l.Remaining / t.h.o.Speed}
			}
		}
		if spat := u.SPAT(u.lights, now); !spat.Same(&u.said) {
			u.said = spat
			t.said.setJSON(u.name()+"/spat", encode(spat))
		}
	}
}
