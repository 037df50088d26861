package shield

import (
	"fmt"
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"

	"pgregory.net/rapid"
)

// bout is a closed loop of one vehicle, whose planner is a fool, and others who do the worst they are assumed to do.
type bout struct {
	shield *Shield
	ego    vehicle.State
	others []*driver
	late   float64 // s, the sensors' latency
	time   float64
	past   []scene.Actor // as they were late ago
	// standing says that to be hit while it stands counts too.
	standing bool
}

// driver is one of the others. It keeps its lane.
type driver struct {
	scene.Actor
	limit  float64
	wish   func(t *rapid.T, d *driver) float64 // m/s²
	stop   float64                             // m along its heading from the origin that its nose won't pass while it can stop; 0: nowhere
	leaves func(ego geom.Box) bool             // the vehicle is in a junction, and has to be let out
	seen   float64                             // s that the vehicle has been in its way
}

func (d *driver) step(t *rapid.T, ego geom.Box) {
	accel := d.wish(t, d)
	if d.Speed < still && d.leaves != nil && d.leaves(ego) {
		accel = min(accel, 0)
	}
	if d.blocked(ego) {
		if accel = min(accel, 0); d.seen >= City.OtherResponse-1e-9 {
			accel = min(accel, -City.OtherMinBrake)
		}
		d.seen += dt
	} else {
		d.seen = 0
	}
	if nose := d.Box.Vec.Dot(geom.Towards(d.Box.Heading)) + d.Box.Length/2; d.stop != 0 && nose <= d.stop {
		// It gives way: brakes as soon as it has to, with no more than it is assumed to.
		if room := d.stop - 0.5 - nose - d.Speed*dt - dt*dt; room < stopping(d.Speed+City.OtherAccel*dt, 0.9*City.OtherMinBrake) {
			accel = min(accel, -d.Speed*d.Speed/(2*max(d.stop-0.4-nose, 0.01)))
		}
	}
	was := d.Speed
	d.Speed = min(max(was+accel*dt, 0), d.limit)
	d.Accel = (d.Speed - was) / dt
	d.Box.Vec = d.Box.Ahead((was+d.Speed)/2*dt, 0)
}

// blocked tells whether the vehicle is in the way ahead.
func (d *driver) blocked(ego geom.Box) bool {
	ahead := geom.Box{Pose: d.Box.Pose, Length: 200, Width: d.Box.Width + 2*City.LateralGap}
	ahead.Vec = d.Box.Ahead(100+d.Box.Length/2, 0)
	return ahead.Overlaps(ego)
}

func (b *bout) view() scene.View {
	v := scene.View{Time: b.time, Taken: b.time - b.late, Ego: b.ego, Range: 150}
	for i, d := range b.others {
		a := d.Actor
		if b.late > 0 && b.past != nil { // what was seen, brought forward as a sensor does
			a = b.past[i]
			a.Box.Vec = a.Box.Ahead(a.Speed*b.late, 0)
		}
		v.Actors = append(v.Actors, a)
	}
	return v
}

// cycle lets the planner wish, the shield judge, and the world go on. It tells what hit whom; "" when nothing did.
func (b *bout) cycle(t *rapid.T, wish []vehicle.State, control func(i int, x vehicle.State) vehicle.Control) (hit string, released bool) {
	v := b.view()
	b.shield.Look(&v)
	verdict := b.shield.Judge(wish)
	c := control(1, b.ego)
	if !verdict.Released {
		c, _ = b.shield.FailSafe()
	}
	b.past = b.past[:0]
	for _, d := range b.others {
		b.past = append(b.past, d.Actor)
	}
	for range 5 {
		b.ego = vehicle.Shuttle.Step(b.ego, c, dt/5)
	}
	for _, d := range b.others {
		d.step(t, vehicle.Shuttle.Box(b.ego))
	}
	b.time += dt
	box := vehicle.Shuttle.Box(b.ego)
	for _, d := range b.others {
		if d.Box.Overlaps(box) && (b.ego.Speed > 0 || b.standing) {
			return fmt.Sprintf("hit %d at %.1f s: ego %+v, other %+v, verdict %+v", d.ID, b.time, b.ego, d.Actor, verdict), verdict.Released
		}
	}
	return "", verdict.Released
}

// fool wishes for an acceleration, another every half second or so, and looks at nobody.
func fool(t *rapid.T) func() float64 {
	accel, left := 0.0, 0
	return func() float64 {
		if left--; left < 0 {
			accel, left = rapid.Float64Range(-2, 2).Draw(t, "wish"), rapid.IntRange(1, 10).Draw(t, "for")
		}
		return accel
	}
}

// erratic drives as its mood takes it, between all its brake and all its power.
func erratic(t *rapid.T) func(*rapid.T, *driver) float64 {
	accel, left := 0.0, 0
	return func(t *rapid.T, d *driver) float64 {
		if left--; left < 0 {
			accel = rapid.SampledFrom([]float64{-City.OtherMaxBrake, -City.OtherMaxBrake / 2, -1, 0, 1, City.OtherAccel}).Draw(t, "mood")
			left = rapid.IntRange(1, 30).Draw(t, "hold")
		}
		return accel
	}
}

func newBout(t *rapid.T, m *lane.Map, speed float64) *bout {
	s, err := New(m, &vehicle.Shuttle, City)
	if err != nil {
		t.Fatal(err)
	}
	return &bout{shield: s, ego: ego(0, 0, 0, speed), late: rapid.SampledFrom([]float64{0, dt}).Draw(t, "late")}
}

func TestNobodyAheadIsEverHitBehindTheShield(t *testing.T) {
	road := street(t, 1000, 13.9, 13.9, -13.9)
	released, cycles := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.Float64Range(0, 13.9).Draw(t, "speed")
		b := newBout(t, road, speed)
		x := 2.25 + 2.45
		for i := range rapid.IntRange(1, 3).Draw(t, "ahead") {
			v := rapid.Float64Range(0, 14).Draw(t, "its")
			if i == 0 {
				x += City.Gap + Longitudinal(speed, v, 2*dt, City.MaxAccel, City.MinBrake, City.OtherMaxBrake) + rapid.Float64Range(1.5, 30).Draw(t, "gap")
			} else {
				x += rapid.Float64Range(5, 40).Draw(t, "gap")
			}
			b.others = append(b.others, &driver{Actor: car(uint32(i+1), x, 0, 0, v), limit: 15, wish: erratic(t)})
		}
		beside := car(9, rapid.Float64Range(-20, 60).Draw(t, "x"), 3.5, 0, rapid.Float64Range(0, 14).Draw(t, "its"))
		b.others = append(b.others, &driver{Actor: beside, limit: 15, wish: erratic(t)})
		oncoming := car(10, 150, 7, math.Pi, 12)
		b.others = append(b.others, &driver{Actor: oncoming, limit: 15, wish: erratic(t)})
		wish := fool(t)
		for range 100 {
			accel := wish()
			hit, ok := b.cycle(t, plan(b.ego, 41, steady(accel)), steady(accel))
			if hit != "" {
				t.Fatal(hit)
			}
			cycles++
			if ok {
				released++
			}
		}
	})
	if released*4 < cycles {
		t.Errorf("only %d of %d cycles had their plan released", released, cycles)
	}
}

// cross makes a map of two roads that cross at the origin, from west to east and from south to north. Who comes from the
// side that yields gives way.
func cross(t testing.TB, yields string) *lane.Map {
	t.Helper()
	var lanes []lane.Lane
	for i, dir := range []geom.Vec{{X: 1}, {Y: 1}} {
		at := []geom.Vec{dir.Times(-150), dir.Times(-6), dir.Times(6), dir.Times(500)}
		for k, part := range []string{"in", "mid", "out"} {
			l := straight(t, []string{"west ", "south "}[i]+part, at[k], at[k+1], 13.9)
			if k > 0 {
				l.Prev = []lane.ID{lane.ID(3*i + k - 1)}
			}
			if k < 2 {
				l.Next = []lane.ID{lane.ID(3*i + k + 1)}
			}
			if k == 1 {
				l.Kind, l.Junction = lane.Junction, "cross"
				l.Conflicts = []lane.Conflict{{With: lane.ID(4 - 3*i), From: 4.25, To: 7.75, WithFrom: 4.25, WithTo: 7.75, Yield: l.Name == yields+" mid"}}
			}
			lanes = append(lanes, l)
		}
	}
	return mapOf(t, lanes)
}

func TestNobodyIsHitWhereRoadsCross(t *testing.T) {
	for yields, least := range map[string]float64{"west": 0.1, "south": 0.1} {
		t.Run(yields+" yields", func(t *testing.T) { crossing(t, yields, least) })
	}
}

// crossing lets the vehicle come from the west, and others from the south.
func crossing(t *testing.T, yields string, least float64) {
	road := cross(t, yields)
	passed, bouts := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		b := newBout(t, road, rapid.Float64Range(0, 13).Draw(t, "speed"))
		b.standing = true
		b.ego = ego(-rapid.Float64Range(40, 80).Draw(t, "from"), 0, 0, b.ego.Speed)
		y := -rapid.Float64Range(10, 60).Draw(t, "south")
		for i := range rapid.IntRange(1, 3).Draw(t, "others") {
			d := &driver{Actor: car(uint32(i+1), 0, y, math.Pi/2, rapid.Float64Range(0, 13.9).Draw(t, "its")), limit: 13.9 * City.OverLimit, wish: erratic(t), leaves: inCross}
			if yields == "south" {
				d.stop = -6 + 4.25
				d.Speed = min(d.Speed, math.Sqrt(2*City.OtherMinBrake*max(0, d.stop-(y+2.25)-4))) // so that it can stop
			}
			b.others = append(b.others, d)
			y -= rapid.Float64Range(8, 50).Draw(t, "gap")
		}
		wish := fool(t)
		for range 150 {
			accel := wish()
			if hit, _ := b.cycle(t, plan(b.ego, 41, steady(accel)), steady(accel)); hit != "" {
				t.Fatal(hit)
			}
		}
		bouts++
		if b.ego.X > 6 {
			passed++
		}
	})
	if float64(passed) < least*float64(bouts) {
		t.Errorf("only %d of %d came through", passed, bouts)
	}
}

// inCross tells whether the vehicle is in the junction of cross.
func inCross(ego geom.Box) bool { return math.Abs(ego.X) < 6 }
