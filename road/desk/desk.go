// Package desk answers for the area over HTTP: what it is, offers and rides, the vehicles, what they see, and what they
// ask. It translates and decides nothing. docs/http.md shows it by example.
package desk

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"hutong/api/body"
	"hutong/api/header"
	"hutong/api/openapi"
	"hutong/api/sse"
	"hutong/road"
	"hutong/road/archive"
	"hutong/road/cabin"
	"hutong/thing"
)

// Route is one row of what the desk answers.
type Route struct {
	openapi.Route
	Operator bool // only for who administers the hub
	Handler  http.HandlerFunc
}

// Options is what a desk needs. All but Archive are required.
type Options struct {
	Court  *road.Court
	Caller func(r *http.Request) (by, role string)
	// Reads tells whether by may see the vehicle of that id.
	Reads   func(by string, id thing.ID) bool
	Archive *archive.Archive // nil: nothing is recorded
}

// Desk answers for one area.
type Desk struct {
	Options
	roads roads
	salt  string // of the vehicles' names in the public feeds
}

// New makes a desk.
func New(o Options) *Desk {
	d := &Desk{Options: o, salt: rand.Text()}
	d.roads = drawn(o.Court.Area)
	return d
}

const tag = "road"

// Routes gives all that the desk answers.
func (d *Desk) Routes() []Route {
	public := func(methodPath, summary string, h http.HandlerFunc, takes string, streams bool, codes ...int) Route {
		return row(methodPath, summary, h, takes, streams, codes, true, false)
	}
	signedIn := func(methodPath, summary string, h http.HandlerFunc, streams bool, codes ...int) Route {
		return row(methodPath, summary, h, "", streams, codes, false, false)
	}
	operator := func(methodPath, summary string, h http.HandlerFunc, takes string, streams bool, codes ...int) Route {
		return row(methodPath, summary, h, takes, streams, codes, false, true)
	}
	const ride = "/road/rides/{ride}"
	return append([]Route{
		public("GET /road/area", "The area: its limits, its stops, and whether it is open", d.getArea, "", false, 200, 304),
		operator("PUT /road/odd", "Change where, when and how fast may be driven", d.putODD, openapi.JSON, false, 204, 412),
		public("GET /road/map", "The roads, to be drawn", d.getMap, "", false, 200, 304),

		public("POST /road/offers", "Ask for a ride: when it could be here, how long it takes", d.postOffer, openapi.JSON, false, 201, 409, 422, 429),
		public("POST /road/rides", "Book an offer; the id of the ride is the key to it", d.postRide, openapi.JSON, false, 201, 409, 429),
		public("GET "+ride, "A ride, or a stream of it", d.getRide, "", true, 200),
		public("DELETE "+ride, "Cancel a ride that has not begun, or end it where it stands", d.do(road.Cancel), "", false, 204, 409),
		public("POST "+ride+"/unlock", "Unlock the vehicle by the ride's code", d.do(road.Unlock), openapi.JSON, false, 200, 403, 409),
		public("POST "+ride+"/start", "Everybody is aboard and belted: go", d.do(road.Start), openapi.JSON, false, 200, 409),
		public("POST "+ride+"/stop", "Stop now", d.do(road.StopNow), "", false, 200, 409),
		public("POST "+ride+"/pull-over", "Stop at the next place where it hinders nobody", d.do(road.PullOver), "", false, 200, 409),
		public("POST "+ride+"/resume", "Go on", d.do(road.Resume), "", false, 200, 409),
		public("POST "+ride+"/destination", "Choose another destination", d.do(road.Destination), openapi.JSON, false, 200, 409, 422),
		public("POST "+ride+"/help", "Ask for a person", d.do(road.Help), openapi.JSON, false, 200, 409),
		public("POST "+ride+"/rate", "Rate the ride", d.do(road.Rate), openapi.JSON, false, 200, 409),

		signedIn("GET /road/vehicles", "All vehicles, or a stream of them", d.getVehicles, true, 200),
		public("GET /road/vehicles/{name}/cabin", "What a vehicle sees and means to do, ten times a second", d.getCabin, "", true, 200).
			with(openapi.Param{Name: "ride", In: "query", Kind: "string", About: "the id of a ride in this vehicle, for who has not signed in"}),
		signedIn("GET /road/assists", "What vehicles and passengers ask of a person, or a stream of it", d.getAssists, true, 200),
		operator("POST /road/assists/{id}", "Answer a question", d.postAssist, openapi.JSON, false, 204, 409),
	}, d.recordRoutes()...)
}

func row(methodPath, summary string, h http.HandlerFunc, takes string, streams bool, codes []int, public, operator bool) Route {
	method, path, _ := strings.Cut(methodPath, " ")
	r := Route{openapi.Route{Method: method, Path: path, Public: public, Tag: tag, Summary: summary, Takes: takes, Streams: streams, Codes: codes}, operator, h}
	r.Optional = strings.HasSuffix(path, "/help")
	if len(codes) > 0 && codes[0] < 204 && !strings.HasSuffix(path, "/cabin") {
		r.Gives = openapi.JSON
	}
	return r
}

func (r Route) with(p openapi.Param) Route {
	r.Params = append(r.Params, p)
	return r
}

// problem is RFC 9457.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Errors []wrong `json:"errors,omitempty"`
}

type wrong struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

func tell(w http.ResponseWriter, status int, detail string) {
	send(w, status, "application/problem+json", problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail})
}

// refused answers an error of the court.
func refused(w http.ResponseWriter, err error) {
	var r *road.Refusal
	status := http.StatusInternalServerError
	if errors.As(err, &r) {
		status = [...]int{road.Unknown: http.StatusNotFound, road.Unfit: http.StatusUnprocessableEntity, road.Conflict: http.StatusConflict, road.Denied: http.StatusForbidden, road.Busy: http.StatusTooManyRequests}[r.Kind]
		if r.Kind == road.Busy {
			w.Header().Set("Retry-After", "60")
		}
		tell(w, status, r.Words)
		return
	}
	tell(w, http.StatusServiceUnavailable, "This cannot be kept just now, and so is not acknowledged: try again")
}

func send(w http.ResponseWriter, status int, media string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(text) // who has gone away needs no answer
}

// sendTagged answers with an ETag, or that what they have is still so.
func sendTagged(w http.ResponseWriter, r *http.Request, etag, cache string, text []byte) {
	w.Header().Set("ETag", etag)
	if cache != "" {
		w.Header().Set("Cache-Control", cache)
	}
	if r.Header.Get("If-None-Match") != "" && header.Matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", openapi.JSON)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(text) // who has gone away needs no answer
}

// maxAsked is how many bytes somebody may say.
const maxAsked = 64 << 10

// read reads a JSON object strictly into v; an empty body is one without members. It answers itself when it can't.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	if given := r.Header.Get("Content-Type"); given != "" {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != openapi.JSON {
			tell(w, http.StatusUnsupportedMediaType, "The body is "+given+"; want application/json")
			return false
		}
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxAsked+1))
	switch {
	case err != nil:
		tell(w, http.StatusBadRequest, "The body could not be read to its end")
		return false
	case len(text) > maxAsked:
		tell(w, http.StatusRequestEntityTooLarge, "The body is larger than 64 KiB, which is the most that is read")
		return false
	case len(text) == 0:
		return true
	}
	if err := body.Check(text); err != nil {
		tell(w, http.StatusBadRequest, "The body is not JSON as it should be: "+err.Error())
		return false
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		misfit(w, err)
		return false
	}
	return true
}

// misfit answers that a body doesn't fit, and where.
func misfit(w http.ResponseWriter, err error) {
	p := problem{Type: "about:blank", Title: http.StatusText(http.StatusBadRequest), Status: http.StatusBadRequest, Detail: "it does not fit: " + strings.TrimPrefix(err.Error(), "json: ")}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		where, what := strings.ReplaceAll(kind.Field, ".", "/"), "want "+wanted(kind.Type.Kind())+", got "+kind.Value
		p.Detail = "it does not fit: " + cmp.Or(where, "the body") + ": " + what
		if where != "" {
			where = "/" + where
		}
		p.Errors = []wrong{{where, what}}
	}
	send(w, p.Status, "application/problem+json", p)
}

// wanted names a kind of value as people do who don't know Go.
func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	}
	return "an object"
}

// listens tells whether the client asked for a stream.
func listens(r *http.Request) bool { return header.Accepts(r.Header.Values("Accept"), sse.Media) }

const (
	pingEvery  = 15 * time.Second
	fleetEvery = 200 * time.Millisecond // how often a list is sent at most
	rideEvery  = 100 * time.Millisecond
)

// give answers with a list as it is now, or streams it where the client listens.
func give[T any](w http.ResponseWriter, r *http.Request, list func(*http.Request) ([]T, *cabin.Bell)) {
	now, bell := list(r)
	if !listens(r) {
		send(w, http.StatusOK, "application/json", now)
		return
	}
	stream(w, r, bell, fleetEvery, func() any { now, _ := list(r); return now })
}

// stream sends what next gives, whenever the bell rings, until the client goes away: always the newest, and each once.
// next gives nil when there's nothing any more.
func stream(w http.ResponseWriter, r *http.Request, bell *cabin.Bell, calm time.Duration, next func() any) {
	s := sse.New(w)
	if s.Open() != nil {
		return
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	last := ""
	for {
		more := bell.Wait()
		v := next()
		if v == nil {
			return
		}
		text, err := json.Marshal(v)
		if err != nil {
			return
		}
		if string(text) != last {
			last = string(text)
			s.Message("", "", text)
			if s.Flush() != nil {
				return
			}
		}
		if !rest(r, s, ping, more, calm) {
			return
		}
	}
}

// rest waits for the bell, and a little, and says meanwhile that the line is alive.
func rest(r *http.Request, s *sse.Writer, ping *time.Ticker, more <-chan struct{}, calm time.Duration) bool {
	pause := time.NewTimer(calm)
	defer pause.Stop()
	for rung, calmed := false, false; !rung || !calmed; {
		select {
		case <-more:
			rung, more = true, nil
		case <-pause.C:
			calmed = true
		case <-ping.C:
			if s.Ping(); s.Flush() != nil {
				return false
			}
		case <-r.Context().Done():
			return false
		}
	}
	return true
}
