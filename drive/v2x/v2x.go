// Package v2x says what vehicles and road-side units would tell each other by radio: MAPEM, SPATEM, CAM and DENM of ETSI
// (TS 103 301, EN 302 637-2 and -3; their parts are those of ISO TS 19091 and SAE J2735), as JSON objects whose members
// are named, scaled and bounded as the standards' data elements are.
//
// That is all. Nothing here is encoded as ASN.1 UPER, signed, or sent by radio, and members that the standards want and
// nobody knows here hold the values by which they say "unavailable". Everything is a pure function.
package v2x

import (
	"math"
	"time"
)

// The messages, by ETSI's messageID.
const (
	denmID   = 1
	camID    = 2
	spatemID = 4
	mapemID  = 5
)

// Header is ItsPduHeader.
type Header struct {
	ProtocolVersion int    `json:"protocolVersion"`
	MessageID       int    `json:"messageID"`
	StationID       uint32 `json:"stationID"`
}

func header(id int, station uint32) Header { return Header{2, id, station} }

// Position is a place on earth, in tenths of a micro-degree.
type Position struct {
	Latitude  int32 `json:"latitude"`
	Longitude int32 `json:"longitude"`
}

// Place gives a Position of degrees.
func Place(lat, lon float64) Position {
	return Position{int32(math.Round(lat * 1e7)), int32(math.Round(lon * 1e7))}
}

// epoch is where TimestampIts begins; leap is how many seconds have been put in since.
var epoch = time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC)

const leap = 5 * time.Second

// Timestamp is TimestampIts: milliseconds since 2004, in atomic time.
func Timestamp(now time.Time) uint64 { return uint64((now.Sub(epoch) + leap).Milliseconds()) }

// moment gives MinuteOfTheYear and DSecond.
func moment(now time.Time) (minute, milliseconds int) {
	now = now.UTC()
	year := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	since := now.Sub(year)
	return int(since / time.Minute), int(since % time.Minute / time.Millisecond)
}

// unknownMark is TimeMark's "not known".
const unknownMark = 36001

// Mark is TimeMark: in which tenth of a second of this hour or the next something happens, seconds from now; negative
// where that isn't known.
func Mark(now time.Time, seconds float64) int {
	if seconds < 0 || seconds >= 3600 || math.IsNaN(seconds) {
		return unknownMark
	}
	at := now.UTC().Add(time.Duration(seconds * float64(time.Second)))
	return (at.Minute()*60+at.Second())*10 + at.Nanosecond()/int(100*time.Millisecond)
}

func clamp(x float64, lo, hi int) int {
	if math.IsNaN(x) {
		return hi
	}
	return int(math.Round(min(max(x, float64(lo)), float64(hi))))
}

// heading is HeadingValue, tenths of a degree clockwise from north, of radians counter-clockwise from east.
func heading(radians float64) int {
	d := math.Mod(90-radians*180/math.Pi, 360)
	if d < 0 {
		d += 360
	}
	return int(math.Round(10*d)) % 3600
}
