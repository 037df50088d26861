package traci

import "fmt"

// Departure says how a vehicle is added. Empty strings take SUMO's usual value.
type Departure struct {
	Route   string // of Client.AddRoute; "": a random edge
	Type    string // "DEFAULT_VEHTYPE"
	Depart  string // s, or "now" (the usual)
	Lane    string // index, "first" (the usual), "best", "free", ...
	Pos     string // m, or "base" (the usual), "random", ...
	Speed   string // m/s, or "0" (the usual), "max", ...
	ArriveL string // "current" (the usual)
	ArriveP string // "max" (the usual)
	ArriveS string // "current" (the usual)
	From    string // zone
	To      string // zone
	Line    string // "taxi" for one that the taxi commands command
	Seats   int
	People  int // on board
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

// AddVehicle adds a vehicle. It appears with the next step, where there is room.
func (c *Client) AddVehicle(id string, d Departure) error {
	start := c.setting(Vehicles, varAddFull, id)
	w := &c.out
	w.tCompound(14)
	for _, s := range [...]string{
		d.Route, or(d.Type, "DEFAULT_VEHTYPE"), or(d.Depart, "now"), or(d.Lane, "first"), or(d.Pos, "base"),
		or(d.Speed, "0"), or(d.ArriveL, "current"), or(d.ArriveP, "max"), or(d.ArriveS, "current"), d.From, d.To, d.Line,
	} {
		w.tString(s)
	}
	w.tInt(d.Seats)
	w.tInt(d.People)
	return c.set(start)
}

// Vaporised is why a vehicle that is taken out leaves: by our hand.
const Vaporised = 0x03

// RemoveVehicle takes a vehicle out, for one of SUMO's reasons (usually [Vaporised]).
func (c *Client) RemoveVehicle(id string, reason int8) error {
	start := c.setting(Vehicles, varRemove, id)
	c.out.tByte(reason)
	return c.set(start)
}

// KeepRoute says how far a moved vehicle is bound to the roads.
type KeepRoute int8

// The ways to keep to the route.
const (
	AnyEdge  KeepRoute = 0 // to any lane
	OnRoute  KeepRoute = 1 // to the nearest place on its route
	Anywhere KeepRoute = 2 // even beside the road, where no lane, follower or collision is known to SUMO
)

// Move is a place to put a vehicle to.
type Move struct {
	Edge      string  // a hint; "" for none
	Lane      int     // a hint; -1 for none
	X, Y      float64 // m, of the middle of the front bumper
	Angle     float64 // degrees clockwise from north; Invalid: as the lane runs
	Keep      KeepRoute
	Threshold float64 // m: fail when nothing fits within; 0: 100
}

// MoveToXY puts a vehicle to a place, where it is with the next step.
func (c *Client) MoveToXY(id string, m Move) error {
	if m.Threshold == 0 {
		m.Threshold = 100
	}
	start := c.setting(Vehicles, varMoveToXY, id)
	w := &c.out
	w.tCompound(7)
	w.tString(m.Edge)
	w.tInt(m.Lane)
	w.tDouble(m.X)
	w.tDouble(m.Y)
	w.tDouble(m.Angle)
	w.tByte(int8(m.Keep))
	w.tDouble(m.Threshold)
	return c.set(start)
}

// SetPreviousSpeed says how fast the vehicle was in the last step, m/s, and its acceleration, m/s² ([Invalid]: not
// said). A vehicle that is moved from outside needs it at each step; others judge it by this speed.
func (c *Client) SetPreviousSpeed(id string, speed, accel float64) error {
	return c.setPair(varPreviousSpeed, id, speed, accel)
}

// SetSpeed makes a vehicle drive at a speed, m/s; negative gives it back to its driver.
func (c *Client) SetSpeed(id string, speed float64) error {
	return c.SetDouble(Vehicles, VarSpeed, id, speed)
}

// SetSpeedMode says what SUMO still watches over when it is told a speed: bit 0 the gap ahead, 1 the acceleration, 2 the
// braking, 3 the right of way at junctions, 4 red lights, 5 the junction itself. 0: nothing; 31 is SUMO's own.
func (c *Client) SetSpeedMode(id string, bits int) error {
	return c.SetInt(Vehicles, varSpeedMode, id, bits)
}

// SetLaneChangeMode says which changes of lanes SUMO makes by itself; 0: none; 1621 is SUMO's own.
func (c *Client) SetLaneChangeMode(id string, bits int) error {
	return c.SetInt(Vehicles, varLaneChangeMode, id, bits)
}

// ChangeLane makes a vehicle go to the lane of an index (0: the rightmost) and stay for duration seconds.
func (c *Client) ChangeLane(id string, lane int8, duration float64) error {
	start := c.setting(Vehicles, varChangeLane, id)
	c.out.tCompound(2)
	c.out.tByte(lane)
	c.out.tDouble(duration)
	return c.set(start)
}

// SetColour paints a vehicle, 0xrrggbbaa.
func (c *Client) SetColour(id string, rgba uint32) error {
	start := c.setting(Vehicles, VarColour, id)
	c.out.u8(byte(KindColour))
	c.out.i32(int(int32(rgba)))
	return c.set(start)
}

// SlowDown makes a vehicle go to a speed, m/s, evenly within so many seconds; afterwards it drives as before. It keeps the
// distances that it would keep in any case.
func (c *Client) SlowDown(id string, speed, within float64) error {
	return c.setPair(varSlowDown, id, speed, within)
}

// setPair sets a variable of a vehicle that is two numbers.
func (c *Client) setPair(v Var, id string, a, b float64) error {
	start := c.setting(Vehicles, v, id)
	c.out.tCompound(2)
	c.out.tDouble(a)
	c.out.tDouble(b)
	return c.set(start)
}

// ChangeTarget gives a vehicle another edge to go to; SUMO finds the way.
func (c *Client) ChangeTarget(id, edge string) error {
	return c.SetText(Vehicles, varChangeTarget, id, edge)
}

// SetRoute gives a vehicle its edges. The first is the one it is on.
func (c *Client) SetRoute(id string, edges ...string) error {
	start := c.setting(Vehicles, varSetRoute, id)
	c.out.tStrings(edges)
	return c.set(start)
}

// Stop is where and how long a vehicle is to stop.
type Stop struct {
	Edge       string
	Lane       int8
	Start, Pos float64 // m along the lane, from and to; Start 0: Pos less its length (SUMO's usual)
	Duration   float64 // s; 0: until it is told to go on
	Flags      int     // 1: off the road (parking), 2: until someone boards, ... as SUMO's setStop has them
}

// SetStop makes a vehicle stop on its way.
func (c *Client) SetStop(id string, s Stop) error {
	if s.Start == 0 {
		s.Start = Invalid
	}
	if s.Duration == 0 {
		s.Duration = Invalid
	}
	start := c.setting(Vehicles, varStop, id)
	w := &c.out
	w.tCompound(7)
	w.tString(s.Edge)
	w.tDouble(s.Pos)
	w.tByte(s.Lane)
	w.tDouble(s.Duration)
	w.tByte(int8(s.Flags))
	w.tDouble(s.Start)
	w.tDouble(Invalid)
	return c.set(start)
}

// Resume lets a vehicle that stopped go on.
func (c *Client) Resume(id string) error {
	start := c.setting(Vehicles, varResume, id)
	c.out.tCompound(0)
	return c.set(start)
}

// NextTLS is a light on a vehicle's way.
type NextTLS struct {
	ID       string
	Index    int // of the link
	Distance float64
	State    byte // a letter of the light's state
}

// NextTLS asks which lights are on a vehicle's way, the nearest first.
func (c *Client) NextTLS(id string) ([]NextTLS, error) {
	v, err := c.want(Vehicles, VarNextTLS, id, KindCompound)
	if err != nil || len(v.Parts) == 0 {
		return nil, err
	}
	parts := v.Parts[1:]
	if int(v.Parts[0].Int)*4 != len(parts) {
		return nil, fmt.Errorf("traci: %s: %d values for %d lights", told(byte(Vehicles), VarNextTLS, id), len(parts),
			v.Parts[0].Int)
	}
	all := make([]NextTLS, len(parts)/4)
	for i := range all {
		p := parts[4*i:]
		all[i] = NextTLS{p[0].Text, int(p[1].Int), p[2].X, byte(p[3].Int)}
	}
	return all, nil
}

// What a taxi of [Client.TaxiFleet] is about.
const (
	TaxiEmpty    = 0
	TaxiPickup   = 1
	TaxiOccupied = 2
	TaxiBoth     = 3 // picks someone up with someone on board
	TaxiAny      = -1
)

// TaxiFleet asks for the taxis that are about one thing.
func (c *Client) TaxiFleet(about int) ([]string, error) {
	v, err := c.get(Vehicles, VarTaxiFleet, "", func(w *writer) { w.tInt(about) })
	return v.Texts(), err
}

// DispatchTaxi sends a taxi for reservations ([Client.TaxiReservations]): one alone means fetch and bring; several
// stand twice each, in the order of boarding and leaving.
func (c *Client) DispatchTaxi(id string, reservations ...string) error {
	start := c.setting(Vehicles, varTaxiDispatch, id)
	c.out.tStrings(reservations)
	return c.set(start)
}

// AddRoute gives a name to a way along edges.
func (c *Client) AddRoute(id string, edges ...string) error {
	start := c.setting(Routes, varAdd, id)
	c.out.tStrings(edges)
	return c.set(start)
}

// CopyType makes a vehicle type of another, to be changed.
func (c *Client) CopyType(id, as string) error { return c.SetText(Types, varCopyType, id, as) }

// SetDouble sets a variable that is a double.
func (c *Client) SetDouble(d Domain, v Var, id string, to float64) error {
	start := c.setting(d, v, id)
	c.out.tDouble(to)
	return c.set(start)
}

// SetInt sets a variable that is an integer.
func (c *Client) SetInt(d Domain, v Var, id string, to int) error {
	start := c.setting(d, v, id)
	c.out.tInt(to)
	return c.set(start)
}

// SetText sets a variable that is a string.
func (c *Client) SetText(d Domain, v Var, id, to string) error {
	start := c.setting(d, v, id)
	c.out.tString(to)
	return c.set(start)
}
