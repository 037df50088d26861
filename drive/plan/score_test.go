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
