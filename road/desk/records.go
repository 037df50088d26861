package desk

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"net/http"
	"strings"
	"time"

	"hutong/api/openapi"
	"hutong/drive/geom"
	"hutong/road"
	"hutong/road/feed"
	"hutong/road/report"
)

func (d *Desk) recordRoutes() []Route {
	list := []Route{
		row("GET /road/gbfs/{feed}", "The area as GBFS 3.0 tells of it: gbfs.json lists the feeds", d.getGBFS, "", false, []int{200}, true, false),
		row("GET /road/gtfs-rt/vehicle-positions.pb", "The vehicles as GTFS Realtime", d.getPositions, "", false, []int{200}, true, false).
			as("application/x-protobuf"),
	}
	if d.Archive == nil {
		return list
	}
	span := []openapi.Param{
		{Name: "from", In: "query", Kind: "date-time", About: "the first moment; a month ago when left out"},
		{Name: "to", In: "query", Kind: "date-time", About: "the end, itself left out; now when left out"},
	}
	inspector := func(methodPath, summary string, h http.HandlerFunc) Route {
		return row(methodPath, summary, d.inspected(h), "", false, []int{200}, false, false)
	}
	list = append(list,
		inspector("GET /road/incidents", "The recordings of incidents, newest first", d.getIncidents),
		inspector("GET /road/incidents/{file}", "A recording, ID.mcap: what the vehicle knew and did (mcap.dev)", d.getIncident).as("application/octet-stream"))
	for name, about := range map[string]string{
		"disengagements.csv": "Each time automated driving ended before the ride did", "collisions.csv": "Each collision",
		"kpi.json": "The figures of a span of time",
	} {
		r := inspector("GET /road/reports/"+name, about, d.reports(name))
		if strings.HasSuffix(name, ".csv") {
			r = r.as("text/csv")
		}
		r.Params = span
		list = append(list, r)
	}
	return list
}

// inspected answers those only who administer the hub, or supervise it.
func (d *Desk) inspected(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if by, role := d.Caller(r); role != "admin" && role != "regulator" {
			tell(w, http.StatusForbidden, by+" may not read recordings and reports: that takes the role admin or regulator")
			return
		}
		h(w, r)
	}
}

func (r Route) as(media string) Route {
	r.Gives = media
	return r
}

func (d *Desk) getIncidents(w http.ResponseWriter, _ *http.Request) {
	type incident struct {
		ID      string `json:"id"`
		Vehicle string `json:"vehicle"`
		Cause   string `json:"cause"`
		At      string `json:"at"`
		Bytes   int64  `json:"bytes"`
		Digest  string `json:"sha256"`
		File    string `json:"file"`
	}
	list := []incident{}
	for _, r := range d.Archive.Incidents() {
		list = append(list, incident{r.ID, r.Vehicle, r.Cause, stamp(r.At), r.Bytes, r.Digest, "/road/incidents/" + r.ID + ".mcap"})
	}
	send(w, http.StatusOK, openapi.JSON, list)
}

func (d *Desk) getIncident(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".mcap")
	if !ok {
		tell(w, http.StatusNotFound, "A recording is asked for as ID.mcap; GET /road/incidents lists them")
		return
	}
	data, err := d.Archive.File(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		tell(w, http.StatusNotFound, "There is no such recording; GET /road/incidents lists them")
		return
	case err != nil:
		tell(w, http.StatusInternalServerError, "The recording cannot be read")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id+`.mcap"`)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(data) // who has gone away needs no answer
}

// reports answers one of the reports.
func (d *Desk) reports(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().UTC()
		from, err1 := moment(r, "from", now.AddDate(0, -1, 0))
		to, err2 := moment(r, "to", now)
		if err1 != nil || err2 != nil || !from.Before(to) {
			tell(w, http.StatusBadRequest, "from and to are times such as 2026-11-01T00:00:00Z, from before to")
			return
		}
		if name == "kpi.json" {
			w.Header().Set("Content-Type", openapi.JSON)
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write(d.Archive.Figures(from, to).JSON()) // who has gone away needs no answer
			return
		}
		write := report.Disengagements
		if name == "collisions.csv" {
			write = report.Collisions
		}
		var text bytes.Buffer
		if err := write(&text, d.Archive.Between(from, to)); err != nil {
			refused(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(text.Bytes()) // who has gone away needs no answer
	}
}

func moment(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	return time.Parse(time.RFC3339, text)
}

func (d *Desk) getGBFS(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("feed"), ".json")
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	now := time.Now()
	text, err := []byte(nil), errors.New("no such feed")
	if ok {
		text, err = feed.GBFS(d.snapshot(now), name, scheme+"://"+r.Host+"/road/gbfs", d.salt+now.UTC().Format(time.DateOnly))
	}
	if err != nil {
		tell(w, http.StatusNotFound, "There is no such feed; gbfs.json lists them")
		return
	}
	w.Header().Set("Content-Type", openapi.JSON)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(text) // who has gone away needs no answer
}

func (d *Desk) getPositions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(feed.VehiclePositions(d.snapshot(time.Now()))) // who has gone away needs no answer
}

// atStop is how near a standing vehicle is to the stop it stands at, m.
const atStop = 15

// snapshot is the area as outsiders may know it: nobody's ride, no destination.
func (d *Desk) snapshot(now time.Time) feed.Snapshot {
	a, limits := d.Court.Area, d.Court.Limits()
	s := feed.Snapshot{At: now, System: feed.System{
		ID: "hutong", Name: a.Name, Language: "en", Timezone: "Etc/UTC", Email: "operator@localhost", Hours: limits.ODD.From + "-" + limits.ODD.To, Open: limits.Open,
	}}
	for i := range a.Stops {
		lat, lon := d.degrees(a.Stops[i].Vec)
		s.Stops = append(s.Stops, feed.Stop{ID: a.Stops[i].ID, Name: a.Stops[i].Name, Lat: lat, Lon: lon})
	}
	list, _ := d.Court.Fleet()
	for i := range list {
		v := &list[i]
		if !v.Posed {
			continue
		}
		lat, lon := d.degrees(v.Pose.Vec)
		x := feed.Vehicle{
			ID: string(v.ID), Last: v.Last, Name: v.Name, Lat: lat, Lon: lon, Speed: v.Speed / 3.6, Battery: v.Battery / 100,
			Heading: math.Mod(450-v.Pose.Heading*180/math.Pi, 360), Range: v.Battery / 100 * fullRange,
			Taken: v.Ride != "", Out: v.Shown == road.Offline || v.Shown == road.Stopped || v.Shown == road.FailSafe, Seen: now,
		}
		for k := range a.Stops {
			if v.Speed < 1 && a.Stops[k].To(v.Pose.Vec) < atStop {
				x.Stop = a.Stops[k].ID
				if !x.Taken && !x.Out {
					s.Stops[k].Near++
				}
			}
		}
		s.Vehicles = append(s.Vehicles, x)
	}
	s.Zone.Limit = int(limits.ODD.MaxSpeed)
	twice := 0.0
	for i, v := range limits.ODD.Polygon {
		twice += v.Cross(limits.ODD.Polygon[(i+1)%len(limits.ODD.Polygon)])
	}
	for i, n := 0, len(limits.ODD.Polygon); i < n; i++ {
		v := limits.ODD.Polygon[i]
		if twice < 0 {
			v = limits.ODD.Polygon[n-1-i]
		}
		lat, lon := d.degrees(v)
		s.Zone.Polygon = append(s.Zone.Polygon, [2]float64{lon, lat})
	}
	return s
}

// fullRange is how far a full battery carries a vehicle, m.
const fullRange = 250_000

// degrees gives the place on earth of a place on the map, on a sphere around its origin.
func (d *Desk) degrees(v geom.Vec) (lat, lon float64) {
	const metres = 111_320
	m := d.Court.Area.Map
	return m.OriginLat + v.Y/metres, m.OriginLon + v.X/(metres*math.Cos(m.OriginLat*math.Pi/180))
}
