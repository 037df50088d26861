package desk

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"

	"hutong/api/header"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/ground"
)

type xy [2]float64

func dm(v geom.Vec) xy { return xy{math.Round(10*v.X) / 10, math.Round(10*v.Y) / 10} }

func line(points []geom.Vec) []xy {
	out := make([]xy, len(points))
	for i, v := range points {
		out[i] = dm(v)
	}
	return out
}

type oddJSON struct {
	Polygon  []xy     `json:"polygon"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	MaxSpeed float64  `json:"maxSpeed"`
	Weather  []string `json:"weather"`
	Closed   string   `json:"closed,omitempty"`
}

type stopJSON struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	Heading  float64 `json:"heading"`
	StepFree bool    `json:"step-free"`
}

func (d *Desk) getArea(w http.ResponseWriter, r *http.Request) {
	type origin struct {
		Lat float64 `json:"lat"`
		Lon float64 `json:"lon"`
	}
	a, now := d.Court.Area, d.Court.Limits()
	out := struct {
		Name   string     `json:"name"`
		Open   bool       `json:"open"`
		Why    string     `json:"why"`
		Origin origin     `json:"origin"`
		Bounds [4]float64 `json:"bounds"`
		ODD    oddJSON    `json:"odd"`
		Tag    string     `json:"oddTag"`
		Stops  []stopJSON `json:"stops"`
	}{a.Name, now.Open, now.Why, origin{a.Map.OriginLat, a.Map.OriginLon}, d.roads.bounds, oddOf(now.ODD), now.Tag, []stopJSON{}}
	for _, s := range a.Stops {
		p := dm(s.Vec)
		out.Stops = append(out.Stops, stopJSON{s.ID, s.Name, p[0], p[1], math.Round(1000*s.Heading) / 1000, s.StepFree})
	}
	text, err := json.Marshal(out)
	if err != nil {
		refused(w, err)
		return
	}
	sendTagged(w, r, `"`+now.Tag+hash(text)[:6]+`"`, "", text)
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

func oddOf(o ground.ODD) oddJSON {
	weather := o.Weather
	if weather == nil {
		weather = []string{}
	}
	return oddJSON{line(o.Polygon), o.From, o.To, o.MaxSpeed, weather, o.Closed}
}

// putODD takes the limits. If-Match holds the ETag of the area, or the oddTag in it.
func (d *Desk) putODD(w http.ResponseWriter, r *http.Request) {
	var in oddJSON
	if !read(w, r, &in) {
		return
	}
	odd := ground.ODD{From: in.From, To: in.To, MaxSpeed: in.MaxSpeed, Weather: in.Weather, Closed: in.Closed}
	for _, p := range in.Polygon {
		odd.Polygon = append(odd.Polygon, geom.Vec{X: p[0], Y: p[1]})
	}
	now := d.Court.Limits().Tag
	if match := r.Header.Get("If-Match"); match != "" && match != "*" && !ofTag(match, now) {
		tell(w, http.StatusPreconditionFailed, "Somebody else has changed the limits: fetch them again, and make your change on top")
		return
	}
	if err := d.Court.SetLimits(odd, now); err != nil {
		refused(w, err)
		return
	}
	w.Header().Set("ETag", `"`+d.Court.Limits().Tag+`"`)
	w.WriteHeader(http.StatusNoContent)
}

// ofTag tells whether If-Match names the tag of the limits, or begins with it as an area's ETag does.
func ofTag(match, tag string) bool {
	if header.Matches([]string{match}, `"`+tag+`"`) {
		return true
	}
	var whole string
	if n, err := fmt.Sscanf(trimWeak(match), "%q", &whole); n != 1 || err != nil {
		return false
	}
	return len(whole) == len(tag)+6 && whole[:len(tag)] == tag
}

func trimWeak(tag string) string {
	if len(tag) > 2 && tag[:2] == "W/" {
		return tag[2:]
	}
	return tag
}

// roads are the area's lanes as they're drawn; they never change.
type roads struct {
	text   []byte
	etag   string
	bounds [4]float64
}

type laneJSON struct {
	ID     int     `json:"id"`
	Kind   string  `json:"kind"`
	Points []xy    `json:"points"`
	Width  float64 `json:"width"`
	Turn   string  `json:"turn,omitempty"`
}

type sceneJSON struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	Points []xy   `json:"points"`
}

type signalJSON struct {
	ID      int     `json:"id"`
	X       float64 `json:"x"`
	Y       float64 `json:"y"`
	Heading float64 `json:"heading"`
	Thing   string  `json:"thing"`
}

var (
	kinds = [...]string{lane.Drive: "drive", lane.Junction: "junction", lane.Walk: "walk", lane.Crossing: "crossing", lane.Cycle: "cycle", lane.Shoulder: "shoulder", lane.Other: "other"}
	turns = [...]string{lane.Straight: "straight", lane.Left: "left", lane.Right: "right", lane.Back: "back"}
)

// signalPrefix begins the ids of the Things that signals are; the signal's number follows.
const signalPrefix = "urn:hutong:drive:signal-"

func drawn(a *ground.Area) roads {
	out := struct {
		Lanes     []laneJSON   `json:"lanes"`
		Signals   []signalJSON `json:"signals"`
		Crossings [][]xy       `json:"crossings"`
		Scenery   []sceneJSON  `json:"scenery"`
	}{[]laneJSON{}, []signalJSON{}, [][]xy{}, []sceneJSON{}}
	b := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for i := range a.Map.Lanes {
		l := &a.Map.Lanes[i]
		for _, v := range l.Centre.Points() {
			b = [4]float64{min(b[0], v.X), min(b[1], v.Y), max(b[2], v.X), max(b[3], v.Y)}
		}
		x := laneJSON{ID: i, Kind: kinds[l.Kind], Points: line(l.Centre.Points())}
		left, right := l.Widths(l.Centre.Length() / 2)
		x.Width = math.Round(10*(left+right)) / 10
		if l.Kind == lane.Junction {
			x.Turn = turns[l.Turn]
		}
		out.Lanes = append(out.Lanes, x)
		if l.Kind == lane.Crossing {
			out.Crossings = append(out.Crossings, outline(l))
		}
	}
	for i := range a.Map.Signals {
		s := &a.Map.Signals[i]
		p := dm(s.At.Vec)
		out.Signals = append(out.Signals, signalJSON{i, p[0], p[1], math.Round(1000*s.At.Heading) / 1000, fmt.Sprint(signalPrefix, i)})
	}
	for i := range a.Scenery {
		s := &a.Scenery[i]
		out.Scenery = append(out.Scenery, sceneJSON{s.Kind, s.Name, line(s.Points)})
	}
	for i := range b { // a map without lanes has no bounds
		if math.IsInf(b[i], 0) {
			b[i] = 0
		}
		b[i] = math.Round(10*b[i]) / 10
	}
	text, err := json.Marshal(out)
	if err != nil { // plain numbers and words always marshal
		panic("desk: " + err.Error())
	}
	return roads{text, `"` + hash(text) + `"`, b}
}

// outline gives a lane's edge all around.
func outline(l *lane.Lane) []xy {
	var left, right []xy
	for i, s := range l.Centre.Along() {
		p := l.Centre.At(s)
		left = append(left, dm(p.Ahead(0, l.ToLeft[i])))
		right = append([]xy{dm(p.Ahead(0, -l.ToRight[i]))}, right...)
	}
	return append(left, right...)
}

func (d *Desk) getMap(w http.ResponseWriter, r *http.Request) {
	sendTagged(w, r, d.roads.etag, "max-age=86400", d.roads.text)
}
