package osc

import (
	"context"
	"errors"
	"fmt"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/opendrive"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// World is a scenario that is being played, a [world.World] for a loop. It belongs to one goroutine.
type World struct {
	net        *opendrive.Network
	entities   []*entity
	ego        *entity
	egoID      uint32 // 0 until it is placed
	variables  Values
	parameters Values
	lines      map[*node]*geom.Path // routes, by where they are declared
	story      *part

	time  float64
	tick  int
	ended bool
	goal  lane.Spot
	wish  float64
}

var _ world.World = (*World)(nil)

// tickLong is how finely the storyboard is played, s.
const tickLong = 0.02

// Map gives the roads.
func (w *World) Map() *lane.Map { return w.net.Map }

// Ego gives the body of the vehicle under test and where it starts, which is where its driver is to be added to the loop.
func (w *World) Ego() (*vehicle.Spec, vehicle.State) {
	return w.ego.spec, vehicle.State{Pose: w.ego.at, Speed: w.ego.speed}
}

// Goal gives where the scenario sends the vehicle under test; its Lane is None where there is no road.
func (w *World) Goal() lane.Spot { return w.goal }

// Wish gives how fast the scenario wants the vehicle under test to drive now, m/s.
func (w *World) Wish() float64 { return w.wish }

// Ended tells whether the scenario's stop trigger has come.
func (w *World) Ended() bool { return w.ended }

// KeepLanes forbids all changes of lanes, for a vehicle under test whose task is to keep its lane. It is called before the
// world is played.
func (w *World) KeepLanes() {
	for i := range w.net.Map.Lanes {
		w.net.Map.Lanes[i].MayLeft, w.net.Map.Lanes[i].MayRight = false, false
	}
}

// Parameter gives what a parameter of the scenario is.
func (w *World) Parameter(name string) (string, bool) {
	v, ok := w.parameters[name]
	return v, ok
}

// Truth fills in all that is now: everyone under the number of their entity in the file, from 1, the vehicle under test
// under the id it was placed with.
func (w *World) Truth(t *scene.Truth) {
	t.Time, t.Actors, t.Lights = w.time, t.Actors[:0], t.Lights[:0]
	for _, e := range w.entities {
		if e.gone || e == w.ego && w.egoID == 0 {
			continue
		}
		a := scene.Actor{
			ID: e.id, Kind: e.kind, Box: e.box(), Speed: e.speed, Accel: e.accel, YawRate: e.yaw, Turn: e.turn,
			Braking: e.accel < -1,
		}
		if e == w.ego {
			a.ID = w.egoID
		}
		t.Actors = append(t.Actors, a)
	}
	for i := range w.net.Map.Signals {
		t.Lights = append(t.Lights, scene.Light{Signal: int32(i), Remaining: -1})
	}
}

// Name gives the entity of an id in the truth; "" where there is none.
func (w *World) Name(id uint32) string {
	switch {
	case id == w.egoID && id != 0:
		return w.ego.name
	case id >= 1 && int(id) <= len(w.entities):
		return w.entities[id-1].name
	}
	return ""
}

// Place puts the vehicle under test where its own model says it is. There is but one.
func (w *World) Place(id uint32, _ *vehicle.Spec, at vehicle.State) error {
	if w.egoID != 0 && id != w.egoID {
		return fmt.Errorf("a scenario has one vehicle under test, and it is %d, not %d", w.egoID, id)
	}
	if !at.Finite() {
		return errors.New("the vehicle under test is nowhere: its place is not a finite number")
	}
	e := w.ego
	if w.egoID != 0 {
		e.notice(e.at.To(at.Vec), drive.Cycle)
		e.yaw = geom.Wrap(at.Heading-e.at.Heading) / drive.Cycle
	}
	w.egoID = id
	e.at, e.speed, e.accel = at.Pose, at.Speed, at.Accel
	if e.line != nil {
		e.s, e.d = e.line.Project(e.at.Vec)
	}
	return nil
}

// Step lets dt seconds pass for everyone else, and plays the storyboard. An error says what in the scenario could not be
// played.
func (w *World) Step(ctx context.Context, dt float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for left := dt; left > 1e-9; left -= tickLong {
		part := min(left, tickLong)
		if err := w.play(); err != nil {
			return err
		}
		for _, e := range w.entities {
			if e != w.ego && !e.gone {
				e.move(w, part)
			}
		}
		w.time += part
		w.tick++
	}
	return nil
}

func (w *World) play() error {
	if w.ended {
		return nil
	}
	if err := w.story.step(w, nil); err != nil {
		return err
	}
	if w.story.stop != nil {
		var err error
		w.ended, err = w.story.stop.met(w)
		return err
	}
	return nil
}

// Close lets go of nothing: a played scenario holds nothing.
func (w *World) Close() error { return nil }

// find gives the entity of a name, nil where there is none.
func (w *World) find(name string) *entity {
	for _, e := range w.entities {
		if e.name == name {
			return e
		}
	}
	return nil
}
