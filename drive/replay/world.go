package replay

import (
	"context"
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// World replays a scenario. It implements world.World.
type World struct {
	s      *commonroad.Scenario
	time   float64
	riders []rider
}

type rider struct {
	id   uint32
	spec *vehicle.Spec
	at   vehicle.State
}

// New makes a world that begins at a time step of the scenario, mostly the problem's first.
func New(s *commonroad.Scenario, step int) *World { return &World{s: s, time: float64(step) * s.Step} }

// Map gives the scenario's roads.
func (w *World) Map() *lane.Map { return w.s.Map }

// Place puts a vehicle among the others, who don't mind it.
func (w *World) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	for i := range w.riders {
		if w.riders[i].id == id {
			w.riders[i].spec, w.riders[i].at = spec, at
			return nil
		}
	}
	w.riders = append(w.riders, rider{id, spec, at})
	return nil
}

// Remove takes a vehicle out again.
func (w *World) Remove(id uint32) {
	for i := range w.riders {
		if w.riders[i].id == id {
			w.riders = append(w.riders[:i], w.riders[i+1:]...)
			return
		}
	}
}

// Step lets time pass.
func (w *World) Step(ctx context.Context, dt float64) error {
	if !(dt > 0) {
		return fmt.Errorf("replay: a step of %g s", dt)
	}
	// The clock is kept on a grid of microseconds, so that a thousand steps end where they should.
	w.time = math.Round((w.time+dt)*1e6) / 1e6
	return ctx.Err()
}

// Close does nothing: a scenario holds nothing open.
func (w *World) Close() error { return nil }

// Truth fills in where everyone is. Between two recorded steps they are between the two places.
func (w *World) Truth(t *scene.Truth) {
	t.Time = w.time
	t.Actors, t.Lights = t.Actors[:0], t.Lights[:0]
	for i := range w.s.Others {
		if a, there := At(w.s, i, w.time); there {
			t.Actors = append(t.Actors, a)
		}
	}
	for i := range w.riders {
		r := &w.riders[i]
		t.Actors = append(t.Actors, scene.Actor{
			ID: r.id, Kind: scene.Car, Box: r.spec.Box(r.at), Speed: r.at.Speed, Accel: r.at.Accel,
			YawRate: r.at.Speed * math.Tan(r.at.Steer) / r.spec.Wheelbase,
		})
	}
	step := int(math.Floor(w.time/w.s.Step + 1e-6))
	for i := range w.s.Lights {
		colour, more := w.s.Lights[i].At(step)
		t.Lights = append(t.Lights, scene.Light{
			Signal: int32(i), Colour: colours[colour], Remaining: float64(more) * w.s.Step,
		})
	}
}

var colours = map[string]scene.Colour{
	"red": scene.Red, "redYellow": scene.RedAmber, "yellow": scene.Amber, "green": scene.GreenYield,
}

var kinds = map[string]scene.Kind{
	"car": scene.Car, "taxi": scene.Car, "parkedVehicle": scene.Car, "priorityVehicle": scene.Van, "truck": scene.Truck,
	"bus": scene.Bus, "motorcycle": scene.Motorcycle, "bicycle": scene.Bicycle, "pedestrian": scene.Pedestrian,
	"train": scene.Tram, "constructionZone": scene.Obstacle, "roadBoundary": scene.Obstacle, "pillar": scene.Obstacle,
	"median_strip": scene.Obstacle, "building": scene.Obstacle,
}

// At gives the scenario's obstacle i at a time, as an actor whose id is i+1; there is false while it isn't recorded.
func At(s *commonroad.Scenario, i int, time float64) (a scene.Actor, there bool) {
	o := &s.Others[i]
	kind, known := kinds[o.Type]
	if !known {
		kind = scene.Unknown
	}
	a = scene.Actor{ID: uint32(i + 1), Kind: kind}
	at := time / s.Step
	if o.Static {
		a.Box = Ground(o.Shapes, o.States[0].Pose)
		return a, true
	}
	if whole := math.Round(at); math.Abs(at-whole) < 1e-6 {
		at = whole
	}
	last := len(o.States) - 1
	k := int(math.Floor(at)) - o.States[0].Step
	if k < 0 || k > last || k == last && at > float64(o.States[last].Step) {
		for _, f := range o.Fills {
			if step := int(at); step >= f.From && step <= f.To {
				a.Box = Ground(f.Shapes, geom.Pose{})
				return a, true
			}
		}
		return a, false
	}
	x := o.States[k]
	if x.Step != o.States[0].Step+k {
		return sparse(o, a, at)
	}
	share := at - float64(x.Step)
	if share > 0 {
		x = between(x, o.States[k+1], share)
	}
	a.Box, a.Speed, a.Accel = Ground(o.Shapes, x.Pose), x.Speed, x.Accel
	if k < last {
		step := float64(o.States[k+1].Step-o.States[k].Step) * s.Step
		a.YawRate = geom.Wrap(o.States[k+1].Heading-o.States[k].Heading) / step
	}
	return a, true
}

// sparse looks for the two states around a time where the record leaves steps out.
func sparse(o *commonroad.Obstacle, a scene.Actor, at float64) (scene.Actor, bool) {
	for k := 0; k+1 < len(o.States); k++ {
		x, y := o.States[k], o.States[k+1]
		if float64(x.Step) <= at && at <= float64(y.Step) {
			z := between(x, y, (at-float64(x.Step))/float64(y.Step-x.Step))
			a.Box, a.Speed, a.Accel = Ground(o.Shapes, z.Pose), z.Speed, z.Accel
			return a, true
		}
	}
	return a, false
}

func between(a, b commonroad.State, share float64) commonroad.State {
	a.Vec = geom.Between(a.Vec, b.Vec, share)
	a.Heading = geom.Wrap(a.Heading + share*geom.Wrap(b.Heading-a.Heading))
	a.Speed += share * (b.Speed - a.Speed)
	return a
}

// Ground gives a box that holds all shapes, which are told as seen from the pose; that of a single rectangle is exact.
func Ground(shapes []commonroad.Shape, from geom.Pose) geom.Box {
	if len(shapes) == 0 {
		return geom.Box{Pose: from}
	}
	box := shapes[0].Bounds()
	if len(shapes) > 1 {
		low, high := geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
		for i := range shapes {
			for _, c := range shapes[i].Bounds().Corners() {
				low = geom.Vec{X: min(low.X, c.X), Y: min(low.Y, c.Y)}
				high = geom.Vec{X: max(high.X, c.X), Y: max(high.Y, c.Y)}
			}
		}
		box = geom.Box{Pose: geom.Pose{Vec: geom.Between(low, high, 0.5)}, Length: high.X - low.X, Width: high.Y - low.Y}
	}
	box.Vec = from.Ahead(box.X, box.Y)
	box.Heading = geom.Wrap(from.Heading + box.Heading)
	return box
}
