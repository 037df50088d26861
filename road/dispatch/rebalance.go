package dispatch

import "math"

// Zone is a part of the area as rebalancing sees it: a place to wait at, and how many vehicles it wants there.
type Zone struct {
	Wait Place
	Want float64 // requests expected to begin there before a vehicle sent from elsewhere would come, less those there
}

// Move sends a vehicle without work to a place.
type Move struct {
	Vehicle int // its ID
	To      Place
}

// Rebalance sends vehicles that have nothing to do to zones that want some, the most wanting first served and the ways
// the shortest in sum. A vehicle nearer than stay seconds to its zone's place is counted and left where it is.
func Rebalance(vehicles []Vehicle, zones []Zone, ways Ways, stay float64) []Move {
	var idle []*Vehicle
	for i := range vehicles {
		if v := &vehicles[i]; len(v.Plan) == 0 && len(v.Aboard) == 0 && !v.Held {
			idle = append(idle, v)
		}
	}
	var rows []int // a row for each vehicle wanted, of the zone it is wanted in
	for z := range zones {
		for n := 0; float64(n)+0.5 <= zones[z].Want && n < len(idle); n++ {
			rows = append(rows, z)
		}
	}
	var arcs []Arc
	for r, z := range rows {
		for c, v := range idle {
			seconds, metres := ways.Way(v.At, zones[z].Wait)
			if math.IsInf(seconds, 1) || v.Range > 0 && metres > v.Range/2 {
				continue
			}
			arcs = append(arcs, Arc{int32(r), int32(c), seconds})
		}
	}
	var moves []Move
	for r, c := range Assign(len(rows), len(idle), arcs) {
		if c < 0 {
			continue
		}
		to := zones[rows[r]].Wait
		if seconds, _ := ways.Way(idle[c].At, to); seconds > stay {
			moves = append(moves, Move{idle[c].ID, to})
		}
	}
	return moves
}

// Forecast learns from what was asked how much will be: for each zone a rate that forgets, half of it every HalfLife.
type Forecast struct {
	HalfLife float64 // s
	rate     []float64
	last     []float64
}

// NewForecast knows nothing yet about any of the zones.
func NewForecast(zones int, halfLife float64) *Forecast {
	return &Forecast{HalfLife: halfLife, rate: make([]float64, zones), last: make([]float64, zones)}
}

// Asked tells it of a request that begins in a zone. Times of one zone must not go back.
func (f *Forecast) Asked(zone int, at float64) {
	f.rate[zone] = f.faded(zone, at) + math.Ln2/f.HalfLife
	f.last[zone] = at
}

// Expect gives how many requests it expects in a zone in the seconds after at.
func (f *Forecast) Expect(zone int, at, seconds float64) float64 { return f.faded(zone, at) * seconds }

func (f *Forecast) faded(zone int, at float64) float64 {
	return f.rate[zone] * math.Exp2(-max(0, at-f.last[zone])/f.HalfLife)
}
