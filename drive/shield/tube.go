package shield

import (
	"math"
	"sort"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

const (
	dt     = 0.1 // s between the states of a plan
	beyond = 120 // steps, how far a continuation is followed at most: 12 s
)

// path is the line a plan follows, apart from how fast. Past its end it goes on in the bend of its last state.
type path struct {
	pose []geom.Pose
	way  []float64 // m from the start to each pose
	bend float64   // 1/m
}

// set takes over the line of a plan.
func (p *path) set(plan []vehicle.State, wheelbase float64) {
	p.pose, p.way = p.pose[:0], p.way[:0]
	way := 0.0
	for i := range plan {
		if i > 0 {
			way += plan[i-1].To(plan[i].Vec)
		}
		p.pose, p.way = append(p.pose, plan[i].Pose), append(p.way, way)
	}
	p.bend = math.Tan(plan[len(plan)-1].Steer) / wheelbase
}

// at gives the pose a way along the line.
func (p *path) at(way float64) geom.Pose {
	last := len(p.way) - 1
	if last == 0 || !(way < p.way[last]) {
		return ahead(p.pose[last], way-p.way[last], p.bend)
	}
	i := max(sort.SearchFloat64s(p.way, way), 1)
	a, b := p.pose[i-1], p.pose[i]
	share := 0.0
	if long := p.way[i] - p.way[i-1]; long > 0 {
		share = min(max((way-p.way[i-1])/long, 0), 1)
	}
	return geom.Pose{
		Vec:     geom.Between(a.Vec, b.Vec, share),
		Heading: geom.Wrap(a.Heading + share*geom.Wrap(b.Heading-a.Heading)),
	}
}

// project gives how far along the line the point nearest to v lies, past its end too.
func (p *path) project(v geom.Vec) float64 {
	near, least := 0, math.Inf(1)
	for i := range p.pose {
		if far := p.pose[i].To(v); far < least {
			near, least = i, far
		}
	}
	way := p.way[near] + p.pose[near].Local(v).X
	if near == len(p.pose)-1 {
		return way
	}
	return clamp(way, 0, p.way[len(p.way)-1])
}

// ahead gives the pose a way farther along a circle of the given bend.
func ahead(from geom.Pose, way, bend float64) geom.Pose {
	turn := way * bend
	if math.Abs(turn) > math.Pi { // a bend is for the metres just past the plan, not for circles
		turn = math.Copysign(math.Pi, turn)
	}
	return geom.Pose{
		Vec:     from.Vec.Plus(geom.Towards(from.Heading + turn/2).Times(way)),
		Heading: geom.Wrap(from.Heading + turn),
	}
}

// step is where the vehicle is at one time of a continuation.
type step struct {
	pose       geom.Pose // of the rear axle
	box        geom.Box
	ahead      geom.Vec // the unit vector of its heading
	way, speed float64
}

// tube is a continuation: a step every dt, from now until the vehicle stands, or for beyond steps.
type tube struct {
	steps     []step
	low, high geom.Vec // all boxes' middles lie between
}

// build follows the plan for its first k states and then brakes to a stop along its line.
func (t *tube) build(spec *vehicle.Spec, line *path, plan []vehicle.State, k int, brake, jerk float64) {
	t.clear()
	k = min(k, len(plan)-1)
	for i := range k + 1 {
		t.add(spec, line.pose[i], line.way[i], plan[i].Speed)
	}
	way, speed, accel := line.way[k], plan[k].Speed, plan[k].Accel
	for speed > 0 && len(t.steps) <= beyond {
		then := max(accel-jerk*dt, min(accel, -brake), -spec.MaxBrake) // who brakes harder already goes on doing so
		mean := (accel + then) / 2
		accel = then
		if before := speed; before+mean*dt <= 0 {
			speed, way = 0, way+stopping(before, -mean)
		} else {
			speed = min(before+mean*dt, spec.MaxSpeed)
			way += (before + speed) / 2 * dt
		}
		t.add(spec, line.at(way), way, speed)
	}
}

func (t *tube) add(spec *vehicle.Spec, pose geom.Pose, way, speed float64) {
	u := geom.Towards(pose.Heading)
	middle := pose.Vec.Plus(u.Times(spec.Length/2 - spec.RearOverhang))
	t.low = geom.Vec{X: min(t.low.X, middle.X), Y: min(t.low.Y, middle.Y)}
	t.high = geom.Vec{X: max(t.high.X, middle.X), Y: max(t.high.Y, middle.Y)}
	t.steps = append(t.steps, step{
		pose: pose, ahead: u, way: way, speed: speed,
		box: geom.Box{Pose: geom.Pose{Vec: middle, Heading: pose.Heading}, Length: spec.Length, Width: spec.Width},
	})
}

// clear empties the tube.
func (t *tube) clear() {
	inf := math.Inf(1)
	t.steps, t.low, t.high = t.steps[:0], geom.Vec{X: inf, Y: inf}, geom.Vec{X: -inf, Y: -inf}
}

// length gives the way of the whole continuation, m.
func (t *tube) length() float64 { return t.steps[len(t.steps)-1].way }
