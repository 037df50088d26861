package desk

import (
	"math"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"hutong/drive/geom"
	"hutong/road"
)

// whereJSON is how somebody names a place.
type whereJSON struct {
	Stop string   `json:"stop"`
	X    *float64 `json:"x"`
	Y    *float64 `json:"y"`
}

func (p *whereJSON) where() road.Where {
	switch {
	case p == nil:
		return road.Where{}
	case p.Stop == "" && p.X != nil && p.Y != nil:
		return road.Where{At: &geom.Vec{X: *p.X, Y: *p.Y}}
	}
	return road.Where{Stop: p.Stop}
}

func (d *Desk) postOffer(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From       *whereJSON `json:"from"`
		To         *whereJSON `json:"to"`
		Party      *int       `json:"party"`
		Wheelchair bool       `json:"wheelchair"`
		Share      bool       `json:"share"`
	}
	if !read(w, r, &in) {
		return
	}
	party := 1
	if in.Party != nil {
		party = *in.Party
	}
	o, err := d.Court.Offer(road.AskOffer{From: in.From.where(), To: in.To.where(), Party: party, Wheelchair: in.Wheelchair, Share: in.Share, Client: d.client(r)})
	if err != nil {
		refused(w, err)
		return
	}
	type pickup struct {
		Seconds float64 `json:"seconds"`
		Early   float64 `json:"early"`
		Late    float64 `json:"late"`
	}
	type ride struct {
		Seconds float64 `json:"seconds"`
		Metres  float64 `json:"metres"`
		Late    float64 `json:"late,omitempty"` // how long at most, where it's shared
	}
	late := 0.0
	if o.Share {
		late = math.Round(o.Longest)
	}
	send(w, http.StatusCreated, "application/json", struct {
		ID      string   `json:"id"`
		From    road.End `json:"from"`
		To      road.End `json:"to"`
		Party   int      `json:"party"`
		Share   bool     `json:"share,omitempty"`
		Pickup  pickup   `json:"pickup"`
		Ride    ride     `json:"ride"`
		Price   int      `json:"price"`
		Expires string   `json:"expires"`
	}{
		o.ID, o.From, o.To, o.Party, o.Share,
		pickup{math.Round(o.Pickup.Expected), math.Round(o.Pickup.Early), math.Round(o.Pickup.Late)},
		ride{math.Round(o.Seconds), math.Round(o.Metres), late},
		0, stamp(o.Expires),
	})
}

// client is who asks, so that nobody takes all offers and vehicles: who has signed in, or else the address it comes from,
// of a proxy on this machine the one that it tells. Operators aren't limited.
func (d *Desk) client(r *http.Request) string {
	by, role := d.Caller(r)
	switch {
	case role == "admin":
		return ""
	case by != "":
		return by
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	at := from.Addr().Unmap()
	if told := r.Header.Values("X-Forwarded-For"); at.IsLoopback() && len(told) > 0 {
		list := strings.Split(told[len(told)-1], ",")
		if by, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			at = by.Unmap()
		}
	}
	if at.Is6() { // a household has a whole one of these
		if net, err := at.Prefix(64); err == nil {
			return net.String()
		}
	}
	return at.String()
}

func (d *Desk) postRide(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Offer string `json:"offer"`
	}
	if !read(w, r, &in) {
		return
	}
	ride, err := d.Court.Book(in.Offer)
	if err != nil {
		refused(w, err)
		return
	}
	w.Header().Set("Location", "/road/rides/"+string(ride.ID))
	send(w, http.StatusCreated, "application/json", rideOf(ride))
}

func (d *Desk) getRide(w http.ResponseWriter, r *http.Request) {
	id := road.RideID(r.PathValue("ride"))
	w.Header().Set("Cache-Control", "no-store") // its id is a key
	ride, err := d.Court.Ride(id)
	if err != nil {
		refused(w, err)
		return
	}
	if !listens(r) {
		send(w, http.StatusOK, "application/json", rideOf(ride))
		return
	}
	bell, ok := d.Court.RideBell(id)
	if !ok {
		tell(w, http.StatusNotFound, "There is no such ride")
		return
	}
	stream(w, r, bell, rideEvery, func() any {
		ride, err := d.Court.Ride(id)
		if err != nil {
			return nil
		}
		return rideOf(ride)
	})
}

// do is a handler of one thing that a passenger does.
func (d *Desk) do(what road.What) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Code  string     `json:"code"`
			Belts bool       `json:"belts"`
			To    *whereJSON `json:"to"`
			Stars int        `json:"stars"`
			Words string     `json:"words"`
		}
		stops := what == road.StopNow || what == road.PullOver // whatever else they say: a stop is never refused for its body
		if r.Method == http.MethodPost && !stops && !read(w, r, &in) {
			return
		}
		ride, trace, err := d.Court.Do(r.Context(), road.Do{
			Ride: road.RideID(r.PathValue("ride")), What: what,
			Code: in.Code, Belts: in.Belts, To: in.To.where(), Stars: in.Stars, Words: in.Words,
		})
		if trace != "" {
			w.Header().Set("Hutong-Trace", trace)
		}
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case err != nil:
			refused(w, err)
		case what == road.Cancel:
			w.WriteHeader(http.StatusNoContent)
		default:
			send(w, http.StatusOK, "application/json", rideOf(ride))
		}
	}
}

type vehicleJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Plate  string `json:"plate"`
	Colour string `json:"colour"`
}

type etaJSON struct {
	Pickup  *string `json:"pickup"`
	Arrival *string `json:"arrival"`
	Early   *string `json:"early"`
	Late    *string `json:"late"`
}

type cardJSON struct {
	Metres  float64 `json:"metres"`
	Seconds float64 `json:"seconds"`
	CO2     float64 `json:"co2Saved"` // g
	Path    []xy    `json:"path"`
}

type ratingJSON struct {
	Stars int    `json:"stars"`
	Words string `json:"words"`
}

type rideJSON struct {
	ID      string       `json:"id"`
	State   string       `json:"state"`
	Since   string       `json:"since"`
	Why     string       `json:"why"`
	Vehicle *vehicleJSON `json:"vehicle"`
	Code    string       `json:"code"`
	From    road.End     `json:"from"`
	To      road.End     `json:"to"`
	Party   int          `json:"party"`
	Share   bool         `json:"share,omitempty"`
	Stops   int          `json:"stops,omitempty"` // that the vehicle makes for others before it's this ride's turn
	Late    bool         `json:"late,omitempty"`  // a promise of a shared ride isn't kept: why says so
	ETA     etaJSON      `json:"eta"`
	Pose    *[3]float64  `json:"pose"`
	Route   []xy         `json:"route"`
	Reason  road.Reason  `json:"reason"`
	Doors   string       `json:"doors,omitempty"`
	Stopper string       `json:"stopper,omitempty"` // "passenger" where they may let it go on themselves
	Card    *cardJSON    `json:"card,omitempty"`
	Rating  *ratingJSON  `json:"rating,omitempty"`
}

func rideOf(r road.RideView) rideJSON {
	x := rideJSON{
		ID: string(r.ID), State: string(r.State), Since: stamp(r.Changed), Why: r.Why, Code: r.Code, From: r.From, To: r.To,
		Party: r.Party, Share: r.Share, Stops: r.Stops, Late: r.Late, Route: []xy{}, Stopper: r.Stopper,
	}
	if v := r.Car; v != nil && !r.State.Over() {
		x.Vehicle = &vehicleJSON{string(v.ID), v.Name, v.Plate, v.Colour}
		x.Reason, x.Doors = v.Reason, v.Doors
		if v.Posed {
			p := dm(v.Pose.Vec)
			x.Pose = &[3]float64{p[0], p[1], math.Round(1000*v.Pose.Heading) / 1000}
		}
	}
	if r.Way != nil {
		x.Route = line(r.Way.Line)
	}
	x.ETA = etaOf(r)
	if !r.Arrived.IsZero() {
		x.Card = &cardJSON{Metres: math.Round(r.Metres), Seconds: math.Round(r.Arrived.Sub(r.Began).Seconds()), CO2: math.Round(r.CO2()), Path: []xy{}}
		for _, p := range r.Path {
			x.Card.Path = append(x.Card.Path, xy{float64(p[0]) / 10, float64(p[1]) / 10})
		}
	}
	if r.Stars > 0 {
		x.Rating = &ratingJSON{r.Stars, r.Words}
	}
	return x
}

// etaOf gives the times; the bounds are those of what comes next.
func etaOf(r road.RideView) etaJSON {
	var e etaJSON
	next := r.Arrival
	if r.Pickup != nil {
		next = r.Pickup
		e.Pickup = pointer(stamp(r.Pickup.At))
	}
	if r.Arrival != nil {
		e.Arrival = pointer(stamp(r.Arrival.At))
	}
	if next != nil {
		e.Early, e.Late = pointer(stamp(next.Early)), pointer(stamp(next.Late))
	}
	return e
}

func pointer(s string) *string { return &s }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
