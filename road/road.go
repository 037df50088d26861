// Package road is the demonstration area: the vehicles that drive in it by themselves, the stops, where and when and how
// fast they may drive, and the rides that people book.
//
// [Core] is a pure step: what happened and when comes in, the orders for the vehicles come out; it reads no clock and
// starts nothing, so that a live run, a test and a replay are the same code. [Court] lets it live: it hears what the
// vehicles say, sends the orders through the gate, and keeps the rides on disk before they are acknowledged.
//
// The area meets its vehicles only as Things. A vehicle is any Thing in the place [Vehicles] with the actions driveTo,
// stopNow, pullOver and resume; what it says of itself is what is true of it. Package desk answers for it over HTTP.
package road

import (
	"fmt"
	"time"

	"hutong/thing"
)

// Vehicles is the place where the area looks for vehicles.
const Vehicles thing.PlaceID = "road/vehicles"

// Place is the area itself.
const Place thing.PlaceID = "road"

// The names under which the area's orders pass the gate.
const (
	ByCourt = "court:road" // the area itself: dispatch, its limits
	ByRide  = "ride:"      // a passenger; the ride's short name follows
)

// How long is waited, and for what.
const (
	offerLife   = 2 * time.Minute  // an offer may be booked for so long
	findWithin  = 15 * time.Minute // a vehicle must be found within
	noShow      = 5 * time.Minute  // a vehicle waits for its passenger to unlock it
	boardWithin = 5 * time.Minute  // and then to be told to go
	leaveWithin = time.Minute      // doors stay open at the destination
	awayAfter   = 10 * time.Second // a vehicle that isn't heard is given up while it's still coming
	lostAfter   = time.Minute      // and with a passenger aboard, or when it stands and can't go on
	askAgain    = 3 * time.Second  // between two orders for the same that came to nothing
	stopAgain   = time.Second      // and between two stops
	benched     = time.Minute      // a vehicle that couldn't do what it was sent for gets no ride
	assistLife  = 2 * time.Minute  // an operator has so long to answer
	keepEnded   = 24 * time.Hour   // a ride that is over can be looked at
	idleRound   = 20 * time.Second // a vehicle without work goes to another stop after
)

// Bounds of what is kept, so that nobody can fill the memory.
const (
	maxOffers = 4096
	maxRides  = 20_000
	maxOpen   = 1000 // rides that wait for a vehicle
	maxTries  = 5    // wrong codes

	maxVehicles = 4096
	maxName     = 64 // bytes of a vehicle's name
	offersOfOne = 60 // that one client may have open at a time
	ridesOfOne  = 12
)

// Refusal is an error that the asker can act on.
type Refusal struct {
	Kind  Kind
	Words string
}

// Kind is what sort of refusal it is.
type Kind uint8

// The kinds of refusals.
const (
	Unknown  Kind = iota // there is no such offer, ride, vehicle or question
	Unfit                // what was asked can't be meant
	Conflict             // it can't be now
	Denied               // who asks may not
	Busy                 // who asks has asked for too much already
)

// Error gives the words.
func (r *Refusal) Error() string { return r.Words }

func refuse(k Kind, format string, args ...any) error {
	return &Refusal{k, fmt.Sprintf(format, args...)}
}

// Order is what the area wants a vehicle to do.
type Order struct {
	Vehicle thing.ID
	Action  string
	Input   thing.Value // null for none
	By      string
	Trace   string // the cause that traces tell
	serial  uint64
}

// Notice is a word to the operators.
type Notice struct {
	Level, Title, Text string
}

// Effects is what a step came to. Its slices are good until the next step.
type Effects struct {
	Orders  []Order
	Notices []Notice
	Keep    []RideID // rides that have changed and must be on disk before anybody is told
	Drop    []RideID // rides that are forgotten
	Fleet   bool     // what is known of the vehicles has changed
	Assists bool     // the open questions have changed
	Came    []string // names of vehicles that are new
	Left    []string // and of those that are gone
}
