package road

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/ground"
	"hutong/thing"
)

// RideID is the key to a ride: 128 random bits, as text. Who has it is its passenger.
type RideID string

// Short names the ride to those who must not have its key.
func (id RideID) Short() string {
	sum := sha256.Sum256([]byte(id))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// State is how far a ride has come.
type State string

// The states, in the order in which they usually come.
const (
	Waiting   State = "waiting"  // for a vehicle to be found
	Coming    State = "coming"   // a vehicle is on its way
	Here      State = "here"     // it stands at the stop, locked
	Boarding  State = "boarding" // unlocked
	Riding    State = "riding"
	Stopping  State = "stopping" // the passenger has asked for a stop
	Halted    State = "stopped"  // it stands on the way
	There     State = "arrived"
	Ended     State = "ended"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Who has stopped a ride.
const (
	passenger = "passenger"
	operator  = "operator"
)

// Over tells whether nothing more will happen.
func (s State) Over() bool { return s == Ended || s == Cancelled || s == Failed }

// Aboard tells whether the passenger is, or may be, in the vehicle.
func (s State) Aboard() bool {
	return s == Boarding || s == Riding || s == Stopping || s == Halted || s == There
}

// End is one end of a ride: a stop, or any place at a kerb.
type End struct {
	Stop    string    `json:"stop,omitempty"`
	Name    string    `json:"name,omitempty"`
	X       float64   `json:"x"`
	Y       float64   `json:"y"`
	Heading float64   `json:"heading"`
	Spot    lane.Spot `json:"-"`
}

func (e *End) vec() geom.Vec { return geom.Vec{X: e.X, Y: e.Y} }

func (e *End) target() *target {
	heading := e.Heading
	return &target{e.vec(), &heading, e.Name}
}

func endOf(s *ground.Stop) *End {
	return &End{Stop: s.ID, Name: s.Name, X: s.X, Y: s.Y, Heading: s.Heading}
}

func targetOf(s *ground.Stop) *target { return endOf(s).target() }

// Offer is a ride that could be booked.
type Offer struct {
	ID         string
	From, To   End
	Party      int
	Wheelchair bool
	Pickup     Span    // s until a vehicle is there
	Seconds    float64 // the ride takes
	Metres     float64
	Expires    time.Time
	booked     RideID
	client     string
}

// Span is a time as it is expected, and as early and as late as it may well be; s.
type Span struct{ Expected, Early, Late float64 }

// span puts bounds around an expected time.
func span(expected float64) Span { return Span{expected, 0.75 * expected, 1.35*expected + 20} }

// Ride is a booked ride. Its exported fields are what is kept on disk.
type Ride struct {
	ID         RideID     `json:"id"`
	State      State      `json:"state"`
	Why        string     `json:"why,omitempty"`
	Code       string     `json:"code"`
	Tries      int        `json:"tries,omitempty"` // wrong codes
	From       End        `json:"from"`
	To         End        `json:"to"`
	Party      int        `json:"party"`
	Wheelchair bool       `json:"wheelchair,omitempty"`
	Vehicle    thing.ID   `json:"vehicle,omitempty"`
	Left       []thing.ID `json:"left,omitempty"`   // vehicles that had to be given up
	Rescue     bool       `json:"rescue,omitempty"` // the passenger waits beside a vehicle that failed
	Booked     time.Time  `json:"booked"`
	Changed    time.Time  `json:"changed"` // when it came into its state
	Began      time.Time  `json:"began,omitzero"`
	Arrived    time.Time  `json:"arrived,omitzero"`
	Stopper    string     `json:"stopper,omitempty"` // who has asked for the stop: "passenger"; "operator", whose stop is not the passenger's to end; "": not known
	Belts      bool       `json:"belts,omitempty"`
	Metres     float64    `json:"metres,omitempty"`
	Path       [][2]int32 `json:"path,omitempty"` // decimetres
	Stars      int        `json:"stars,omitempty"`
	Words      string     `json:"words,omitempty"` // of the rating
	Help       string     `json:"help,omitempty"`  // the question to the operators that is open, by its id

	client  string // who booked it, as far as the hub remembers
	version uint64
	missing time.Time // since when its vehicle isn't known at all; zero while it is
	told    bool      // the witness has been told that it's over
	passing bool      // Why holds only for now
}

// become brings the ride into a state.
func (r *Ride) become(s State, now time.Time, why string) {
	if r.State != s {
		r.State, r.Changed = s, now
	}
	r.Why, r.passing = why, false
}

// went adds the place where the vehicle is now to the ride's path.
func (r *Ride) went(v geom.Vec) {
	at := [2]int32{int32(10 * v.X), int32(10 * v.Y)}
	if n := len(r.Path); n > 0 {
		last := geom.Vec{X: float64(r.Path[n-1][0]) / 10, Y: float64(r.Path[n-1][1]) / 10}
		step := last.To(v)
		if step < 2 {
			return
		}
		r.Metres += step
	}
	if len(r.Path) >= maxPath { // every other point is left out, so that all of the way stays
		kept := r.Path[:0]
		for i := 0; i < len(r.Path); i += 2 {
			kept = append(kept, r.Path[i])
		}
		r.Path = kept
	}
	r.Path = append(r.Path, at)
}

// CO2 is what the ride spared against a car that burns petrol, g: 120 g for each kilometre.
func (r *Ride) CO2() float64 { return 0.12 * r.Metres }

// text is the ride as it's kept.
func (r *Ride) text() []byte {
	text, err := json.Marshal(r)
	if err != nil { // plain numbers and words always marshal
		panic("road: " + err.Error())
	}
	return text
}
