package referee

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Report is what a referee has seen of one vehicle, or of all.
type Report struct {
	Vehicles   int
	Seconds    float64 // looked at
	Moving     float64 // s of these
	Km         float64
	Collisions []Collision

	RedLights       int // stop lines crossed at red
	AmberLights     int // and at amber: allowed where it couldn't stop
	StopLines       int // stop signs not stopped at
	WrongWay        int // stretches of more than 2 m against the direction, but for those a person allowed
	WrongWayMetres  float64
	OffRoad         int // times a corner was more than 0.3 m off the road
	OffRoadSeconds  float64
	SpeedingSeconds float64 // more than 0.5 m/s above the limit
	MaxOver         float64 // m/s above the limit at most

	RoughSeconds float64            // outside of nuPlan's comfort bounds
	Rough        map[string]float64 // by the first bound broken, s
	MaxBrake     float64            // m/s²
	HardBrakes   int                // below -4.05 m/s²

	MinTTC       float64 // s; +Inf if there was none within 3 s
	NearSeconds  float64 // with less than 0.95 s to a collision
	MinPET       float64 // s between two who crossed one place; +Inf if none within 5 s
	CloseSeconds float64 // within 1 s of another who crossed the same place
	MaxDRAC      float64 // m/s²

	LongestStand float64 // s with somewhere to go and no reason to stand: no red light, nobody standing ahead
	LongestWait  float64 // s with a reason
	Deadlocks    int     // stood without a reason for more than 60 s
	FailSafes    int     // times the fail-safe was begun
}

func (p *Report) begin() {
	p.Vehicles, p.Rough = 1, make(map[string]float64)
	p.MinTTC, p.MinPET = math.Inf(1), math.Inf(1)
}

// AtFault gives how many collisions were the vehicle's fault.
func (p *Report) AtFault() int {
	n := 0
	for _, c := range p.Collisions {
		if c.AtFault {
			n++
		}
	}
	return n
}

// Set gives how many collisions were with a body that had just been set there.
func (p *Report) Set() int {
	n := 0
	for _, c := range p.Collisions {
		if c.Class == Set {
			n++
		}
	}
	return n
}

// Comfort gives the share of the time within nuPlan's bounds, 0 to 1.
func (p *Report) Comfort() float64 {
	if p.Seconds == 0 {
		return 1
	}
	return 1 - p.RoughSeconds/p.Seconds
}

// ComfortMoving is Comfort of the time that the vehicle moved: the stricter figure.
func (p *Report) ComfortMoving() float64 {
	if p.Moving == 0 {
		return 1
	}
	return max(0, 1-p.RoughSeconds/p.Moving)
}

// Add puts another report to this one.
func (p *Report) Add(q *Report) {
	p.Vehicles += q.Vehicles
	p.Seconds, p.Moving, p.Km = p.Seconds+q.Seconds, p.Moving+q.Moving, p.Km+q.Km
	p.Collisions = append(p.Collisions, q.Collisions...)
	p.RedLights, p.AmberLights, p.StopLines = p.RedLights+q.RedLights, p.AmberLights+q.AmberLights, p.StopLines+q.StopLines
	p.WrongWay, p.WrongWayMetres = p.WrongWay+q.WrongWay, p.WrongWayMetres+q.WrongWayMetres
	p.OffRoad, p.OffRoadSeconds = p.OffRoad+q.OffRoad, p.OffRoadSeconds+q.OffRoadSeconds
	p.SpeedingSeconds, p.MaxOver = p.SpeedingSeconds+q.SpeedingSeconds, max(p.MaxOver, q.MaxOver)
	p.RoughSeconds += q.RoughSeconds
	for why, s := range q.Rough {
		p.Rough[why] += s
	}
	p.MaxBrake, p.HardBrakes = max(p.MaxBrake, q.MaxBrake), p.HardBrakes+q.HardBrakes
	p.MinTTC, p.NearSeconds = min(p.MinTTC, q.MinTTC), p.NearSeconds+q.NearSeconds
	p.MinPET, p.CloseSeconds = min(p.MinPET, q.MinPET), p.CloseSeconds+q.CloseSeconds
	p.MaxDRAC, p.LongestStand = max(p.MaxDRAC, q.MaxDRAC), max(p.LongestStand, q.LongestStand)
	p.LongestWait = max(p.LongestWait, q.LongestWait)
	p.Deadlocks, p.FailSafes = p.Deadlocks+q.Deadlocks, p.FailSafes+q.FailSafes
}

// Report gives what was seen of all vehicles.
func (r *Referee) Report() Report {
	var all Report
	all.begin()
	all.Vehicles = 0
	for _, id := range r.order {
		all.Add(&r.egos[id].report)
	}
	return all
}

// Of gives what was seen of one vehicle; ok is false for one never looked at.
func (r *Referee) Of(id uint32) (p Report, ok bool) {
	rec := r.egos[id]
	if rec == nil {
		return Report{}, false
	}
	p = rec.report
	p.Collisions, p.Rough = slices.Clone(p.Collisions), maps.Clone(p.Rough)
	return p, true
}

// String gives the report as a few lines of text.
func (p Report) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%d vehicles, %.2f km, %.0f s (%.0f s moving)", p.Vehicles, p.Km, p.Seconds, p.Moving)
	line("collisions %d, at fault %d, %d with bodies that were set there", len(p.Collisions), p.AtFault(), p.Set())
	for _, c := range p.Collisions {
		line("  %.1f s: %d with %d, %s, at fault %t: %s (%.1f and %.1f m/s, impact %.1f m/s, at %.1f, %.1f)",
			c.At, c.Ego, c.With, c.Class, c.AtFault, c.Why, c.Speed, c.OtherSpeed, c.Impact, c.Where.X, c.Where.Y)
	}
	line("red lights %d (amber %d), stop lines %d, wrong way %d (%.0f m), off-road %d (%.1f s), speeding %.1f s (at most +%.1f m/s)",
		p.RedLights, p.AmberLights, p.StopLines, p.WrongWay, p.WrongWayMetres, p.OffRoad, p.OffRoadSeconds, p.SpeedingSeconds, p.MaxOver)
	line("comfort %.2f %% of the time, %.2f %% of that moving; hard brakes %d, hardest %.1f m/s²",
		100*p.Comfort(), 100*p.ComfortMoving(), p.HardBrakes, p.MaxBrake)
	for _, why := range slices.Sorted(maps.Keys(p.Rough)) {
		line("  %s: %.1f s", why, p.Rough[why])
	}
	line("least time to collision %.2f s (below 0.95 s: %.1f s), least time between two in one place %.2f s, hardest needed %.1f m/s²",
		p.MinTTC, p.NearSeconds, p.MinPET, p.MaxDRAC)
	line("fail-safes %d, deadlocks %d, longest stand %.0f s, longest wait with a reason %.0f s", p.FailSafes, p.Deadlocks, p.LongestStand, p.LongestWait)
	return b.String()
}
