package sumo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/traci"
	"hutong/drive/vehicle"
)

// ego is a vehicle that drives itself.
type ego struct {
	id     uint32
	name   string // SUMO's
	spec   *vehicle.Spec
	at     vehicle.State
	placed bool // it has a place of ours
	moved  bool // to be told to SUMO with the next step
	goal   string
	route  []string // as SUMO has it
	inside bool     // SUMO knows it
	seen   uint64   // the step after which SUMO last spoke of it
	turn   scene.Indicator
	host   uint32  // who is asked to let it in, and
	asking float64 // for how long, s
}

// Lost is a vehicle of ours that SUMO no longer has on its roads.
type Lost struct {
	ID  uint32
	Why string // "arrived", "teleported", or what SUMO answered
}

// Lost gives the vehicles that SUMO took out in the last step. The next Place brings one back.
func (w *World) Lost() []Lost { return w.lost }

// Collisions gives those that SUMO itself saw begin in the last step, between whomever. Egos' names are those of
// [World.Name].
func (w *World) Collisions() []traci.Collision { return w.hits }

func egoName(id uint32) string { return "hutong." + strconv.FormatUint(uint64(id&^(1<<31)), 10) }

// Send says along which edges of SUMO's a vehicle of ours means to go, before it is first placed or afterwards. SUMO's
// drivers tell by it whom it is going to meet at a junction. When the vehicle goes another way, SUMO is told a new one
// to the last of the edges.
func (w *World) Send(id uint32, edges []string) error {
	if len(edges) == 0 {
		return fmt.Errorf("sumo: vehicle %d is sent along no edges", id)
	}
	e := w.ego(id)
	e.goal, e.route = edges[len(edges)-1], append([]string(nil), edges...)
	if e.inside && w.sumo != nil {
		return w.sumo.ChangeTarget(e.name, e.goal)
	}
	return nil
}

func (w *World) ego(id uint32) *ego {
	e := w.egos[id]
	if e == nil {
		e = &ego{id: id, name: egoName(id)}
		w.egos[id], w.byName[e.name] = e, e
		w.order = append(w.order, id)
	}
	return e
}

// Enter lets SUMO put a vehicle of ours on the road as it does its own: at the start of its first edge, when there is
// room. [World.Entered] tells when and where; from then on it must be placed at each step.
func (w *World) Enter(id uint32, spec *vehicle.Spec, edges []string) error {
	if err := w.Send(id, edges); err != nil {
		return err
	}
	e := w.ego(id)
	e.spec = spec
	return w.add(e, traci.Departure{Lane: "best", Speed: "0"})
}

// Entered gives where a vehicle that was to Enter is, once it is on the road.
func (w *World) Entered(id uint32) (at vehicle.State, ok bool) {
	e := w.egos[id]
	if e == nil || !e.inside || e.placed || e.seen != w.steps {
		return vehicle.State{}, false
	}
	return e.at, true
}

// Place puts a vehicle of ours where its own model says it is, with the next step. The first time it appears there.
func (w *World) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	if id < 1<<31 {
		return fmt.Errorf("sumo: vehicle %d: ids of vehicles that drive themselves begin at %d", id, uint32(1<<31))
	}
	if !at.Finite() || math.IsNaN(at.Heading) || math.IsInf(at.Heading, 0) || !(at.Speed >= 0) {
		return fmt.Errorf("sumo: vehicle %d can't be placed at %v, %g rad, %g m/s", id, at.Vec, at.Heading, at.Speed)
	}
	e := w.ego(id)
	e.spec, e.at, e.placed, e.moved = spec, at, true, true
	if e.inside {
		return nil
	}
	if err := w.wayFrom(e); err != nil {
		return err
	}
	return w.add(e, traci.Departure{Lane: "first", Pos: "base", Speed: "0"})
}

// Remove takes a vehicle of ours out.
func (w *World) Remove(id uint32) {
	e := w.egos[id]
	if e == nil {
		return
	}
	if e.inside && w.sumo != nil {
		// Whether SUMO still has it or not, it is gone afterwards.
		_ = w.sumo.Subscribe(traci.Vehicles, e.name)
		_ = w.sumo.RemoveVehicle(e.name, traci.Vaporised)
	}
	delete(w.egos, id)
	delete(w.byName, e.name)
	for i, o := range w.order {
		if o == id {
			w.order = append(w.order[:i:i], w.order[i+1:]...)
			break
		}
	}
}

// add makes SUMO know a vehicle and leave its speed and lane to us.
func (w *World) add(e *ego, d traci.Departure) error {
	if w.sumo == nil {
		return errClosed
	}
	d.Type = ShuttleType
	c := w.sumo.Client
	err := c.Together(func() error {
		if !isShuttle(e.spec) {
			d.Type = e.name + ".type"
			_ = errors.Join(c.CopyType(ShuttleType, d.Type), // within Together nothing fails yet
				c.SetDouble(traci.Types, traci.VarLength, d.Type, e.spec.Length),
				c.SetDouble(traci.Types, traci.VarWidth, d.Type, e.spec.Width),
				c.SetDouble(traci.Types, traci.VarMaxSpeed, d.Type, e.spec.MaxSpeed))
		}
		d.Route = e.name + "." + strconv.FormatUint(w.steps, 10)
		return errors.Join(c.AddRoute(d.Route, e.route...), c.AddVehicle(e.name, d), c.SetSpeedMode(e.name, 0),
			c.SetLaneChangeMode(e.name, 0))
	})
	if err != nil {
		return fmt.Errorf("sumo: vehicle %d can't be added: %w", e.id, err)
	}
	e.inside, e.seen = true, w.steps
	if err := c.Subscribe(traci.Vehicles, e.name, traci.VarPosition, traci.VarAngle, traci.VarSpeed, traci.VarEdges); err != nil {
		return fmt.Errorf("sumo: vehicle %d: %w", e.id, err)
	}
	return nil
}

// maxWay is how many edges a vehicle that was sent nowhere is thought to go on for.
const maxWay = 30

// wayFrom makes sure that the vehicle has a way SUMO can be told of, beginning where it is.
func (w *World) wayFrom(e *ego) error {
	box := e.spec.Box(e.at)
	spot, ok := w.m.Locate(box.Pose, lane.Cars|lane.Taxis|lane.Buses, 20)
	if !ok {
		return fmt.Errorf("sumo: vehicle %d is not near any lane: %v", e.id, box.Vec)
	}
	var edges []string
	for id := spot.Lane; id != lane.None && len(edges) < maxWay; {
		l := w.m.Lane(id)
		if edge := edgeOf(l.Name); l.Junction == "" && (len(edges) == 0 || edges[len(edges)-1] != edge) {
			edges = append(edges, edge)
		}
		id = w.onward(l)
	}
	if len(edges) == 0 {
		return fmt.Errorf("sumo: vehicle %d is in a junction that leads nowhere: %v", e.id, box.Vec)
	}
	e.route = edges
	if e.goal == "" {
		e.goal = edges[len(edges)-1]
	}
	return nil
}

// onward gives the lane that a vehicle without a plan would go on to: straight where it can.
func (w *World) onward(l *lane.Lane) lane.ID {
	best := lane.None
	for _, n := range l.Next {
		if next := w.m.Lane(n); next.Users&(lane.Cars|lane.Taxis) != 0 && (best == lane.None || next.Turn == lane.Straight) {
			best = n
		}
	}
	return best
}

// edgeOf gives the edge of a lane's name.
func edgeOf(name string) string {
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		return name[:i]
	}
	return name
}

// move tells SUMO where our vehicles are, within the message of a step.
func (w *World) move() error {
	c := w.sumo.Client
	for _, id := range w.order {
		e := w.egos[id]
		if !e.inside || !e.placed || !e.moved {
			continue
		}
		e.moved = false
		front := e.at.Ahead(e.spec.Length-e.spec.RearOverhang, 0)
		err := errors.Join(
			c.MoveToXY(e.name, traci.Move{
				Lane: -1, X: front.X, Y: front.Y, Angle: angle(e.at.Heading), Keep: traci.Anywhere, Threshold: 10,
			}),
			c.SetPreviousSpeed(e.name, e.at.Speed, e.at.Accel))
		if err != nil {
			return err
		}
		if w.steps%courtesyEvery == uint64(id)%courtesyEvery {
			if err := w.letIn(e); err != nil {
				return err
			}
		}
		if n := len(e.route); n > 0 && e.goal != "" && e.route[n-1] != e.goal {
			// It left the way SUMO knew of. Where no way leads to the goal from here, it is asked again in a while.
			if w.steps%10 != uint64(id)%10 {
				continue
			}
			if err := c.ChangeTarget(e.name, e.goal); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeEgo takes in what SUMO says of one of ours.
func (w *World) takeEgo(o *traci.Object) {
	e := w.byName[o.ID]
	if e == nil {
		return
	}
	var at geom.Vec
	var turned, speed float64
	for i := range o.Values {
		switch v := &o.Values[i]; v.Var {
		case traci.VarPosition:
			at = geom.Vec{X: v.X, Y: v.Y}
		case traci.VarAngle:
			turned = v.X
		case traci.VarSpeed:
			speed = v.X
		case traci.VarEdges:
			e.route = e.route[:0]
			for j := range v.Parts {
				e.route = append(e.route, v.Parts[j].Text)
			}
		}
	}
	if at.X <= traci.Invalid/2 || !at.Finite() {
		return // it waits to enter
	}
	e.seen = w.steps
	if !e.placed {
		front := geom.Pose{Vec: at, Heading: heading(turned)}
		e.at = vehicle.State{Speed: max(0, speed), Pose: geom.Pose{
			Vec: front.Ahead(e.spec.RearOverhang-e.spec.Length, 0), Heading: front.Heading,
		}}
	}
}

// takeEvents takes in who left.
func (w *World) takeEvents(o *traci.Object) {
	for _, left := range []struct {
		v   traci.Var
		why string
	}{{traci.VarArrived, "arrived"}, {traci.VarTeleportStart, "teleported"}} {
		v := o.Find(left.v)
		if v == nil {
			continue
		}
		for i := range v.Parts {
			e := w.byName[v.Parts[i].Text]
			if e == nil {
				continue
			}
			if left.v == traci.VarArrived {
				e.inside = false
			}
			w.lost = append(w.lost, Lost{e.id, left.why})
		}
	}
	if v := o.Find(traci.VarColliding); v != nil && len(v.Parts) > 0 {
		w.hits = append(w.hits, traci.Collision{}) // asked for when the results are read
	}
}

// collisions asks for the collisions of which takeEvents saw that there are some.
func (w *World) collisions() error {
	if len(w.hits) == 0 {
		return nil
	}
	hits, err := w.sumo.Collisions()
	w.hits = hits
	return err
}

// refused takes in what SUMO had against our moves. A vehicle that it doesn't know any more is lost.
func (w *World) refused(err error) {
	for _, id := range w.order {
		e := w.egos[id]
		if e.inside && strings.Contains(err.Error(), "'"+e.name+"' is not known") {
			e.inside = false
			w.lost = append(w.lost, Lost{e.id, "SUMO doesn't know it any more"})
		}
	}
}

// actor gives the vehicle as others see it.
func (e *ego) actor() scene.Actor {
	return scene.Actor{
		ID: e.id, Kind: scene.Car, Box: e.spec.Box(e.at), Speed: e.at.Speed, Accel: e.at.Accel, Turn: e.turn,
		YawRate: e.at.Speed * math.Tan(e.at.Steer) / e.spec.Wheelbase, Braking: e.at.Accel < -0.5,
	}
}
