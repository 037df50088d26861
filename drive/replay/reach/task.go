package reach

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
)

// errand is the task of a shaper: to go to a goal on the road, clear of the others, near a first guess at first.
type errand struct {
	bicycle *bicycle
	ground  *ground
	line    *line
	others  [][]other // at each step
	goal    *commonroad.Goal
	wish    float64     // the speed that the benchmark's cost asks for, m/s; NaN: none
	guess   []geom.Pose // of the rear axle, at each step
	speeds  []float64   // and its speeds
	near    float64     // what it costs to be off the guess
	hard    float64     // what it costs to be where one must not
	along   []float64   // the line's s of the guess at each step
}

// What lies between allowed and liked.
const (
	kerbRoom, kerbLiked   = 0.05, 0.25 // m to the road's edge
	otherRoom, otherLiked = 0.06, 0.60 // m to others
	goalRoom              = 0.10       // m within the goal
)

func (t *errand) stage(k int, x *state, u input, last bool, b *bowl) (cost float64) {
	put := func(weight, r float64, slope [7]float64) {
		cost += weight * r * r
		if b != nil {
			b.add(weight, r, &slope)
		}
	}
	if t.near > 0 {
		at := t.guess[k]
		put(t.near, x[atX]-at.X, [7]float64{1})
		put(t.near, x[atY]-at.Y, [7]float64{0, 1})
		put(4*t.near, geom.Wrap(x[atHeading]-at.Heading), [7]float64{0, 0, 1})
		put(0.3*t.near, x[atSpeed]-t.speeds[k], [7]float64{0, 0, 0, 1})
	}
	t.road(x, put)
	t.traffic(k, x, put)
	if last {
		t.arrival(x, put)
		return cost
	}
	dt := t.bicycle.dt
	put(dt, x[atWheels], [7]float64{0, 0, 0, 0, 1})
	at, _ := t.line.pose(t.along[k])
	put(dt, geom.Wrap(x[atHeading]-at.Heading), [7]float64{0, 0, 1})
	if !math.IsNaN(t.wish) {
		put(0.4*dt, x[atSpeed]-t.wish, [7]float64{0, 0, 0, 1})
	}
	tan := math.Tan(x[atWheels])
	bend, v := 1/t.bicycle.spec.Wheelbase, x[atSpeed]
	across := v * v * tan * bend
	if pull := math.Hypot(across, u[0]); pull > grip-0.2 {
		put(t.hard, pull-grip+0.2, [7]float64{
			3: across / pull * 2 * v * tan * bend, 4: across / pull * v * v * (1 + tan*tan) * bend, 5: u[0] / pull,
		})
	}
	return cost
}

// road adds what it costs to be at the edge of the road or off it.
func (t *errand) road(x *state, put func(weight, r float64, slope [7]float64)) {
	body := t.bicycle.body(x)
	axle := geom.Vec{X: x[atX], Y: x[atY]}
	for _, o := range outline {
		v := body.point(o)
		depth, slope := t.ground.at(v)
		if depth >= kerbLiked {
			continue
		}
		arm := v.Minus(axle).Left()
		by := [7]float64{-slope.X, -slope.Y, -slope.Dot(arm)}
		put(0.3*t.bicycle.dt, kerbLiked-depth, by)
		if depth < kerbRoom {
			put(t.hard, kerbRoom-depth, by)
		}
	}
	far := body.long - t.bicycle.spec.RearOverhang
	t.ground.pricks(&body, kerbRoom, func(gap, x, y float64) {
		by := [7]float64{}
		if math.Abs(y)-body.wide > math.Abs(x)-body.long {
			s := math.Copysign(1, y)
			by = [7]float64{-s * body.sin, s * body.cos, s * (x + far)}
		} else {
			s := math.Copysign(1, x)
			by = [7]float64{s * body.cos, s * body.sin, -s * y}
		}
		put(t.hard, kerbRoom-gap, by)
	})
}

// traffic adds what it costs to be near others, or to touch them.
func (t *errand) traffic(k int, x *state, put func(weight, r float64, slope [7]float64)) {
	body := t.bicycle.body(x)
	reach := math.Hypot(body.long, body.wide) + otherLiked
	for i := range t.others[k] {
		o := &t.others[k][i]
		if far := o.Minus(body.Vec); far.Dot(far) > (reach+o.reach)*(reach+o.reach) {
			continue
		}
		gap, axis := body.gap(&o.body)
		if gap >= otherLiked {
			continue
		}
		by := [7]float64{-axis.X, -axis.Y, -t.turned(x, o)}
		put(o.share*t.bicycle.dt, otherLiked-gap, by)
		if gap < otherRoom {
			put(o.share*t.hard, otherRoom-gap, by)
		}
	}
}

// turned gives how the gap to another changes with the heading, over half a degree to either side: between two bodies
// side by side it has a kink, from which any turn makes it less.
func (t *errand) turned(x *state, o *other) float64 {
	const turn = 0.01
	var gaps [2]float64
	for i, by := range [2]float64{-turn, turn} {
		y := *x
		y[atHeading] += by
		body := t.bicycle.body(&y)
		gaps[i], _ = body.gap(&o.body)
	}
	return (gaps[1] - gaps[0]) / (2 * turn)
}

// arrival adds what it costs to end off the goal.
func (t *errand) arrival(x *state, put func(weight, r float64, slope [7]float64)) {
	g := t.goal
	if g == nil {
		return
	}
	body := t.bicycle.body(x)
	arm := body.Minus(geom.Vec{X: x[atX], Y: x[atY]}).Left()
	if len(g.Shapes) > 0 {
		depth, slope, most := deepest(g.Shapes, body.Vec)
		if room := min(goalRoom, most); depth < room {
			put(t.hard, room-depth, [7]float64{-slope.X, -slope.Y, -slope.Dot(arm)})
		}
	}
	if g.Speed != nil {
		room := min(0.05, (g.Speed.To-g.Speed.From)/4)
		if v := x[atSpeed]; v < g.Speed.From+room {
			put(t.hard, g.Speed.From+room-v, [7]float64{3: -1})
		} else if v > g.Speed.To-room {
			put(t.hard, v-g.Speed.To+room, [7]float64{3: 1})
		}
	}
	if g.Heading != nil {
		half := (g.Heading.To - g.Heading.From) / 2
		off := geom.Wrap(x[atHeading] - g.Heading.From - half)
		if room := half - min(0.01, half/4); math.Abs(off) > room {
			put(10*t.hard, math.Abs(off)-room, [7]float64{2: math.Copysign(1, off)})
		}
	}
}

// deepest tells how deep within the shapes a place lies, at the one where it lies deepest: negative outside. slope is
// which way it grows, and most is what no place of a thin shape may be asked to exceed.
func deepest(shapes []commonroad.Shape, v geom.Vec) (depth float64, slope geom.Vec, most float64) {
	depth = math.Inf(-1)
	for i := range shapes {
		s := &shapes[i]
		var d, thick float64
		var way geom.Vec
		switch s.Form {
		case commonroad.Circle:
			off := s.Box.Minus(v)
			d, thick = s.Radius-off.Length(), s.Radius/2
			way = off.Times(1 / max(off.Length(), 1e-9))
		case commonroad.Rectangle:
			corners := s.Box.Corners()
			d, way = within(corners[:], v)
			thick = min(s.Box.Length, s.Box.Width) / 4
		default:
			d, way = within(s.Points, v)
			thick = math.Inf(1)
		}
		if d > depth {
			depth, slope, most = d, way, thick
		}
	}
	return depth, slope, most
}

// within tells how deep within a polygon a place lies, negative outside, and which way it grows.
func within(polygon []geom.Vec, v geom.Vec) (depth float64, slope geom.Vec) {
	depth = math.Inf(1)
	for i, a := range polygon {
		way := polygon[(i+1)%len(polygon)].Minus(a)
		off := v.Minus(a)
		if l := way.Dot(way); l > 0 {
			off = off.Minus(way.Times(min(max(off.Dot(way)/l, 0), 1)))
		}
		if far := off.Length(); far < depth {
			depth, slope = far, off.Times(1/max(far, 1e-9))
		}
	}
	if !commonroad.Within(polygon, v) {
		return -depth, slope.Times(-1)
	}
	return depth, slope
}
