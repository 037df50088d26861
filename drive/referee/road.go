package referee

import (
	"math"
	"sort"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// vehicles are those whose lanes are road surface.
const vehicles = ^(lane.People | lane.Rails)

const (
	beyond    = 0.3  // m that a corner may be off the road
	wrongWay  = 2.0  // m against the direction that are too many in one stretch
	overspeed = 0.5  // m/s above the limit that still count as keeping it
	deadlock  = 60.0 // s
)

// floor is the surface of junctions: what lies between the ways through one is road too.
type floor struct {
	hulls map[string][]geom.Vec
}

// newFloor takes for each junction the convex hull of its vehicle lanes' edges.
func newFloor(m *lane.Map) *floor {
	points := make(map[string][]geom.Vec)
	for i := range m.Lanes {
		l := &m.Lanes[i]
		if l.Junction == "" || l.Kind != lane.Junction || l.Users&vehicles == 0 {
			continue
		}
		for k, s := range l.Centre.Along() {
			p := l.Centre.At(s)
			points[l.Junction] = append(points[l.Junction], p.Ahead(0, l.ToLeft[k]), p.Ahead(0, -l.ToRight[k]))
		}
	}
	f := &floor{hulls: make(map[string][]geom.Vec)}
	for name, p := range points {
		f.hulls[name] = hull(p)
	}
	return f
}

// hull gives the convex hull, counter-clockwise (Andrew's monotone chain). It reorders its argument.
func hull(p []geom.Vec) []geom.Vec {
	sort.Slice(p, func(i, j int) bool { return p[i].X < p[j].X || p[i].X == p[j].X && p[i].Y < p[j].Y })
	var h []geom.Vec
	grow := func(from int, v geom.Vec) {
		for len(h) >= from+2 && h[len(h)-1].Minus(h[len(h)-2]).Cross(v.Minus(h[len(h)-1])) <= 0 {
			h = h[:len(h)-1]
		}
		h = append(h, v)
	}
	for _, v := range p {
		grow(0, v)
	}
	lower := len(h) - 1
	for i := len(p) - 2; i >= 0; i-- {
		grow(lower, p[i])
	}
	return h[:max(len(h)-1, 0)]
}

// inHull tells whether v is within a convex outline, or at most slack metres outside.
func inHull(h []geom.Vec, v geom.Vec, slack float64) bool {
	if len(h) < 3 {
		return false
	}
	for i, a := range h {
		u := h[(i+1)%len(h)].Minus(a)
		if u.Cross(v.Minus(a)) < -slack*u.Length() {
			return false
		}
	}
	return true
}

// onRoad tells whether v is road, or at most slack metres beside it.
func (r *Referee) onRoad(v geom.Vec, slack float64) bool {
	if r.m.On(v, vehicles, slack) {
		return true
	}
	var few [32]lane.ID
	last := ""
	for _, id := range r.m.Near(few[:0], v, 10) {
		if j := r.m.Lane(id).Junction; j != "" && j != last {
			if last = j; inHull(r.floor.hulls[j], v, slack) {
				return true
			}
		}
	}
	return false
}

// ownLane tells whether a box lies wholly in one lane of its direction, the ones before and after it included.
func (r *Referee) ownLane(b geom.Box) bool {
	var few [32]lane.ID
	for _, id := range r.m.Near(few[:0], b.Vec, 1) {
		l := r.m.Lane(id)
		if l.Users&vehicles == 0 || !r.holds(id, b.Vec, 0) {
			continue
		}
		s, _ := l.Centre.Project(b.Vec)
		if math.Abs(geom.Wrap(l.Centre.At(s).Heading-b.Heading)) > math.Pi/4 {
			continue
		}
		all := true
		for _, c := range b.Corners() {
			all = all && r.inStrand(l, id, c)
		}
		if all {
			return true
		}
	}
	return false
}

func (r *Referee) inStrand(l *lane.Lane, id lane.ID, v geom.Vec) bool {
	if r.holds(id, v, 0.1) {
		return true
	}
	for _, ids := range [][]lane.ID{l.Next, l.Prev} {
		for _, n := range ids {
			if r.holds(n, v, 0.1) {
				return true
			}
		}
	}
	return false
}

// road looks at where on the road the vehicle is: beside it, on the wrong side, too fast.
func (r *Referee) road(t *scene.Truth, rec *record, e *Ego, step, dt float64) {
	p := &rec.report
	off := false
	for _, c := range rec.box.Corners() {
		off = off || !r.onRoad(c, beyond)
	}
	if off {
		p.OffRoadSeconds += dt
		if !rec.offRoad {
			p.OffRoad++
			r.tell(rec, t.Time, LeftRoad, 0, "a corner is more than 0.3 m off the road")
		}
	}
	rec.offRoad = off

	spot, fits := r.m.Locate(rec.box.Pose, vehicles, 0.3)
	if fits {
		if over := rec.state.Speed - r.limit(rec.box.Pose, spot.Lane); over > overspeed {
			p.SpeedingSeconds += dt
			p.MaxOver = max(p.MaxOver, over)
		}
	}
	if fits || !r.oncoming(rec.box.Pose) {
		rec.against, rec.wrong = 0, false
		return
	}
	rec.against += step
	p.WrongWayMetres += step
	if rec.against > wrongWay && !rec.wrong && !e.Passing {
		rec.wrong = true
		p.WrongWay++
		r.tell(rec, t.Time, WentWrong, 0, "it drives against the direction of its lane")
	}
}

// limit gives how fast the vehicle may be, m/s, that fits a lane best. Where other ways lie over that one and go as the
// vehicle does, as where they part in a junction, it may be on any of them.
func (r *Referee) limit(at geom.Pose, best lane.ID) float64 {
	const same = 0.2 // rad
	var few [32]lane.ID
	most := r.m.Lane(best).Limit
	for _, id := range r.m.Near(few[:0], at.Vec, 1) {
		l := r.m.Lane(id)
		if l.Users&vehicles == 0 || l.Limit <= most || !r.holds(id, at.Vec, 0) {
			continue
		}
		s, _ := l.Centre.Project(at.Vec)
		if s > 0 && s < l.Centre.Length() && math.Abs(geom.Wrap(l.Centre.At(s).Heading-at.Heading)) < same {
			most = l.Limit
		}
	}
	return most
}

// oncoming tells whether a pose that fits no lane lies on one of the other direction.
func (r *Referee) oncoming(at geom.Pose) bool {
	back := at
	back.Heading = geom.Wrap(at.Heading + math.Pi)
	spot, ok := r.m.Locate(back, vehicles, 0)
	return ok && r.m.Lane(spot.Lane).Kind != lane.Junction
}

// gate is where a lane with a light or a stop sign begins.
type gate struct {
	at       geom.Pose
	half     float64
	lane     lane.ID
	signal   int32
	mustStop bool
}

const gateCell = 20.0

func gateSquare(v geom.Vec) [2]int32 {
	return [2]int32{int32(math.Floor(v.X / gateCell)), int32(math.Floor(v.Y / gateCell))}
}

func newGates(m *lane.Map) (gates []gate, byCell map[[2]int32][]int32) {
	byCell = make(map[[2]int32][]int32)
	for i := range m.Lanes {
		l := &m.Lanes[i]
		if l.Users&vehicles == 0 || l.Signal < 0 && !l.MustStop {
			continue
		}
		at := l.Centre.At(0)
		if len(l.Prev) > 0 { // the stop line lies across the lane that leads here
			at.Heading = m.Lane(l.Prev[0]).Centre.At(m.Lane(l.Prev[0]).Centre.Length()).Heading
		}
		q := gateSquare(at.Vec)
		byCell[q] = append(byCell[q], int32(len(gates)))
		gates = append(gates, gate{at, max(l.ToLeft[0], l.ToRight[0]) + 0.3, lane.ID(i), l.Signal, l.MustStop})
	}
	return gates, byCell
}

// crossing is a stop line that was crossed; which of the lanes behind it was taken shows a little later.
type crossing struct {
	gate   int32
	colour scene.Colour
	slow   float64 // the least speed on the metres before it
	off    float64 // how far from the lane's middle the vehicle's was last
	gone   float64 // m since
	at     float64
}

// decided is after how many metres it is clear which lane was taken, where they part; parted, by when they have.
const decided, parted = 12.0, 40.0

// lines looks at stop lines that the vehicle's front crossed.
func (r *Referee) lines(t *scene.Truth, rec *record, before vehicle.State, step float64) {
	rec.slowAt += step
	if rec.state.Speed <= rec.slow || rec.slowAt > 8 {
		rec.slow, rec.slowAt = rec.state.Speed, 0
	}
	was := rec.spec.Box(before)
	was.Vec = was.Ahead(was.Length/2, 0)
	is := rec.box.Ahead(rec.box.Length/2, 0)
	q := gateSquare(is)
	for x := q[0] - 1; x <= q[0]+1 && step > 0; x++ {
		for y := q[1] - 1; y <= q[1]+1; y++ {
			for _, i := range r.byCell[[2]int32{x, y}] {
				g := &r.gates[i]
				from, to := g.at.Local(was.Vec), g.at.Local(is)
				if from.X <= 0 && to.X > 0 && math.Abs(to.Y) < g.half &&
					math.Abs(geom.Wrap(g.at.Heading-rec.box.Heading)) < math.Pi/3 {
					rec.pending = append(rec.pending, crossing{gate: i, colour: colour(t, g.signal), slow: rec.slow, at: t.Time})
				}
			}
		}
	}
	r.settle(rec, step)
}

// settle judges crossings once it is clear which lane was taken: of those crossed together, the one the vehicle is
// nearest to when the others have turned away from it.
func (r *Referee) settle(rec *record, step float64) {
	if len(rec.pending) == 0 {
		return
	}
	for i := range rec.pending {
		c := &rec.pending[i]
		c.gone += step
		centre := r.m.Lane(r.gates[c.gate].lane).Centre
		if s, d := centre.Project(rec.box.Vec); s < centre.Length()-0.01 {
			c.off = math.Abs(d)
		}
	}
	first := rec.pending[0]
	best, second, together := first, math.Inf(1), 1
	for _, c := range rec.pending[1:] {
		if c.at-first.at > 0.5 && first.gone-c.gone > 1 {
			break
		}
		together++
		second = min(second, max(c.off, best.off))
		if c.off < best.off {
			best = c
		}
	}
	if together > 1 && first.gone < parted && (first.gone < decided || second-best.off < 1) {
		return
	}
	rec.pending = append(rec.pending[:0], rec.pending[together:]...)
	r.judgeLine(rec, best)
}

func (r *Referee) judgeLine(rec *record, c crossing) {
	g := &r.gates[c.gate]
	switch {
	case c.colour == scene.Red || c.colour == scene.RedAmber:
		rec.report.RedLights++
		rec.ranRed = c.at
		r.tell(rec, c.at, RanRed, 0, "it crossed the stop line of "+r.m.Lane(g.lane).Name+" at red")
	case c.colour == scene.Amber:
		rec.report.AmberLights++
	case g.mustStop && c.slow > 0.3:
		rec.report.StopLines++
		r.tell(rec, c.at, RanStop, 0, "it didn't stop before "+r.m.Lane(g.lane).Name)
	}
}
