package plan

import (
	"math"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

func TestWhoIsTooNearAlreadyIsNotComeNearer(t *testing.T) {
	m, err := lane.NewMap(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := New(m, &vehicle.Shuttle)
	half := p.spec.Length/2 - p.spec.RearOverhang
	for _, c := range []struct {
		what    string
		gap     float64 // m between the bodies, as seen
		heading float64 // of the vehicle: to the left is towards the other
		speed   float64 // m/s, of the vehicle
		veto    string
	}{
		{"towards it, with room to begin with", 0.3, 0.1, 2, "collision"},
		{"towards it, from within the margin", 0.05, 0.1, 1, "collision"},
		{"towards it, although they seem to touch", -0.05, 0.1, 1, "collision"},
		{"along it, from within the margin", 0.05, 0, 1, ""},
		{"away from it", 0.05, -0.1, 1, ""},
		{"staying", -0.05, 0.1, 0, ""},
	} {
		actor := scene.Actor{ID: 1, Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: half + 2}}, Length: 5, Width: 1.8}}
		ego := p.spec.Box(vehicle.State{Pose: geom.Pose{Heading: c.heading}})
		for _, corner := range ego.Corners() {
			actor.Box.Y = math.Max(actor.Box.Y, corner.Y+0.9+c.gap)
		}
		motion := predict.Motion{Actor: &actor, Share: 1, Stood: 5}
		for k := range motion.Boxes {
			motion.Boxes[k] = actor.Box.Pose
		}
		p.motions = []predict.Motion{motion}
		p.bound()
		q := Proposal{Class: Keep, late: math.Inf(1)}
		for k := range q.States {
			q.States[k].Vec = geom.Towards(c.heading).Times(c.speed * float64(k) * predict.Tick)
			q.States[k].Heading, q.States[k].Speed = c.heading, c.speed
		}
		p.collide(&q)
		if q.Veto != c.veto {
			t.Errorf("%s: veto %q, want %q", c.what, q.Veto, c.veto)
		}
	}
}

func TestABrakeIsNotKeptToWhereAGentlerOneDoes(t *testing.T) {
	m, err := lane.NewMap(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := New(m, &vehicle.Shuttle)
	p.task, p.last, p.lastName = &Task{}, Brake, "emergency stop"
	for _, b := range []struct {
		name  string
		class Class
		accel float64
	}{{"emergency stop", Brake, -7.5}, {"stop", Halt, -2}} {
		q := p.add(b.name, b.class, 0)
		x := vehicle.State{Speed: 2, Accel: -1}
		for k := range q.States {
			q.States[k], q.s[k], q.d[k] = x, x.X, 0
			x = p.spec.Step(x, vehicle.Control{Accel: b.accel, Hard: b.class == Brake}, predict.Tick)
		}
	}
	p.score()
	if p.proposals[0].Score >= p.proposals[1].Score {
		t.Errorf("the emergency stop has %.3f, the even one %.3f", p.proposals[0].Score, p.proposals[1].Score)
	}
}

func TestWhoFollowsTheLineOffTheRoadIsNotBlamedForWhatTheLineDoes(t *testing.T) {
	c, err := geom.NewPath([]geom.Vec{{}, {X: 60}, {X: 64, Y: 60}}) // a corner in which no line keeps to the lane
	if err != nil {
		t.Fatal(err)
	}
	m, err := lane.NewMap([]lane.Lane{{
		Name: "corner", Centre: c, ToLeft: []float64{1.3, 1.3, 1.3}, ToRight: []float64{1.3, 1.3, 1.3}, Limit: 10, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := New(m, &vehicle.Shuttle)
	v := &p.views[0]
	v.way.make(m, nil, lane.Spot{S: 20}, lane.None, p.spec, 10)
	spilt := 0.0
	for _, x := range v.way.Samples {
		spilt = max(spilt, x.spill[0], x.spill[1])
	}
	if spilt < 0.1 {
		t.Fatalf("the line keeps to the lane: %.2f m", spilt)
	}
	for _, aside := range []float64{0, 1, -1} {
		q := Proposal{Class: Keep, late: math.Inf(1)}
		for k := range q.States {
			s := 44 + 0.6*float64(k)
			at := v.way.At(s)
			q.States[k].Pose = geom.Pose{Vec: at.Ahead(0, aside), Heading: at.Heading}
			if k == 0 {
				q.States[k].Pose = at.Pose // it begins on the line
			} else {
				q.d[k] = aside
			}
			q.s[k] = s
		}
		p.leave(v, &q)
		if aside == 0 && q.off > 0.15 || aside != 0 && q.off < 0.5 {
			t.Errorf("%g m beside the line: %.2f m off the road", aside, q.off)
		}
	}
}
