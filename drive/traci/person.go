package traci

import "fmt"

// Kinds of a [Stage].
const (
	StageWaiting = 1
	StageWalking = 2
	StageDriving = 3
)

// AddPerson adds a person at a place of an edge, pos metres from its start, at a time (s; negative: now). Without
// stages, which the Append methods give, it leaves at once. vtype "" is SUMO's usual.
func (c *Client) AddPerson(id, edge string, pos, depart float64, vtype string) error {
	if depart < 0 {
		depart = -3 // SUMO's flag for now
	}
	start := c.setting(Persons, varAdd, id)
	w := &c.out
	w.tCompound(4)
	w.tString(or(vtype, "DEFAULT_PEDTYPE"))
	w.tString(edge)
	w.tDouble(depart)
	w.tDouble(pos)
	return c.set(start)
}

// AppendWaiting lets a person wait where it is, seconds long.
func (c *Client) AppendWaiting(id string, seconds float64, what string) error {
	start := c.setting(Persons, varAppendStage, id)
	w := &c.out
	w.tCompound(4)
	w.tInt(StageWaiting)
	w.tDouble(seconds)
	w.tString(what)
	w.tString("")
	return c.set(start)
}

// AppendWalking lets a person walk along edges to a place on the last of them.
func (c *Client) AppendWalking(id string, edges []string, pos float64) error {
	start := c.setting(Persons, varAppendStage, id)
	w := &c.out
	w.tCompound(6)
	w.tInt(StageWalking)
	w.tStrings(edges)
	w.tDouble(pos)
	w.tDouble(-1)
	w.tDouble(-1)
	w.tString("")
	return c.set(start)
}

// AppendDriving lets a person ride to an edge, with vehicles of the lines (as "taxi"; "ANY").
func (c *Client) AppendDriving(id, to, lines string) error {
	start := c.setting(Persons, varAppendStage, id)
	w := &c.out
	w.tCompound(4)
	w.tInt(StageDriving)
	w.tString(to)
	w.tString(lines)
	w.tString("")
	return c.set(start)
}

// Reservation is a ride that persons ask taxis for.
type Reservation struct {
	ID        string
	Persons   []string
	Group     string
	From, To  string // edges
	DepartPos float64
	ArrivePos float64
	Depart    float64 // s: when they want to leave
	Made      float64 // s: when they asked
	State     int     // 1 new, 2 known, 4 assigned, 8 on board
}

// Reservations of which state to ask for; they may be added.
const (
	ReservationsAll = 0
	ReservationsNew = 1
)

// TaxiReservations asks for the rides that are asked for.
func (c *Client) TaxiReservations(which int) ([]Reservation, error) {
	v, err := c.get(Persons, VarTaxiReservations, "", func(w *writer) { w.tInt(which) })
	if err != nil {
		return nil, err
	}
	all := make([]Reservation, 0, len(v.Parts))
	for _, one := range v.Parts {
		p := one.Parts
		if len(p) < 10 {
			return nil, fmt.Errorf("traci: %s: a reservation of %d values, want 10",
				told(byte(Persons), VarTaxiReservations, ""), len(p))
		}
		all = append(all, Reservation{
			p[0].Text, p[1].Texts(), p[2].Text, p[3].Text, p[4].Text, p[5].X, p[6].X, p[7].X, p[8].X, int(p[9].Int),
		})
	}
	return all, nil
}

// RemoveStage takes away a person's stage: 0 the one under way, 1 the next, ... A person without any leaves.
func (c *Client) RemoveStage(id string, index int) error {
	return c.SetInt(Persons, varRemoveStage, id, index)
}
