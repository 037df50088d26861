package sumo

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/traci"
)

// kind is what a vehicle type of SUMO is.
type kind struct {
	kind          scene.Kind
	length, width float64
	siren         bool
}

// other is a road user of SUMO's that was seen.
type other struct {
	id      uint32
	heading float64
	step    uint64 // when it was last seen
}

// everywhere is farther than any network reaches, m.
const everywhere = 1e6

// watch subscribes to all vehicles and people: those around one junction, however far. Whoever leaves the simulation, or
// is lifted out of it for a while, is then missing of itself.
func (w *World) watch() error {
	ids, err := w.sumo.Texts(traci.Junctions, traci.VarIDs, "")
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("the network has no junction")
	}
	err = w.sumo.SubscribeAround(traci.Junctions, ids[0], traci.Vehicles, everywhere, traci.VarPosition, traci.VarAngle,
		traci.VarSpeed, traci.VarAcceleration, traci.VarSignals, traci.VarType)
	if err != nil {
		return err
	}
	// One object can have but one subscription of this kind to a domain, and one to another.
	err = w.sumo.SubscribeAround(traci.Junctions, ids[0], traci.Persons, everywhere, traci.VarPosition, traci.VarAngle,
		traci.VarSpeed, traci.VarType, traci.VarVehicle)
	if err != nil {
		return err
	}
	err = w.sumo.Subscribe(traci.Simulation, "", traci.VarDeparted, traci.VarArrived, traci.VarTeleportStart,
		traci.VarColliding)
	if err != nil {
		return err
	}
	return w.take()
}

// Truth fills in all that is now. Time is from the World's start.
func (w *World) Truth(t *scene.Truth) {
	t.Time = w.now
	t.Actors = append(t.Actors[:0], w.actors...)
	for _, id := range w.order {
		if e := w.egos[id]; e.placed {
			t.Actors = append(t.Actors, e.actor())
		}
	}
	t.Lights = append(t.Lights[:0], w.shown...)
}

// take reads what the last step brought.
func (w *World) take() error {
	w.actors = w.actors[:0]
	r := w.sumo.Results()
	for i := range r.Around {
		for j := range r.Around[i].Objects {
			if err := w.takeOther(&r.Around[i].Objects[j]); err != nil {
				return err
			}
		}
	}
	for i := range r.Objects {
		o := &r.Objects[i]
		switch o.Domain {
		case traci.Lights:
			w.takeLight(o)
		case traci.Vehicles:
			w.takeEgo(o)
		case traci.Simulation:
			w.takeEvents(o)
		}
	}
	w.showLights()
	w.forget()
	return w.collisions()
}

// takeOther takes in a road user that is not one of ours.
func (w *World) takeOther(o *traci.Object) error {
	if w.byName[o.ID] != nil {
		return nil
	}
	var a scene.Actor
	var at geom.Vec
	var angle float64
	var bits int64
	typeName := ""
	for i := range o.Values {
		switch v := &o.Values[i]; v.Var {
		case traci.VarPosition:
			at = geom.Vec{X: v.X, Y: v.Y}
		case traci.VarAngle:
			angle = v.X
		case traci.VarSpeed:
			a.Speed = v.X
		case traci.VarAcceleration:
			a.Accel = v.X
		case traci.VarSignals:
			bits = v.Int
		case traci.VarType:
			typeName = v.Text
		case traci.VarVehicle:
			if v.Text != "" { // on board: the vehicle is what others see
				return nil
			}
		}
	}
	if typeName == "" || at.X <= traci.Invalid/2 || !at.Finite() {
		return nil // it is nowhere just now
	}
	k, err := w.kindOf(typeName, o.Domain)
	if err != nil {
		return err
	}
	a.Kind = k.kind
	a.Box = geom.Box{Pose: geom.Pose{Vec: at, Heading: heading(angle)}, Length: k.length, Width: k.width}
	if o.Domain == traci.Vehicles {
		a.Box.Vec = a.Box.Ahead(-k.length/2, 0)
		a.Turn, a.Braking = indicator(bits), bits&traci.SignalBrake != 0
		a.Siren = k.siren || bits&traci.SignalEmergency != 0
	}
	w.know(o, &a)
	w.actors = append(w.actors, a)
	return nil
}

// know gives the actor its number and how fast it turns.
func (w *World) know(o *traci.Object, a *scene.Actor) {
	key := o.ID
	if o.Domain == traci.Persons {
		key = "person " + key
	}
	known := w.others[key]
	if known == nil {
		w.nextID++
		known = &other{id: w.nextID, heading: a.Box.Heading}
		w.others[key] = known
	}
	if known.step+1 == w.steps && w.o.StepLength > 0 {
		a.YawRate = geom.Wrap(a.Box.Heading-known.heading) / w.o.StepLength
	}
	known.heading, known.step, a.ID = a.Box.Heading, w.steps, known.id
}

// forget lets go of those that have been away for long.
func (w *World) forget() {
	if w.steps%1000 != 0 {
		return
	}
	for name, o := range w.others {
		if w.steps-o.step > 10_000 {
			delete(w.others, name)
		}
	}
}

// Name gives SUMO's name of an actor, "" for one that was never there; it is for reports and takes a while.
func (w *World) Name(id uint32) string {
	if e := w.egos[id]; e != nil {
		return e.name
	}
	for name, o := range w.others {
		if o.id == id {
			return name
		}
	}
	return ""
}

// heading turns SUMO's angle, degrees clockwise from north, into radians counter-clockwise from east.
func heading(angle float64) float64 { return geom.Wrap((90 - angle) * math.Pi / 180) }

// angle is the other way round, from 0 to below 360.
func angle(heading float64) float64 {
	a := math.Mod(90-heading*180/math.Pi, 360)
	if a < 0 {
		a += 360
	}
	return a
}

func indicator(bits int64) scene.Indicator {
	left, right := bits&traci.SignalLeft != 0, bits&traci.SignalRight != 0
	switch {
	case bits&traci.SignalHazard != 0, left && right:
		return scene.Hazard
	case left:
		return scene.TurnLeft
	case right:
		return scene.TurnRight
	}
	return scene.NoTurn
}

// kindOf asks SUMO once what a type is.
func (w *World) kindOf(name string, d traci.Domain) (kind, error) {
	if k, known := w.types[name]; known {
		return k, nil
	}
	class, err := w.sumo.Text(traci.Types, traci.VarClass, name)
	if err != nil {
		return kind{}, err
	}
	shape, err := w.sumo.Text(traci.Types, traci.VarShapeClass, name)
	if err != nil {
		return kind{}, err
	}
	k := kind{kind: kindOf(class, shape), siren: class == "emergency"}
	if d == traci.Persons {
		k.kind = scene.Pedestrian
	}
	if k.length, err = w.sumo.Double(traci.Types, traci.VarLength, name); err != nil {
		return kind{}, err
	}
	if k.width, err = w.sumo.Double(traci.Types, traci.VarWidth, name); err != nil {
		return kind{}, err
	}
	if !(k.length > 0) || !(k.width > 0) {
		return kind{}, fmt.Errorf("vehicle type %q measures %g by %g m", name, k.length, k.width)
	}
	w.types[name] = k
	return k, nil
}

// kindOf gives what a vehicle class and a shape of SUMO are.
func kindOf(class, shape string) scene.Kind {
	switch class {
	case "pedestrian", "wheelchair":
		return scene.Pedestrian
	case "bicycle", "scooter":
		return scene.Bicycle
	case "motorcycle", "moped":
		return scene.Motorcycle
	case "delivery":
		return scene.Van
	case "truck", "trailer", "container":
		return scene.Truck
	case "bus", "coach":
		return scene.Bus
	case "tram", "rail_urban", "rail", "rail_electric", "rail_fast", "subway", "cable_car":
		return scene.Tram
	}
	switch {
	case strings.HasPrefix(shape, "delivery"), shape == "passenger/van":
		return scene.Van
	case strings.HasPrefix(shape, "truck"):
		return scene.Truck
	case strings.HasPrefix(shape, "bus"):
		return scene.Bus
	}
	return scene.Car
}
