package traci

import "fmt"

// Domain is a kind of objects of the simulation. Its number is that of its "get" command; the commands to set, to
// subscribe and to subscribe to what is around, and the answers to all of them, lie at fixed distances from it.
type Domain uint8

// The domains this client speaks of.
const (
	Lights     Domain = 0xa2
	Lanes      Domain = 0xa3
	Vehicles   Domain = 0xa4
	Types      Domain = 0xa5
	Routes     Domain = 0xa6
	Junctions  Domain = 0xa9
	Edges      Domain = 0xaa
	Simulation Domain = 0xab
	Persons    Domain = 0xae
)

// The distances from a domain's get command.
const (
	toSet       = 0x20
	toSubscribe = 0x30
	toContext   = -0x20 // as a byte: 0xe0
	toAnswer    = 0x10  // from a command to its answer
)

func (d Domain) set() byte       { return byte(d) + toSet }
func (d Domain) subscribe() byte { return byte(d) + toSubscribe }
func (d Domain) context() byte   { return byte(int(d) + toContext) }

// String gives the domain's name as SUMO's documents have it.
func (d Domain) String() string {
	switch d {
	case Lights:
		return "trafficlight"
	case Lanes:
		return "lane"
	case Vehicles:
		return "vehicle"
	case Types:
		return "vehicletype"
	case Routes:
		return "route"
	case Junctions:
		return "junction"
	case Edges:
		return "edge"
	case Simulation:
		return "simulation"
	case Persons:
		return "person"
	}
	return fmt.Sprintf("domain 0x%02x", byte(d))
}

// Commands that belong to no domain.
const (
	cmdGetVersion = 0x00
	cmdLoad       = 0x01
	cmdStep       = 0x02
	cmdSetOrder   = 0x03
	cmdClose      = 0x7f
)

// Var is the number of a variable, of one domain or of several.
type Var uint8

// Variables to read or to subscribe to. The comment says where one belongs and what kind of value it has.
const (
	VarIDs              Var = 0x00 // all: strings
	VarCount            Var = 0x01 // all: int
	VarNextTLS          Var = 0x70 // vehicle
	VarSpeed            Var = 0x40 // vehicle, person: m/s
	VarMaxSpeed         Var = 0x41 // vehicle, type, lane: m/s
	VarPosition         Var = 0x42 // vehicle, person, junction: point
	VarAngle            Var = 0x43 // vehicle, person: degrees clockwise from north
	VarLength           Var = 0x44 // vehicle, type, lane: m
	VarColour           Var = 0x45 // vehicle, type
	VarWidth            Var = 0x4d // vehicle, type, lane: m
	VarMinGap           Var = 0x4c // vehicle, type: m
	VarShape            Var = 0x4e // lane, junction: points
	VarType             Var = 0x4f // vehicle, person: string
	VarRoad             Var = 0x50 // vehicle, person: string, "" where it is on none
	VarLane             Var = 0x51 // vehicle: string, "" where it is on none
	VarLaneIndex        Var = 0x52 // vehicle: int
	VarRoute            Var = 0x53 // vehicle: string
	VarEdges            Var = 0x54 // vehicle, route: strings
	VarLanePosition     Var = 0x56 // vehicle, person: m from the lane's start
	VarRouteIndex       Var = 0x69 // vehicle: int, the edge of its route it is on; negative before it departs
	VarLateral          Var = 0xb8 // vehicle: m to the left of the lane's middle
	VarSignals          Var = 0x5b // vehicle: int, bits of its lights
	VarAcceleration     Var = 0x72 // vehicle: m/s²
	VarVehicle          Var = 0xc3 // person: string, the vehicle it rides in
	VarWaiting          Var = 0x7a // vehicle, person: s
	VarClass            Var = 0x49 // vehicle, type: string, as "passenger"
	VarShapeClass       Var = 0x4b // type: string, as "passenger/sedan"
	VarLightState       Var = 0x20 // trafficlight: string, a letter for each link
	VarPhase            Var = 0x28 // trafficlight: int
	VarProgram          Var = 0x29 // trafficlight: string
	VarNextSwitch       Var = 0x2d // trafficlight: s of simulation time
	VarControlledLinks  Var = 0x27 // trafficlight
	VarPrograms         Var = 0x2b // trafficlight
	VarTime             Var = 0x66 // simulation: s
	VarDeparted         Var = 0x74 // simulation: strings, in the last step
	VarTeleportStart    Var = 0x76 // simulation: strings
	VarTeleportEnd      Var = 0x78 // simulation: strings
	VarArrived          Var = 0x7a // simulation: strings
	VarDeltaT           Var = 0x7b // simulation: s
	VarMinExpected      Var = 0x7d // simulation: int, vehicles driving or still to come
	VarColliding        Var = 0x81 // simulation: strings, those that began to collide in the last step
	VarCollisions       Var = 0x23 // simulation
	VarTaxiFleet        Var = 0x20 // vehicle: strings
	VarTaxiReservations Var = 0xc6 // person
	VarParameter        Var = 0x7e // all: string

	varConvert        Var = 0x82
	varFindRoute      Var = 0x86
	varStop           Var = 0x12
	varChangeLane     Var = 0x13
	varSlowDown       Var = 0x14
	varResume         Var = 0x19
	varChangeTarget   Var = 0x31
	varSetParameter   Var = 0x7e
	varPreviousSpeed  Var = 0x3c
	varAddFull        Var = 0x85
	varAdd            Var = 0x80
	varRemove         Var = 0x81
	varMoveToXY       Var = 0xb4
	varSpeedMode      Var = 0xb3
	varLaneChangeMode Var = 0xb6
	varSetRoute       Var = 0x57
	varTaxiDispatch   Var = 0x21
	varAppendStage    Var = 0xc4
	varRemoveStage    Var = 0xc5
	varCopyType       Var = 0x88
	varStage          Var = 0xc0
)

// Signal bits of [VarSignals].
const (
	SignalRight     = 1 << 0
	SignalLeft      = 1 << 1
	SignalHazard    = 1 << 2
	SignalBrake     = 1 << 3
	SignalEmergency = 1 << 11 // blue light
)

// Kind is the type of a value as it stands on the wire.
type Kind uint8

// The kinds of values.
const (
	KindLonLat    Kind = 0x00
	KindPoint     Kind = 0x01
	KindLonLatAlt Kind = 0x02
	KindPoint3    Kind = 0x03
	KindRoad      Kind = 0x04
	KindPolygon   Kind = 0x06
	KindUByte     Kind = 0x07
	KindByte      Kind = 0x08
	KindInt       Kind = 0x09
	KindDouble    Kind = 0x0b
	KindString    Kind = 0x0c
	KindStrings   Kind = 0x0e
	KindCompound  Kind = 0x0f
	KindDoubles   Kind = 0x10
	KindColour    Kind = 0x11
)

// String gives the kind's name.
func (k Kind) String() string {
	switch k {
	case KindLonLat:
		return "position lon-lat"
	case KindPoint:
		return "position 2D"
	case KindLonLatAlt:
		return "position lon-lat-alt"
	case KindPoint3:
		return "position 3D"
	case KindRoad:
		return "position on a road"
	case KindPolygon:
		return "polygon"
	case KindUByte:
		return "ubyte"
	case KindByte:
		return "byte"
	case KindInt:
		return "integer"
	case KindDouble:
		return "double"
	case KindString:
		return "string"
	case KindStrings:
		return "string list"
	case KindCompound:
		return "compound"
	case KindDoubles:
		return "double list"
	case KindColour:
		return "colour"
	}
	return fmt.Sprintf("type 0x%02x", byte(k))
}

// Invalid is what SUMO gives for a number it doesn't have, and takes for one that is not said.
const Invalid = -1073741824.0

// told names a command for an error: "vehicle: set 0xb4 of \"ego\"".
func told(cmd byte, v Var, id string) string {
	switch cmd {
	case cmdGetVersion:
		return "getVersion"
	case cmdLoad:
		return "load"
	case cmdStep:
		return "simulationStep"
	case cmdSetOrder:
		return "setOrder"
	case cmdClose:
		return "close"
	}
	for _, way := range []struct {
		far  int
		word string
	}{{0, "get"}, {toSet, "set"}, {toSubscribe, "subscribe"}, {toContext, "subscribe around"}} {
		d := Domain(int(cmd) - way.far)
		if d >= 0xa0 && d <= 0xaf {
			if way.far == toSubscribe || way.far == toContext {
				return fmt.Sprintf("%v: %s %q", d, way.word, id)
			}
			return fmt.Sprintf("%v: %s 0x%02x of %q", d, way.word, byte(v), id)
		}
	}
	return fmt.Sprintf("command 0x%02x", cmd)
}
