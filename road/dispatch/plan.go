package dispatch

import "math"

// Place is somewhere a vehicle can be or go. What the numbers mean is known to the caller's Ways.
type Place int32

// Ways says how long and how far it is between places.
type Ways interface {
	// Way gives the seconds and the metres of the quickest way; +Inf seconds where there is none. It is asked many
	// thousand times a second, from one goroutine: answer from a table.
	Way(from, to Place) (seconds, metres float64)
}

// Request is somebody who wants to be taken from one place to another. Times are seconds of the caller's clock.
type Request struct {
	ID       int
	From, To Place
	Party    int     // seats it needs, at least 1
	Asked    float64 // when: waiting counts from then
	Latest   float64 // when boarding must begin at the latest
	Longest  float64 // how many seconds the ride may take, boarding included
	// Fixed keeps it with the vehicle whose plan has it: its people have been told which one to look for.
	Fixed bool
}

// Aboard is a request whose people have begun to board.
type Aboard struct {
	Request
	Since float64 // when boarding began
}

// Stop is one thing a vehicle means to do: let a request's people in, or out.
type Stop struct {
	Request int // its ID
	Out     bool
	At      float64 // when it will be there
}

// Vehicle is one vehicle as the dispatcher needs to know it.
type Vehicle struct {
	ID     int
	At     Place   // where it can next turn to another way,
	Ready  float64 // and when
	Seats  int
	Aboard []Aboard
	Plan   []Stop  // what it means to do, as last planned; requests that are no longer open are passed over
	Range  float64 // m it can still go; 0 or less: far enough
	Held   bool    // it takes nobody new: out of service, or in a person's hand
}

// Rules are what a good plan is, in one sum: the least wins.
type Rules struct {
	Boarding float64 // s that a stop takes, however many get in and out there
	Wait     float64 // what a second of waiting costs
	Long     float64 // what a second of waiting costs more for every second waited before: it keeps the longest waits short
	Ride     float64 // what a second aboard costs
	Metre    float64 // what a metre driven costs
	Bound    bool    // nobody aboard is brought later than their Longest says, either
	Nearest  int     // to how many vehicles a request is offered in a round; 0: 12
	Effort   int     // how often the search takes plans apart; 0: not at all
	Seed     uint64  // of the search
}

// City are rules for a small area where people matter more than kilometres.
var City = Rules{Boarding: 30, Wait: 1, Long: 0.004, Ride: 0.6, Metre: 0.01, Nearest: 12, Effort: 300}

// stop is a Stop with what is known of its request.
type stop struct {
	r   *Request
	out bool
}

// tour is one vehicle's plan while it is made.
type tour struct {
	v     *Vehicle
	stops []stop
	cost  float64
}

// maxAboard bounds how many requests one vehicle may carry or have promised at once.
const maxAboard = 32

// judge gives what a sequence of stops costs a vehicle, and whether it may be: seats, latest times and range kept. With
// at it also notes when each stop is reached.
func (m *matcher) judge(v *Vehicle, stops []stop, at []float64) (cost float64, ok bool) {
	var begun [maxAboard]struct {
		id    int
		since float64
	}
	n, seats := 0, v.Seats
	for i := range v.Aboard {
		begun[n].id, begun[n].since = v.Aboard[i].ID, v.Aboard[i].Since
		n++
		seats -= v.Aboard[i].Party
	}
	here, now, way := v.At, v.Ready, 0.0
	for i, s := range stops {
		to := s.r.From
		if s.out {
			to = s.r.To
		}
		if i == 0 || to != here { // stops at one place share the time they take
			if i > 0 {
				now += m.rules.Boarding
			}
			seconds, metres := m.ways.Way(here, to)
			now, way, here = now+seconds, way+metres, to
		}
		if at != nil {
			at[i] = now
		}
		if !s.out {
			if seats -= s.r.Party; seats < 0 || now > s.r.Latest || n == maxAboard {
				return 0, false
			}
			begun[n].id, begun[n].since = s.r.ID, now
			n++
			wait := max(0, now-s.r.Asked)
			cost += wait * (m.rules.Wait + m.rules.Long*wait)
			continue
		}
		for k := 0; k < n; k++ {
			if begun[k].id != s.r.ID {
				continue
			}
			ride := now - begun[k].since
			if ride > s.r.Longest && (m.rules.Bound || !m.aboard(v, s.r.ID)) { // who is aboard must be brought, however late
				return 0, false
			}
			cost += ride * m.rules.Ride
			seats += s.r.Party
			break
		}
	}
	if math.IsInf(now, 1) || v.Range > 0 && way > v.Range {
		return 0, false
	}
	return cost + way*m.rules.Metre, true
}

func (m *matcher) aboard(v *Vehicle, id int) bool {
	for i := range v.Aboard {
		if v.Aboard[i].ID == id {
			return true
		}
	}
	return false
}

// insert gives the least that taking the request into the tour costs more, and where its two stops go; +Inf where it
// can't be.
func (m *matcher) insert(t *tour, r *Request) (more float64, in, out int) {
	more = math.Inf(1)
	if t.v.Held || r.Party > t.v.Seats || len(t.stops) > 2*maxAboard-2 {
		return more, 0, 0
	}
	var room [2 * maxAboard]stop
	for i := 0; i <= len(t.stops); i++ {
		for k := i; k <= len(t.stops); k++ {
			try := append(room[:0], t.stops[:i]...)
			try = append(try, stop{r, false})
			try = append(try, t.stops[i:k]...)
			try = append(try, stop{r, true})
			try = append(try, t.stops[k:]...)
			if cost, ok := m.judge(t.v, try, nil); ok && cost-t.cost < more {
				more, in, out = cost-t.cost, i, k
			}
		}
	}
	return more, in, out
}

// take puts the request's stops where insert said, at the cost it said.
func (t *tour) take(r *Request, more float64, in, out int) {
	stops := make([]stop, 0, len(t.stops)+2)
	stops = append(stops, t.stops[:in]...)
	stops = append(stops, stop{r, false})
	stops = append(stops, t.stops[in:out]...)
	stops = append(stops, stop{r, true})
	t.stops = append(stops, t.stops[out:]...)
	t.cost += more
}

// drop takes a request that is not aboard out of the tour.
func (m *matcher) drop(t *tour, id int) {
	kept := make([]stop, 0, len(t.stops))
	for _, s := range t.stops {
		if s.r.ID != id {
			kept = append(kept, s)
		}
	}
	t.stops = kept
	t.cost, _ = m.judge(t.v, t.stops, nil)
}
