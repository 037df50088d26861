package desk

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road"
	"hutong/road/archive"
	"hutong/road/ground"
	"hutong/thing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is a hub with vehicles that are at once where they're sent.
type hub struct {
	mu     sync.Mutex
	things map[thing.ID]*thing.Thing
	values map[thing.Ref]thing.State
	news   chan []thing.Change
	gone   chan thing.ID
	orders []thing.Command
}

func (h *hub) Things() (list []*thing.Thing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.things {
		list = append(list, x)
	}
	return list
}

func (h *hub) Thing(id thing.ID) (*thing.Thing, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x, ok := h.things[id]
	return x, ok
}

func (h *hub) Get(ref thing.Ref) (thing.State, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.values[ref]
	return s, ok
}

func (h *hub) Every() road.Feed { return h }
func (h *hub) Close()           {}

func (h *hub) Next(ctx context.Context) ([]thing.Change, error) {
	select {
	case list := <-h.news:
		return list, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hub) Watch(ctx context.Context, tell func(thing.ID)) {
	for {
		select {
		case id := <-h.gone:
			tell(id)
		case <-ctx.Done():
			return
		}
	}
}

func (h *hub) says(id thing.ID, values map[string]thing.Value) {
	var list []thing.Change
	h.mu.Lock()
	for _, name := range []string{"state", "trip", "pose", "speed", "battery", "doors", "limit", "seats", "weather"} {
		if v, ok := values[name]; ok {
			ref := thing.Ref{Thing: id, Kind: thing.Property, Name: name}
			h.values[ref] = thing.State{Value: v, Quality: thing.Good}
			list = append(list, thing.Change{Ref: ref, Value: v, Quality: thing.Good})
		}
	}
	h.mu.Unlock()
	h.news <- list
}

// Do is the gate and the vehicle behind it.
func (h *hub) Do(_ context.Context, cmd thing.Command) thing.Outcome {
	h.mu.Lock()
	h.orders = append(h.orders, cmd)
	h.mu.Unlock()
	said := map[string]thing.Value{}
	switch cmd.Ref.Name {
	case "driveTo":
		var to struct{ X, Y, Heading float64 }
		if err := json.Unmarshal([]byte(cmd.Input.Document()), &to); err != nil {
			return thing.Outcome{Command: cmd, Status: thing.Failed, Error: err.Error()}
		}
		said["state"] = thing.String("arrived")
		if to.X > 700 { // far away: it is on its way for good
			said["state"] = thing.String("driving")
		} else {
			said["pose"] = thing.Document(fmt.Sprintf(`{"x":%g,"y":%g,"heading":%g}`, to.X, to.Y, to.Heading))
		}
		said["trip"] = thing.Document(fmt.Sprintf(`{"goal":{"x":%g,"y":%g},"remaining":60}`, to.X, to.Y))
	case "stopNow", "pullOver":
		said["state"] = thing.String("stopped")
	case "resume":
		said["state"] = thing.String("driving")
	case "openDoors":
		said["doors"] = thing.String("open")
	case "closeDoors":
		said["doors"] = thing.String("closed")
	case "setLimit":
		said["limit"] = thing.Float(30)
	}
	go h.says(cmd.Ref.Thing, said)
	return thing.Outcome{Command: cmd, Status: thing.Completed}
}

// records is a road.Keep in memory, whose disk may be full.
type records struct {
	mu   sync.Mutex
	of   map[string][]byte
	full bool
}

func (r *records) Put(key string, text []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full {
		return errors.New("no space left on device")
	}
	r.of[key] = text
	return nil
}

func (r *records) Delete(key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, key)
	return nil
}

func (r *records) All() (map[string][]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]byte{}
	for k, v := range r.of {
		out[k] = v
	}
	return out, nil
}

func area(t *testing.T) *ground.Area {
	t.Helper()
	p, err := geom.NewPath([]geom.Vec{{}, {X: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := lane.NewMap([]lane.Lane{{
		Name: "east", Centre: p, ToLeft: []float64{2, 2}, ToRight: []float64{2, 2}, Limit: 10, Users: lane.Cars,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &ground.Area{
		Name: "Test", Map: m, Stops: []ground.Stop{{ID: "a", Name: "A", Pose: geom.Pose{Vec: geom.Vec{X: 100}}}, {ID: "b", Name: "B", Pose: geom.Pose{Vec: geom.Vec{X: 800}}}},
		ODD: ground.ODD{Polygon: []geom.Vec{{X: -10, Y: -10}, {X: 1010, Y: -10}, {X: 1010, Y: 10}, {X: -10, Y: 10}}, From: "00:00", To: "24:00", MaxSpeed: 30, Weather: []string{"clear"}},
	}
}

// site is a desk that answers.
type site struct {
	t     *testing.T
	hub   *hub
	court *road.Court
	url   string
	rides *records
	by    string // who asks
	role  string
}

func open(t *testing.T) *site {
	t.Helper()
	h := &hub{things: map[thing.ID]*thing.Thing{}, values: map[thing.Ref]thing.State{}, news: make(chan []thing.Change, 64), gone: make(chan thing.ID)}
	car := &thing.Thing{ID: "urn:v:car-1", Title: "Car 1", Place: road.Vehicles}
	for _, a := range []string{"driveTo", "stopNow", "pullOver", "resume"} {
		car.Actions = append(car.Actions, thing.Point{Kind: thing.Action, Name: a})
	}
	mast := &thing.Thing{ID: "urn:mast", Place: "road/streets", Points: []thing.Point{{Kind: thing.Property, Name: "weather"}}}
	h.things[car.ID], h.things[mast.ID] = car, mast
	s := &site{t: t, hub: h, rides: &records{of: map[string][]byte{}}, by: "user:ann", role: "admin"}
	dir := t.TempDir()
	arch, err := archive.Open(archive.Options{Dir: dir, Records: &records{of: map[string][]byte{}}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.court, err = road.Open(road.Options{Area: area(t), Hub: h, Gate: h, Kept: s.rides, Records: &records{of: map[string][]byte{}}, Witness: arch})
	if err != nil {
		t.Fatal(err)
	}
	arch.Ask(s.court.Vehicle)
	d := New(Options{Court: s.court, Archive: arch, Caller: func(*http.Request) (string, string) { return s.by, s.role }, Reads: func(by string, id thing.ID) bool {
		_, ok := h.Thing(id)
		return ok && by != ""
	}})
	mux := http.NewServeMux()
	for _, r := range d.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	server := httptest.NewServer(mux)
	ctx, end := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.court.Run(ctx) }()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		end()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	s.url = server.URL
	h.says(mast.ID, map[string]thing.Value{"weather": thing.String("clear")})
	h.says(car.ID, map[string]thing.Value{
		"state": thing.String("standing"), "pose": thing.Document(`{"x":300,"y":0,"heading":0}`), "speed": thing.Float(0), "battery": thing.Float(80),
		"doors": thing.String("locked"), "limit": thing.Float(30), "seats": thing.Int(4), "trip": thing.Document(`{"goal":null}`),
	})
	s.until("/road/area", `"open":true`)
	s.until("/road/vehicles", `"state":"standing"`)
	return s
}

func (s *site) do(method, path, body string, header ...string) (int, string, http.Header) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (s *site) want(status int, holds, method, path, body string, header ...string) string {
	s.t.Helper()
	got, text, h := s.do(method, path, body, header...)
	if got != status || !strings.Contains(text, holds) {
		s.t.Errorf("%s %s %.80s: %d %.300s; want %d with %q", method, path, body, got, text, status, holds)
	}
	if got >= 400 && h.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s %s: an error as %s", method, path, h.Get("Content-Type"))
	}
	return text
}

func (s *site) until(path, holds string) string {
	s.t.Helper()
	text := ""
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); {
		if _, text, _ = s.do("GET", path, ""); strings.Contains(text, holds) {
			return text
		}
		<-time.After(10 * time.Millisecond)
	}
	s.t.Fatalf("GET %s never held %s, but %.500s", path, holds, text)
	return ""
}

type rideText struct{ ID, State, Code string }

func (s *site) book() (r rideText) {
	s.t.Helper()
	var o struct{ ID string }
	if err := json.Unmarshal([]byte(s.want(201, `"price":0`, "POST", "/road/offers", `{"from":{"stop":"b"},"to":{"x":950,"y":0},"party":2}`)), &o); err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(s.want(201, `"code":"`, "POST", "/road/rides", `{"offer":"`+o.ID+`"}`)), &r); err != nil {
		s.t.Fatal(err)
	}
	s.want(409, "already", "POST", "/road/rides", `{"offer":"`+o.ID+`"}`)
	return r
}

func TestBadInputIsAnsweredWithWords(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		status             int
		holds              string
		method, path, body string
	}{
		{400, "not JSON", "POST", "/road/offers", `{`},
		{400, "more than one value", "POST", "/road/offers", `{}{}`},
		{400, "twice", "POST", "/road/offers", `{"party":1,"party":2}`},
		{400, "unknown field", "POST", "/road/offers", `{"from":{"stop":"a"},"to":{"stop":"b"},"speed":9}`},
		{400, "/party", "POST", "/road/offers", `{"party":"many"}`},
		{400, "party: want a whole number, got", "POST", "/road/offers", `{"party":1.5}`},
		{400, "from: want an object, got number", "POST", "/road/offers", `{"from":1}`},
		{400, "the body: want an object, got array", "POST", "/road/offers", `[]`},
		{413, "64 KiB", "POST", "/road/offers", strings.Repeat(" ", maxAsked+1)},
		{422, "name a stop", "POST", "/road/offers", ``},
		{422, "no stop", "POST", "/road/offers", `{"from":{"stop":"zoo"},"to":{"stop":"b"}}`},
		{422, "outside", "POST", "/road/offers", `{"from":{"stop":"a"},"to":{"x":1e6,"y":1e6}}`},
		{422, "1 to 6", "POST", "/road/offers", `{"from":{"stop":"a"},"to":{"stop":"b"},"party":99}`},
		{422, "1 to 6", "POST", "/road/offers", `{"from":{"stop":"a"},"to":{"stop":"b"},"party":-1}`},
		{422, "No way", "POST", "/road/offers", `{"from":{"stop":"b"},"to":{"stop":"a"}}`},
		{404, "no such offer", "POST", "/road/rides", `{"offer":"x"}`},
		{404, "no such ride", "GET", "/road/rides/x", ``},
		{404, "no such ride", "POST", "/road/rides/x/stop", ``},
		{404, "no such ride", "DELETE", "/road/rides/x", ``},
		{404, "no such vehicle", "GET", "/road/vehicles/tank/cabin", ``},
		{404, "no such question", "POST", "/road/assists/x", `{"option":"pass"}`},
		{422, "polygon", "PUT", "/road/odd", `{"polygon":[[0,0]],"from":"06:00","to":"07:00","maxSpeed":30}`},
		{422, "maxSpeed", "PUT", "/road/odd", `{"polygon":[[0,0],[9,0],[9,9]],"from":"06:00","to":"07:00","maxSpeed":0}`},
		{422, "time of the day", "PUT", "/road/odd", `{"polygon":[[0,0],[9,0],[9,9]],"from":"6","to":"07:00","maxSpeed":30}`},
		{404, "no such feed", "GET", "/road/gbfs/secrets.json", ``},
		{404, "no such recording", "GET", "/road/incidents/..%2f..%2fregistry.mcap", ``},
		{400, "from before to", "GET", "/road/reports/kpi.json?from=yesterday", ``},
	} {
		s.want(c.status, c.holds, c.method, c.path, c.body)
	}
	s.want(415, "text/plain", "POST", "/road/offers", `{}`, "Content-Type", "text/plain")
	s.want(406, "event-stream", "GET", "/road/vehicles/car-1/cabin", ``)
}

func TestAVehicleThatSaysNonsenseHidesNoOther(t *testing.T) {
	s := open(t)
	s.hub.says("urn:v:car-1", map[string]thing.Value{"pose": thing.Document(`{"x":1e308,"y":-1e308,"heading":1e308}`)})
	s.until("/road/vehicles", `"pose":null`)
	s.want(200, `"name":"car-1"`, "GET", "/road/vehicles", "")
}

func TestNobodyDrivesWhenWhoToldTheWeatherIsGone(t *testing.T) {
	s := open(t)
	s.hub.mu.Lock()
	delete(s.hub.things, "urn:mast")
	s.hub.mu.Unlock()
	s.hub.gone <- "urn:mast"
	s.until("/road/area", `"why":"Nobody has told what the weather is"`)
}

func TestLimitsAreNotChangedOverSomebodyElsesChange(t *testing.T) {
	s := open(t)
	_, text, h := s.do("GET", "/road/area", "")
	etag := h.Get("ETag")
	if code, _, _ := s.do("GET", "/road/area", "", "If-None-Match", etag); code != 304 {
		t.Errorf("unchanged, and answered %d", code)
	}
	var a struct{ ODD json.RawMessage }
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	slower := strings.Replace(string(a.ODD), `"maxSpeed":30`, `"maxSpeed":20`, 1)
	s.want(204, "", "PUT", "/road/odd", slower, "If-Match", etag)
	s.want(412, "Somebody else", "PUT", "/road/odd", string(a.ODD), "If-Match", etag)
	s.until("/road/area", `"maxSpeed":20`)
	s.want(200, `"lanes":[{"id":0,"kind":"drive"`, "GET", "/road/map", "")
}

func TestARideIsWatchedUnlockedAndStopped(t *testing.T) {
	s := open(t)
	r := s.book()
	path := "/road/rides/" + r.ID
	// The vehicle is on its way to b for good; have it arrive.
	s.until(path, `"state":"coming"`)
	s.want(409, "not here", "POST", path+"/unlock", `{"code":"`+r.Code+`"}`)
	s.until(path, `"route":[[`)
	s.hub.says("urn:v:car-1", map[string]thing.Value{"state": thing.String("arrived"), "pose": thing.Document(`{"x":800,"y":0,"heading":0}`)})
	s.until(path, `"state":"here"`)

	req, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	hears := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), what) {
				return
			}
		}
		t.Fatalf("the stream never said %s", what)
	}
	hears(`"state":"here"`)
	s.want(403, "not the code", "POST", path+"/unlock", `{"code":"x"}`)
	s.want(200, `"state":"boarding"`, "POST", path+"/unlock", `{"code":"`+r.Code+`"}`)
	hears(`"doors":"open"`)
	s.want(422, "belts", "POST", path+"/start", `{"belts":false}`)
	s.want(200, `"state":"riding"`, "POST", path+"/start", `{"belts":true}`)
	hears(`"state":"riding"`)
	code, _, h := s.do("POST", path+"/stop", "a=b", "Content-Type", "application/x-www-form-urlencoded") // never refused for its body
	if code != 200 || h.Get("Hutong-Trace") == "" {
		t.Errorf("stop: %d, trace %q", code, h.Get("Hutong-Trace"))
	}
	hears(`"state":"stopped"`)
	if code, text, _ := s.do("DELETE", path, ""); code != 204 {
		t.Errorf("to get out where it stands: %d %s", code, text)
	}
	hears(`"state":"arrived"`)
}

func TestARideThatCanNotBeKeptIsNotAcknowledged(t *testing.T) {
	s := open(t)
	var o struct{ ID string }
	if err := json.Unmarshal([]byte(s.want(201, "", "POST", "/road/offers", `{"from":{"stop":"b"},"to":{"x":950,"y":0}}`)), &o); err != nil {
		t.Fatal(err)
	}
	s.rides.mu.Lock()
	s.rides.full = true
	s.rides.mu.Unlock()
	s.want(503, "not acknowledged", "POST", "/road/rides", `{"offer":"`+o.ID+`"}`)
	s.rides.mu.Lock()
	s.rides.full = false
	s.rides.mu.Unlock()
}

func TestACallForHelpIsHeardBeforeThereIsAVehicle(t *testing.T) {
	s := open(t)
	offers := make([]struct{ ID string }, 2)
	for i := range offers {
		if err := json.Unmarshal([]byte(s.want(201, "", "POST", "/road/offers", `{"from":{"stop":"b"},"to":{"x":950,"y":0}}`)), &offers[i]); err != nil {
			t.Fatal(err)
		}
	}
	var r rideText
	for _, o := range offers {
		if err := json.Unmarshal([]byte(s.want(201, "", "POST", "/road/rides", `{"offer":"`+o.ID+`"}`)), &r); err != nil {
			t.Fatal(err)
		}
	}
	s.want(200, `"state":"waiting"`, "POST", "/road/rides/"+r.ID+"/help", `{"words":"I am lost"}`)
	s.want(200, "I am lost", "GET", "/road/assists", "")
	for _, role := range []string{"user", "regulator"} { // whoever else may see the vehicles
		s.role = role
		if text := s.want(200, "", "GET", "/road/assists", ""); text != "[]" {
			t.Errorf("a %s reads %s", role, text)
		}
	}
	s.role = "admin"
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(s.want(200, "", "GET", "/road/assists", "")), &list); err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	s.want(204, "", "POST", "/road/assists/"+list[0].ID, `{"option":"talk"}`)
	s.until("/road/rides/"+r.ID, "A person is talking to you")
}

func TestStrangersSeeOnlyTheirOwnVehicle(t *testing.T) {
	s := open(t)
	r := s.book()
	s.until("/road/rides/"+r.ID, `"state":"coming"`)
	s.by, s.role = "", ""
	if text := s.want(200, "", "GET", "/road/vehicles", ""); text != "[]" {
		t.Errorf("a stranger sees %s", text)
	}
	sse := []string{"Accept", "text/event-stream"}
	s.want(403, "passengers", "GET", "/road/vehicles/car-1/cabin", "", sse...)
	s.want(403, "passengers", "GET", "/road/vehicles/car-1/cabin?ride=x", "", sse...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+"/road/vehicles/car-1/cabin?ride="+r.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.court.Cabins.Publish("car-1", []byte(`{"t":1}`))
	s.court.Cabins.Publish("car-1", []byte("{\"t\":1\n}"))
	s.court.Cabins.Publish("car-1", []byte(`not a frame`))
	s.court.Cabins.Publish("car-2", []byte(`{"t":1}`)) // there's no such vehicle
	s.court.Cabins.Publish("car-1", []byte(`{"t":`+strings.Repeat("1", 9000)+`}`))
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if lines.Text() == `data: {"t":1}` {
			break
		}
	}
	if _, _, refused := s.court.Cabins.Counts(); refused != 4 {
		t.Errorf("%d frames refused, want 4", refused)
	}
	s.want(200, "vehicle_status", "GET", "/road/gbfs/gbfs.json", "")
}

func TestWhoSupervisesReadsWhatWasRecorded(t *testing.T) {
	s := open(t)
	for role, status := range map[string]int{"admin": 200, "regulator": 200, "user": 403, "guest": 403} {
		s.role = role
		for _, path := range []string{"/road/incidents", "/road/reports/disengagements.csv", "/road/reports/kpi.json"} {
			s.want(status, "", "GET", path, "")
		}
	}
}

func TestAClientIsToldWhenItAsksForTooMuch(t *testing.T) {
	s := open(t)
	s.by, s.role = "", ""
	const ask = `{"from":{"stop":"b"},"to":{"x":950,"y":0}}`
	n, status, text, header := 0, 201, "", http.Header{}
	for ; status == 201 && n < 1000; n++ {
		status, text, header = s.do("POST", "/road/offers", ask)
	}
	if status != 429 || header.Get("Retry-After") == "" || !strings.Contains(text, "offers open") {
		t.Errorf("the %d. offer: %d %s %v", n, status, text, header)
	}
	s.want(201, "", "POST", "/road/offers", ask, "X-Forwarded-For", "203.0.113.7") // somebody else, behind the same proxy
	s.want(429, "", "POST", "/road/offers", ask, "X-Forwarded-For", "203.0.113.7, 127.0.0.1")
	s.by, s.role = "token:kiosk", "user"
	s.want(201, "", "POST", "/road/offers", ask)
}

func TestWhoSharesAVehicleIsToldNothingOfTheOthers(t *testing.T) {
	s := open(t)
	share := func(body string) (r rideText) {
		t.Helper()
		var o struct{ ID string }
		if err := json.Unmarshal([]byte(s.want(201, `"share":true`, "POST", "/road/offers", body)), &o); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(s.want(201, `"share":true`, "POST", "/road/rides", `{"offer":"`+o.ID+`"}`)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	ann := share(`{"from":{"x":500,"y":0},"to":{"stop":"b"},"share":true}`)
	s.until("/road/rides/"+ann.ID, `"state":"here"`)
	bob := share(`{"from":{"x":850,"y":0},"to":{"x":950,"y":0},"share":true,"party":2}`)
	text := s.until("/road/rides/"+bob.ID, `"state":"coming"`)
	if !strings.Contains(text, `"pose":null`) || !strings.Contains(text, `"route":[]`) || !strings.Contains(text, `"stops":2`) || !strings.Contains(text, `"pickup":"20`) {
		t.Errorf("bob, who waits, is told %s", text)
	}
	if text = s.want(200, `"state":"here"`, "GET", "/road/rides/"+ann.ID, ""); strings.Contains(text, `"pose":null`) || strings.Contains(text, `"stops"`) {
		t.Errorf("ann is told %s", text)
	}
	s.want(200, `"rides":2`, "GET", "/road/vehicles", "")
	s.by, s.role = "", ""
	s.want(403, "passengers", "GET", "/road/vehicles/car-1/cabin?ride="+bob.ID, "", "Accept", "text/event-stream")
	s.want(406, "", "GET", "/road/vehicles/car-1/cabin?ride="+ann.ID, "")
	s.want(422, "wheelchair", "POST", "/road/offers", `{"from":{"stop":"b"},"to":{"x":950,"y":0},"share":true,"wheelchair":true}`)
	s.want(200, "", "POST", "/road/rides/"+ann.ID+"/unlock", `{"code":"`+ann.Code+`"}`)
	s.want(200, "", "POST", "/road/rides/"+ann.ID+"/start", `{"belts":true}`)
	s.until("/road/rides/"+ann.ID, `"state":"riding"`)
}

func TestAnotherVehicleOfTheSameNameWaitsUntilTheFirstIsGone(t *testing.T) {
	s := open(t)
	rival := &thing.Thing{ID: "urn:rival:car-1", Title: "Car 1", Place: road.Vehicles, Actions: s.hub.things["urn:v:car-1"].Actions}
	s.hub.mu.Lock()
	s.hub.things[rival.ID] = rival
	s.hub.mu.Unlock()
	s.hub.gone <- rival.ID // which tells that it has changed
	s.hub.gone <- "urn:mast"
	if text := s.want(200, `"id":"urn:v:car-1"`, "GET", "/road/vehicles", ""); strings.Contains(text, "rival") {
		t.Errorf("it is let in: %s", text)
	}
	s.hub.mu.Lock()
	delete(s.hub.things, "urn:v:car-1")
	s.hub.mu.Unlock()
	s.hub.gone <- "urn:v:car-1"
	s.until("/road/vehicles", `"id":"urn:rival:car-1"`)
	s.court.Cabins.Publish("car-1", []byte(`{"t":1}`))
	if _, _, refused := s.court.Cabins.Counts(); refused != 0 {
		t.Errorf("%d frames refused", refused)
	}
}
