// Package tracitest helps to prove a TraCI client: a fixed session to be held with a small network, a proxy that writes
// down what is said, and a server that says it again.
package tracitest

import (
	"context"
	"fmt"
	"strings"

	"hutong/drive/traci"
)

// Steps is how many steps a session makes.
const Steps = 60

// vars is what the session subscribes to of each vehicle.
var vars = []traci.Var{
	traci.VarPosition, traci.VarAngle, traci.VarSpeed, traci.VarAcceleration, traci.VarSignals, traci.VarType,
	traci.VarLane, traci.VarLanePosition,
}

// Vars is what [Session] and the benchmark subscribe to of a vehicle: eight variables.
func Vars() []traci.Var { return append([]traci.Var(nil), vars...) }

// notes collects what a session learnt, a line each, and the first error.
type notes struct {
	lines []string
	err   error
}

func (n *notes) add(format string, args ...any) {
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) do(err error) {
	if n.err == nil {
		n.err = err
	}
}

// number is a float as the script of the other side prints it.
func number(x float64) string { return fmt.Sprintf("%.6f", x) }

// Session holds the fixed session on a simulation of the grid that interop/traci_session.py knows too, and gives what
// was learnt. It uses every command of the client that a driving world needs.
func Session(c *traci.Client) ([]string, error) {
	var n notes
	api, name, err := c.Version()
	n.do(err)
	n.add("version %d %s", api, name)
	n.do(c.SetOrder(1))
	n.world(c)
	n.do(c.AddRoute("way", "A0B0", "B0C0", "C0C1"))
	n.do(c.AddVehicle("ego", traci.Departure{Route: "way", Lane: "best", Speed: "max"}))
	n.do(c.AddVehicle("other", traci.Departure{Route: "way", Type: "cab", Line: "taxi", Seats: 4}))
	n.do(c.SetColour("ego", 0x00ff00ff))
	for step := range Steps {
		n.do(c.Step(context.Background(), 0))
		if n.err != nil {
			break
		}
		n.steer(c, step)
		n.results(c)
	}
	n.people(c)
	n.do(c.RemoveVehicle("other", traci.Vaporised))
	_, err = c.Double(traci.Vehicles, traci.VarSpeed, "nobody")
	n.add("refused %v", err != nil)
	return n.lines, n.err
}

// world asks for what doesn't move.
func (n *notes) world(c *traci.Client) {
	t, err := c.Time()
	n.do(err)
	n.add("time %s", number(t))
	ids, err := c.Texts(traci.Lights, traci.VarIDs, "")
	n.do(err)
	n.add("lights %s", strings.Join(ids, " "))
	for _, id := range ids {
		state, err := c.Text(traci.Lights, traci.VarLightState, id)
		n.do(err)
		next, err := c.Double(traci.Lights, traci.VarNextSwitch, id)
		n.do(err)
		phase, err := c.Int(traci.Lights, traci.VarPhase, id)
		n.do(err)
		n.add("light %s %s %s %d", id, state, number(next), phase)
		links, err := c.ControlledLinks(id)
		n.do(err)
		for i, few := range links {
			for _, l := range few {
				n.add("link %d %s %s %s", i, l.From, l.To, l.Via)
			}
		}
		programs, err := c.Programs(id)
		n.do(err)
		for _, p := range programs {
			for _, f := range p.Phases {
				n.add("program %s %d %s %s", p.ID, p.Type, number(f.Duration), f.State)
			}
		}
	}
	shape, err := c.Get(traci.Lanes, traci.VarShape, "A0B0_0")
	n.do(err)
	for _, p := range shape.Parts {
		n.add("shape %s %s", number(p.X), number(p.Y))
	}
	long, err := c.Double(traci.Lanes, traci.VarLength, "A0B0_0")
	n.do(err)
	n.add("length %s", number(long))
	way, err := c.FindRoute("A0B0", "C1C2", "", -1)
	n.do(err)
	n.add("route %s %s %s", strings.Join(way.Edges, " "), number(way.TravelTime), number(way.Length))
	_, _, err = c.ToGeo(10, 20)
	n.add("geo refused %v", err != nil)
	n.do(c.CopyType("DEFAULT_VEHTYPE", "shuttle"))
	n.do(c.SetDouble(traci.Types, traci.VarLength, "shuttle", 4.9))
	n.do(c.SetText(traci.Types, traci.VarClass, "shuttle", "taxi"))
	n.do(c.SetParameter(traci.Types, "shuttle", "has.ssm.device", "true"))
	key, err := c.Parameter(traci.Types, "shuttle", "has.ssm.device")
	n.do(err)
	n.add("parameter %s", key)
}

// steer does what a step asks for.
func (n *notes) steer(c *traci.Client, step int) {
	switch {
	case step == 0:
		n.do(c.SetSpeedMode("ego", 0))
		n.do(c.SetLaneChangeMode("ego", 0))
		n.do(c.Subscribe(traci.Vehicles, "ego", vars...))
		n.do(c.SubscribeAround(traci.Vehicles, "ego", traci.Vehicles, 100, vars...))
		n.do(c.Subscribe(traci.Simulation, "", traci.VarDeparted, traci.VarArrived, traci.VarColliding, traci.VarTime))
		n.do(c.SetSpeed("other", 7.5))
		n.do(c.SetStop("other", traci.Stop{Edge: "B0C0", Pos: 60, Duration: 5}))
	case step < 20:
		n.do(c.MoveToXY("ego", traci.Move{
			Edge: "A0B0", Lane: 0, X: 20 + 0.5*float64(step), Y: -4.8, Angle: 90, Keep: traci.Anywhere,
		}))
		n.do(c.SetPreviousSpeed("ego", 5, traci.Invalid))
	case step == 20:
		n.do(c.ChangeLane("ego", 1, 5))
		n.do(c.ChangeTarget("ego", "C1C2"))
		n.do(c.SlowDown("other", 3, 2))
		next, err := c.NextTLS("ego")
		n.do(err)
		for _, l := range next {
			n.add("next %s %d %s %c", l.ID, l.Index, number(l.Distance), l.State)
		}
	case step == 40:
		n.do(c.SubscribeAround(traci.Vehicles, "ego", traci.Vehicles, 100))
		n.do(c.SetSpeed("ego", -1))
	}
}

// results notes what the step's subscriptions brought.
func (n *notes) results(c *traci.Client) {
	r := c.Results()
	for i := range r.Objects {
		n.object("", &r.Objects[i])
	}
	for _, a := range r.Around {
		for i := range a.Objects {
			n.object(a.ID+"/", &a.Objects[i])
		}
	}
}

func (n *notes) object(of string, o *traci.Object) {
	for i := range o.Values {
		v := &o.Values[i]
		n.add("%s%s 0x%02x %s", of, o.ID, byte(v.Var), text(v))
	}
}

func text(v *traci.Value) string {
	switch v.Kind {
	case traci.KindDouble:
		return number(v.X)
	case traci.KindPoint:
		return number(v.X) + " " + number(v.Y)
	case traci.KindStrings:
		return strings.Join(v.Texts(), " ")
	case traci.KindString:
		return v.Text
	}
	return fmt.Sprint(v.Int)
}

// people asks for rides, taxis and collisions.
func (n *notes) people(c *traci.Client) {
	n.do(c.AddPerson("rider", "A0B0", 30, -1, ""))
	n.do(c.AppendWaiting("rider", 1, "waits"))
	n.do(c.AppendDriving("rider", "B0C0", "taxi"))
	n.do(c.AppendWalking("rider", []string{"B0C0"}, 50))
	for range 20 {
		n.do(c.Step(context.Background(), 0))
	}
	asked, err := c.TaxiReservations(traci.ReservationsAll)
	n.do(err)
	for _, a := range asked {
		n.add("reservation %s %s %s %s %s %s %d", a.ID, strings.Join(a.Persons, " "), a.From, a.To, number(a.DepartPos),
			number(a.Made), a.State)
	}
	taxis, err := c.TaxiFleet(traci.TaxiEmpty)
	n.do(err)
	n.add("taxis %s", strings.Join(taxis, " "))
	hits, err := c.Collisions()
	n.do(err)
	n.add("collisions %d", len(hits))
	for _, a := range asked {
		n.do(c.DispatchTaxi("other", a.ID))
	}
	n.do(c.Step(context.Background(), 0))
	n.do(c.RemoveStage("rider", 1))
	n.add("resume refused %v", c.Resume("ego") != nil)
}
