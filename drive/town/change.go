package town

import (
	"math"

	"hutong/drive/lane"
	"hutong/drive/scene"
)

// stay gives the seconds from s metres along a lane to the car's goal for who doesn't change lanes in it.
func (t *Town) stay(c *car, id lane.ID, s float64) float64 {
	l := t.m.Lane(id)
	if id == c.field.Goal.Lane && s <= c.field.Goal.S {
		return (c.field.Goal.S - s) / l.Limit
	}
	least := math.Inf(1)
	for _, n := range l.Next {
		least = min(least, c.field.From(n, 0))
	}
	return least + (l.Centre.Length()-s)/l.Limit
}

// consider thinks of changing lanes: because the way asks for it, or because it goes faster there (MOBIL, politely).
func (t *Town) consider(c *car) {
	l := t.m.Lane(c.lane)
	left := l.Centre.Length() - c.s
	if c.rest > 0 || c.old != lane.None || c.s < c.length+1 || left < 8 || c.speed < 0.5 && left < 14 || c.kind == scene.Bicycle {
		return
	}
	mine := t.stay(c, c.lane, c.s)
	for _, to := range [2]lane.ID{l.LeftOf, l.RightOf} {
		if to == lane.None || to == l.LeftOf && !l.MayLeft || to == l.RightOf && !l.MayRight || t.m.Lane(to).Users&c.users == 0 {
			continue
		}
		k := t.m.Lane(to).Centre.Length() / l.Centre.Length()
		there := t.stay(c, to, k*c.s)
		must := there < mine-5 || math.IsInf(mine, 1) && !math.IsInf(there, 1)
		if must && t.roads[to].bay && c.field.Goal.S-k*c.s > 45 {
			continue // a bay is entered where it is needed
		}
		if !must && (t.roads[to].bay || there > mine+1 || left < 40 || !t.faster(c, to, k*c.s)) {
			continue
		}
		if t.gapFor(c, to, k*c.s, must) {
			t.change(c, to, k*c.s)
			return
		}
	}
}

// faster tells whether the car would get on clearly better on the other lane.
func (t *Town) faster(c *car, to lane.ID, s float64) bool {
	v0 := t.want(c)
	gap, ahead := t.leader(c, c.lane, c.s)
	now := c.follow(c.speed, v0, gap, ahead)
	there, speed := t.nextOn(c, to, s)
	return c.follow(c.speed, v0, there, speed) > now+0.4 && now < 0.3
}

// nextOn gives the gap to the next in front on a lane beside, and its speed.
func (t *Town) nextOn(c *car, id lane.ID, s float64) (gap, speed float64) {
	gap = math.Inf(1)
	for i := range t.on[id] {
		if e := &t.on[id][i]; e.who != c && e.front >= s-c.length && e.rear-s < gap {
			gap, speed = e.rear-s, e.speed
		}
	}
	return gap, speed
}

// gapFor tells whether there is a gap on the lane beside: nobody next to the car, nobody behind made to brake hard.
func (t *Town) gapFor(c *car, to lane.ID, s float64, must bool) bool {
	bear := 1.5
	if must {
		bear = 2.5
	}
	for i := range t.on[to] {
		e := &t.on[to][i]
		if e.who == c {
			continue
		}
		switch {
		case e.front < s-c.length: // behind
			if gap := s - c.length - e.front; gap < 2.5 || c.follow(e.speed, max(e.speed, 5), gap, c.speed) < -bear {
				return false
			}
		case e.rear > s: // in front
			if gap := e.rear - s; gap < 2.5 || c.follow(c.speed, max(c.speed, 5), gap, e.speed) < -bear {
				return false
			}
		default:
			return false
		}
	}
	for _, p := range t.m.Lane(to).Prev { // those who are about to come onto it
		for i := range t.on[p] {
			e := &t.on[p][i]
			gap := s - c.length + t.m.Lane(p).Centre.Length() - e.front
			if e.who != c && (gap < 2.5 || c.follow(e.speed, max(e.speed, 5), gap, c.speed) < -bear) {
				return false
			}
		}
	}
	return true
}

// change begins to change lanes.
func (t *Town) change(c *car, to lane.ID, s float64) {
	l := t.m.Lane(c.lane)
	right, left := l.Widths(c.s)
	wide := (right + left) / 2
	if to == l.LeftOf {
		_, there := t.m.Lane(to).Widths(s)
		c.d -= wide + there
	} else {
		there, _ := t.m.Lane(to).Widths(s)
		c.d += wide + there
	}
	c.old, c.lane, c.s = c.lane, to, s
	c.trail = c.trail[:0]
	c.rest = 6
	t.plan(c)
	// The others of this step must see it on both lanes.
	t.put(to, entry{rear: s - c.length, front: s, speed: c.speed, accel: c.accel, who: c})
}
