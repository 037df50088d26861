// Package ride is what a ride is: where from and where to, how far it has come, and what is kept of it.
package ride

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/thing"
)

// ID is the key to a ride: 128 random bits, as text. Who has it is its passenger.
type ID string

// Short names the ride to those who must not have its key.
func (id ID) Short() string {
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

func (e *End) Vec() geom.Vec { return geom.Vec{X: e.X, Y: e.Y} }

// Offer is a ride that could be booked.
type Offer struct {
	ID         string
	From, To   End
	Party      int
	Wheelchair bool
	Share      bool
	Pickup     Span    // s until a vehicle is there
	Seconds    float64 // the ride takes
	Longest    float64 // the ride takes at most, where others share it, s
	Metres     float64
	Expires    time.Time
	Booked     ID
	Client     string
}

// Span is a time as it is expected, and as early and as late as it may well be; s.
type Span struct{ Expected, Early, Late float64 }

// Around puts bounds around an expected time.
func Around(expected float64) Span { return Span{expected, 0.75 * expected, 1.35*expected + 20} }

// maxPath bounds the points of a ride's path.
const maxPath = 600

// Ride is a booked ride. What its fields name for JSON is what is kept on disk.
type Ride struct {
	ID         ID         `json:"id"`
	State      State      `json:"state"`
	Why        string     `json:"why,omitempty"`
	Code       string     `json:"code"`
	Tries      int        `json:"tries,omitempty"` // wrong codes
	From       End        `json:"from"`
	To         End        `json:"to"`
	Party      int        `json:"party"`
	Wheelchair bool       `json:"wheelchair,omitempty"`
	Share      bool       `json:"share,omitempty"`   // others may ride along
	Latest     time.Time  `json:"latest,omitzero"`   // when a vehicle was promised to be there, where it's shared
	Longest    float64    `json:"longest,omitempty"` // how long the ride was promised to take at most, s
	Late       bool       `json:"late,omitempty"`    // the passenger has been told that a promise isn't kept
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

	Client  string    `json:"-"` // who booked it, as far as the hub remembers
	Version uint64    `json:"-"`
	Missing time.Time `json:"-"` // since when its vehicle isn't known at all; zero while it is
	Told    bool      `json:"-"` // the witness has been told that it's over
	Passing bool      `json:"-"` // Why holds only for now
}

// Become brings the ride into a state.
func (r *Ride) Become(s State, now time.Time, why string) {
	if r.State != s {
		r.State, r.Changed = s, now
	}
	r.Why, r.Passing = why, false
}

// Went adds the place where the vehicle is now to the ride's path.
func (r *Ride) Went(v geom.Vec) {
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

// Text is the ride as it's kept.
func (r *Ride) Text() []byte {
	text, err := json.Marshal(r)
	if err != nil { // plain numbers and words always marshal
		panic("road: " + err.Error())
	}
	return text
}
