package feed

import (
	"time"
)

// Snapshot is the area as the feeds tell of it. Who makes one leaves out what nobody outside should know: riders, and
// where an occupied vehicle is going.
type Snapshot struct {
	At       time.Time
	System   System
	Stops    []Stop
	Vehicles []Vehicle
	Zone     Zone
}

// System is who runs the area.
type System struct {
	ID, Name string
	Language string // BCP 47, "en"
	Timezone string // IANA, "Asia/Shanghai"
	Email    string // of whoever mends the feeds
	Hours    string // OpenStreetMap opening_hours, "06:00-23:00"
	Open     bool   // rides are given now
}

// Stop is where people get in and out.
type Stop struct {
	ID, Name string
	Lat, Lon float64
	Near     int // vehicles that wait there without a ride
}

// Vehicle is one vehicle.
type Vehicle struct {
	ID, Name string
	Last     string // what is different after each ride
	Lat, Lon float64
	Heading  float64 // degrees from north, clockwise
	Speed    float64 // m/s
	Battery  float64 // 0 to 1; negative: unknown
	Range    float64 // m it can still go; 0: unknown
	Taken    bool    // it has a ride, or is on the way to one
	Out      bool    // out of service
	Stop     string  // the ID of the stop it stands at; "" elsewhere
	Seen     time.Time
}

// Zone is where, and how fast, the area's vehicles may go.
type Zone struct {
	Polygon [][2]float64 // longitude and latitude of its corners, counter-clockwise, the first not repeated
	Limit   int          // km/h; 0: none of its own
}
