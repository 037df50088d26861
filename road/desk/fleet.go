package desk

import (
	"math"
	"net/http"
	"slices"
	"time"

	"hutong/api/header"
	"hutong/api/sse"
	"hutong/road"
	"hutong/road/cabin"
)

type fleetJSON struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Plate   string         `json:"plate"`
	Colour  string         `json:"colour"`
	State   string         `json:"state"`
	Battery float64        `json:"battery"`
	Pose    *[3]float64    `json:"pose"`
	Speed   float64        `json:"speed"`
	Ride    *rideOfJSON    `json:"ride,omitempty"` // the next one to be served
	Rides   int            `json:"rides,omitempty"`
	Aboard  int            `json:"aboard,omitempty"` // people
	Assist  *road.Question `json:"assist,omitempty"`
	Limit   float64        `json:"limit"`
	Doors   string         `json:"doors,omitempty"`
	Reason  road.Reason    `json:"reason"`
	Since   string         `json:"since"`
}

// rideOfJSON names a ride without giving its key away.
type rideOfJSON struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

func (d *Desk) vehicles(r *http.Request) ([]fleetJSON, *cabin.Bell) {
	by, _ := d.Caller(r)
	list, bell := d.Court.Fleet()
	out := []fleetJSON{}
	for i := range list {
		v := &list[i]
		if !d.Reads(by, v.ID) {
			continue
		}
		x := fleetJSON{
			ID: string(v.ID), Name: v.Name, Plate: v.Plate, Colour: v.Colour, State: v.Shown, Battery: v.Battery, Speed: v.Speed,
			Assist: v.Assist, Limit: v.Limit, Doors: v.Doors, Reason: v.Reason, Since: stamp(v.Since), Rides: v.Rides, Aboard: v.Aboard,
		}
		if v.Posed {
			p := dm(v.Pose.Vec)
			x.Pose = &[3]float64{p[0], p[1], math.Round(1000*v.Pose.Heading) / 1000}
		}
		if v.Ride != "" {
			x.Ride = &rideOfJSON{v.Ride, string(v.RideState)}
		}
		out = append(out, x)
	}
	return out, bell
}

func (d *Desk) getVehicles(w http.ResponseWriter, r *http.Request) {
	give(w, r, d.vehicles)
}

// getCabin streams what a vehicle shows, as it was published: each frame is encoded once, for everybody.
func (d *Desk) getCabin(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	list, _ := d.Court.Fleet()
	i := slices.IndexFunc(list, func(v road.VehicleView) bool { return v.Name == name })
	if i < 0 {
		tell(w, http.StatusNotFound, "There is no such vehicle")
		return
	}
	by, _ := d.Caller(r)
	ride := road.RideID(r.URL.Query().Get("ride"))
	if !d.Reads(by, list[i].ID) && !d.Court.Carries(ride, name) {
		tell(w, http.StatusForbidden, "Only its passengers and the operators look out of a vehicle: sign in, or name your ride by ?ride=")
		return
	}
	if !listens(r) {
		tell(w, http.StatusNotAcceptable, "A cabin is only shown as text/event-stream")
		return
	}
	view := d.Court.Cabins.Of(name)
	if view == nil {
		tell(w, http.StatusNotFound, "There is no such vehicle")
		return
	}
	show(w, r, view, func() bool { return d.Reads(by, list[i].ID) || d.Court.Carries(ride, name) })
}

// lookAgain is how often it's asked whether a viewer still may look.
const lookAgain = 10 * time.Second

func show(w http.ResponseWriter, r *http.Request, view *cabin.Cabin, may func() bool) {
	s, packed := sse.New(w), header.Accepts(r.Header.Values("Accept-Encoding"), "gzip")
	w.Header().Add("Vary", "Accept-Encoding")
	if packed {
		w.Header().Set("Content-Encoding", "gzip")
		s = sse.New(&packing{ResponseWriter: w})
	}
	if s.Open() != nil {
		return
	}
	viewer := view.View(packed)
	defer viewer.Close()
	ping := time.NewTicker(lookAgain)
	defer ping.Stop()
	rc := http.NewResponseController(w)
	for {
		message, more := viewer.Next()
		if message != nil {
			if rc.SetWriteDeadline(time.Now().Add(lookAgain)) != nil {
				return
			}
			if _, err := w.Write(message); err != nil || rc.Flush() != nil {
				return
			}
		}
		select {
		case <-more:
		case <-ping.C:
			if s.Ping(); !may() || s.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// packing packs what is written by itself, for a stream whose frames come packed.
type packing struct {
	http.ResponseWriter
	begun bool
}

func (p *packing) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *packing) Write(piece []byte) (int, error) {
	out := cabin.Pack(piece)
	if !p.begun {
		p.begun = true
		out = append([]byte(cabin.Opening), out...)
	}
	if _, err := p.ResponseWriter.Write(out); err != nil {
		return 0, err
	}
	return len(piece), nil
}

type ticketJSON struct {
	ID      string        `json:"id"`
	Vehicle string        `json:"vehicle"`
	Kind    string        `json:"kind"`
	Words   string        `json:"words"`
	Options []road.Option `json:"options"`
	Asked   string        `json:"asked"`
	Expires string        `json:"expires"`
}

func (d *Desk) tickets(r *http.Request) ([]ticketJSON, *cabin.Bell) {
	by, role := d.Caller(r)
	list, bell := d.Court.Tickets()
	out := []ticketJSON{}
	for _, t := range list {
		if role == "admin" || t.Ride == "" && d.Reads(by, t.Vehicle) { // what passengers say is for operators only
			out = append(out, ticketJSON{t.ID, t.Name, t.Kind, t.Words, t.Options, stamp(t.Asked), stamp(t.Expires)})
		}
	}
	return out, bell
}

func (d *Desk) getAssists(w http.ResponseWriter, r *http.Request) {
	give(w, r, d.tickets)
}

func (d *Desk) postAssist(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Option string `json:"option"`
	}
	if !read(w, r, &in) {
		return
	}
	by, _ := d.Caller(r)
	if err := d.Court.Answer(r.Context(), r.PathValue("id"), in.Option, by); err != nil {
		refused(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
