package plan

import (
	"hutong/drive/geom"
	"hutong/drive/predict"
	"hutong/drive/vehicle"
)

// A forecast is cut into stretches of time, for each of which bounds say where somebody is at most: whose bounds are
// apart can't touch.
const (
	stretch   = 10 // ticks
	stretches = predict.Steps/stretch + 1
)

// bounds are between which places something moves in each stretch of time.
type bounds [stretches]struct{ lowX, highX, lowY, highY float64 }

// take makes x hold a point at tick k.
func (x *bounds) take(k int, px, py float64) {
	b := &x[k/stretch]
	if k%stretch == 0 {
		b.lowX, b.highX, b.lowY, b.highY = px, px, py, py
		return
	}
	b.lowX, b.highX = min(b.lowX, px), max(b.highX, px)
	b.lowY, b.highY = min(b.lowY, py), max(b.highY, py)
}

// apart tells whether the two are more than far metres apart in a stretch.
func (x *bounds) apart(i int, y *bounds, far float64) bool {
	a, b := &x[i], &y[i]
	return a.lowX-b.highX > far || b.lowX-a.highX > far || a.lowY-b.highY > far || b.lowY-a.highY > far
}

// bound notes where the others will be.
func (p *Planner) bound() {
	p.around = p.around[:0]
	for i := range p.motions {
		m := &p.motions[i]
		var b bounds
		for k := range m.Boxes {
			b.take(k, m.Boxes[k].X, m.Boxes[k].Y)
		}
		n := len(p.around)
		if n == cap(p.around) {
			p.around = append(p.around, around{})
		}
		p.around = p.around[:n+1]
		x := &p.around[n]
		x.bounds, x.radius, x.known = b, m.Actor.Box.Radius(), [stretches]bool{}
	}
}

// around is where a motion goes, at most, how far its body reaches from its middle, m, and in which direction it faces.
type around struct {
	bounds
	radius float64
	headed
}

// headed are the unit vectors of headings, looked up for a stretch when they are first asked for.
type headed struct {
	known [stretches]bool
	ahead [predict.Steps + 1]geom.Vec
}

// know looks the stretch up that tick k lies in.
func (x *headed) know(k int, heading func(k int) float64) {
	if x.known[k/stretch] {
		return
	}
	x.known[k/stretch] = true
	for i := k / stretch * stretch; i < min((k/stretch+1)*stretch, predict.Steps+1); i++ {
		x.ahead[i] = geom.Towards(heading(i))
	}
}

func boundsOf(states *[predict.Steps + 1]vehicle.State) (b bounds) {
	for k := range states {
		b.take(k, states[k].X, states[k].Y)
	}
	return b
}

// lead is a span of someone who may be ahead of the vehicle at a time, with its middle along the way, and whose it is.
type lead struct {
	span
	mid   float64
	other int
}

// lead gathers the spans that may lie ahead of the vehicle, those of each time side by side: they are looked at again for
// each step of each proposal. front is from the rear axle to the front end, m.
func (v *view) lead(front float64) {
	const back = 3.0 // m that a vehicle's place along its way may seem to go back
	for k := range v.leads {
		at := v.leads[k][:0]
		for i := range v.others {
			x := &v.others[i].at[k]
			if mid := (x.lo + x.hi) / 2; x.there && mid >= v.s+front/2-back {
				at = append(at, lead{*x, mid, i})
			}
		}
		v.leads[k] = at
	}
}
