package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
	"hutong/drive/world"
	"hutong/mqtt"
	"hutong/td"
)

// ring is a world without traffic: a road of two straight lanes, there and back, that meet at both ends.
type ring struct {
	m    *lane.Map
	now  float64
	cars map[uint32]scene.Actor
}

func newRing(t testing.TB) *ring {
	t.Helper()
	var lanes []lane.Lane
	add := func(name string, kind lane.Kind, next, prev lane.ID, points ...geom.Vec) {
		p, err := geom.NewPath(points)
		if err != nil {
			t.Fatal(err)
		}
		n := len(p.Points())
		wide := make([]float64, n)
		for i := range wide {
			wide[i] = 2
		}
		lanes = append(lanes, lane.Lane{
			Name: name, Centre: p, ToLeft: wide, ToRight: wide, Limit: 13.9, Kind: kind, Users: lane.Cars, Next: []lane.ID{next},
			Prev: []lane.ID{prev}, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		})
	}
	bend := func(x, from, to float64) (list []geom.Vec) {
		for i := 0.0; i <= 1; i += 0.05 {
			list = append(list, geom.Vec{X: x, Y: 15}.Plus(geom.Towards(from+i*(to-from)).Times(15)))
		}
		return list
	}
	add("east", lane.Drive, 1, 3, geom.Vec{}, geom.Vec{X: 300})
	add("turn", lane.Junction, 2, 0, bend(300, -1.5707963, 1.5707963)...)
	add("west", lane.Drive, 3, 1, geom.Vec{X: 300, Y: 30}, geom.Vec{Y: 30})
	add("return", lane.Junction, 0, 2, bend(0, 1.5707963, 4.712389)...)
	m, err := lane.NewMap(lanes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &ring{m: m, cars: map[uint32]scene.Actor{}}
}

func (r *ring) Map() *lane.Map { return r.m }

func (r *ring) Truth(t *scene.Truth) {
	t.Time, t.Lights, t.Actors = r.now, t.Lights[:0], t.Actors[:0]
	for _, a := range r.cars {
		t.Actors = append(t.Actors, a)
	}
}

func (r *ring) Place(id uint32, spec *vehicle.Spec, at vehicle.State) error {
	r.cars[id] = scene.Actor{ID: id, Box: spec.Box(at), Speed: at.Speed, Accel: at.Accel}
	return nil
}

func (r *ring) Step(_ context.Context, dt float64) error { r.now += dt; return nil }
func (r *ring) Close() error                             { return nil }

// area is a broker and what is known there of the vehicles.
type area struct {
	t      *testing.T
	url    string
	server *mqtt.Server
	client *mqtt.Client
	host   *Host

	mu     sync.Mutex
	values map[string]string // by topic
	counts map[string]int
	wake   chan struct{}
	waits  map[string]chan string // answers by correlation
	n      int
}

// broker runs an MQTT server on addr until stop is called.
func broker(t *testing.T, addr string) (s *mqtt.Server, at string, stop func()) {
	t.Helper()
	s, err := mqtt.NewServer(mqtt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	return s, l.Addr().String(), sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Close(ctx)
		<-done
	})
}

func open(t *testing.T, o Options) *area {
	t.Helper()
	a := &area{t: t, values: map[string]string{}, counts: map[string]int{}, wake: make(chan struct{}, 1), waits: map[string]chan string{}}
	s, addr, stop := broker(t, "127.0.0.1:0")
	t.Cleanup(stop)
	a.server, a.url = s, "mqtt://"+addr
	a.listen()
	if o.World == nil {
		o.World = newRing(t)
	}
	o.Broker = a.url
	if o.Vehicles == nil {
		o.Vehicles = []Vehicle{{Name: "car-1", Title: "Car 1", Plate: "H 0001", Colour: "white", Seats: 6, Start: lane.Spot{Lane: 0, S: 30}}}
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	a.host = h
	ctx, end := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	a.until("drive/car-1/state", `"standing"`)
	return a
}

// listen hears all that is published.
func (a *area) listen() {
	c, err := mqtt.Dial(a.t.Context(), mqtt.ClientOptions{URL: a.url, CleanStart: true, MaxBackoff: 100 * time.Millisecond})
	if err != nil {
		a.t.Fatal(err)
	}
	a.client = c
	a.t.Cleanup(func() { c.Close() })
	err = c.Subscribe(a.t.Context(), "#", 0, func(m *mqtt.Message) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.values[m.Topic] = string(m.Payload)
		a.counts[m.Topic]++
		if strings.HasSuffix(m.Topic, "/done") && m.Properties != nil && a.waits[string(m.Properties.CorrelationData)] != nil {
			wrong := ""
			for _, u := range m.Properties.User {
				wrong = u.Value
			}
			a.waits[string(m.Properties.CorrelationData)] <- wrong
		}
		select {
		case a.wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *area) value(topic string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.values[topic]
}

// until waits for a value that holds want.
func (a *area) until(topic, want string) {
	a.t.Helper()
	late := time.After(30 * time.Second)
	for {
		if strings.Contains(a.value(topic), want) {
			return
		}
		select {
		case <-a.wake:
		case <-time.After(20 * time.Millisecond):
		case <-late:
			a.t.Fatalf("%s never said %s, but %s", topic, want, a.value(topic))
		}
	}
}

// order has a vehicle do something, and gives the reason why it refuses, "" where it doesn't.
func (a *area) order(action, input string) string {
	a.t.Helper()
	a.mu.Lock()
	a.n++
	key := fmt.Sprint("k", a.n)
	came := make(chan string, 1)
	a.waits[key] = came
	a.mu.Unlock()
	err := a.client.Publish(a.t.Context(), &mqtt.Message{
		Topic: "drive/car-1/do/" + action, Payload: []byte(input), QoS: 1,
		Properties: &mqtt.Properties{ResponseTopic: "drive/car-1/done", CorrelationData: []byte(key)},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	select {
	case wrong := <-came:
		return wrong
	case <-time.After(30 * time.Second):
		a.t.Fatalf("%s was never answered", action)
		return ""
	}
}

func (a *area) must(action, input string) {
	a.t.Helper()
	if wrong := a.order(action, input); wrong != "" {
		a.t.Fatalf("%s %s is refused: %s", action, input, wrong)
	}
}

func TestAVehicleDrivesWhereItIsSentAndStopsWhenItIsTold(t *testing.T) {
	a := open(t, Options{Speed: 8})
	a.must("driveTo", `{"x":250,"y":-2}`)
	a.until("drive/car-1/state", "driving")
	a.until("drive/car-1/trip", `"x":250`)
	a.must("stopNow", "")
	a.until("drive/car-1/state", "stopped")
	if wrong := a.order("driveTo", `{"x":100,"y":32}`); !strings.Contains(wrong, "resume") {
		t.Errorf("a vehicle that was stopped is sent away: %q", wrong)
	}
	a.must("resume", "")
	a.until("drive/car-1/state", "arrived")
	a.until("drive/car-1/event/arrived", "250")
	a.must("openDoors", "")
	a.until("drive/car-1/doors", "open")
	if wrong := a.order("driveTo", `{"x":100,"y":32}`); !strings.Contains(wrong, "doors") {
		t.Errorf("it drives with open doors: %q", wrong)
	}
	a.must("closeDoors", "")
	a.must("driveTo", `{"x":100,"y":32}`)
	a.until("drive/car-1/doors", "locked")
	if wrong := a.order("openDoors", ""); !strings.Contains(wrong, "stand") {
		t.Errorf("it opens its doors on the way: %q", wrong)
	}
	a.until("drive/car-1/state", "arrived")
	a.until("drive/car-1/pose", `"lane":"west"`)
}

func TestWhatCanNotBeMeantIsRefusedWithAReason(t *testing.T) {
	a := open(t, Options{Speed: 4})
	for _, c := range []struct{ action, input, want string }{
		{"driveTo", ``, "not what is described"},
		{"driveTo", `{}`, "needs x and y"},
		{"driveTo", `{"x":1}`, "needs x and y"},
		{"driveTo", `{"x":1,"y":"2"}`, "not what is described"},
		{"driveTo", `{"x":1e999,"y":0}`, "not what is described"},
		{"driveTo", `{"x":1e300,"y":0}`, "no street"},
		{"driveTo", `{"x":150,"y":500}`, "no street"},
		{"driveTo", `{"x":150,"y":0,"heading":1e9}`, "within reason"},
		{"driveTo", `{"x":150,"y":0,"heading":1.57}`, "no street"},
		{"driveTo", `{"x":150,"y":0,"faster":true}`, "unknown field"},
		{"driveTo", `{"x":150,"y":0}{"x":1,"y":0}`, "more than one"},
		{"driveTo", strings.Repeat(" ", maxInput+1), "at most"},
		{"driveTo", "\xff\xfe", "not what is described"},
		{"setLimit", `{"kmh":0}`, "1 to 130"},
		{"setLimit", `{"kmh":-5}`, "1 to 130"},
		{"setLimit", `{"kmh":1e9}`, "1 to 130"},
		{"setLimit", `{}`, "needs kmh"},
		{"answer", `{"option":"pass"}`, "nothing was asked"},
		{"fly", ``, "no action"},
	} {
		if wrong := a.order(c.action, c.input); !strings.Contains(wrong, c.want) {
			t.Errorf("%s %.40s: refused with %q, want %q in it", c.action, c.input, wrong, c.want)
		}
	}
	if n := a.host.Stats().Refused; n != 19 {
		t.Errorf("%d orders were refused, want 19", n)
	}
	if state := a.value("drive/car-1/state"); state != `"standing"` {
		t.Errorf("after all that it is %s", state)
	}
	if wrong := a.order("stopNow", `{"really":true}`); wrong != "" {
		t.Errorf("a stop is refused for what came with it: %s", wrong)
	}
	d, err := td.Parse([]byte(a.value("hutong/td/drive-car-1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ action, input, want string }{
		{"driveTo", `{"x":1,"y":2,"faster":true}`, `/faster: there is no such member; there are: "x", "y", "heading", "name"; leave it out`},
		{"driveTo", `{"x":1,"y":2,"heading":1e9}`, "/heading"},
		{"setLimit", `{"kmh":200}`, "/kmh"},
		{"setLimit", `{"kmh":20}`, ""},
		{"driveTo", `{"x":1,"y":2,"heading":1,"name":"Tower"}`, ""},
	} {
		x, _ := d.Actions.Get(c.action)
		if err := x.Input.Check([]byte(c.input)); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s by its description: %v, want %q", c.action, c.input, err, c.want)
		}
	}
}

func TestAStopDoesNotWaitForTheBeat(t *testing.T) {
	seen := make(chan time.Time, 64)
	a := open(t, Options{Speed: 0.05, Drive: func(*lane.Map, *vehicle.Spec) world.Driver { return &noting{seen} }}) // a beat in two seconds
	for range 4 {
		asked := time.Now()
		a.must("stopNow", "")
		took := time.Since(asked)
		if took > time.Second {
			t.Errorf("the stop waited %s for the beat", took)
		}
		if at := <-seen; at.Before(asked) {
			t.Error("it was answered before the driver had it")
		}
	}
	a.must("resume", "") // which waits, for as many beats as were brought forward
}

// noting is a driver that stands and notes when it's told to stop.
type noting struct{ seen chan time.Time }

func (n *noting) Step(v *scene.View, o *drive.Orders, d *drive.Decision) {
	*d = drive.Decision{Lane: lane.Spot{Lane: 0}, Mode: drive.Standing, Control: vehicle.Control{Accel: -1}}
	if o.Stop {
		d.Mode = drive.Stopped
		select {
		case n.seen <- time.Now():
		default:
		}
	}
}

func TestAVehicleThatLosesItsLinkStopsAtTheSideAndSaysSo(t *testing.T) {
	a := &area{t: t, values: map[string]string{}, counts: map[string]int{}, wake: make(chan struct{}, 1), waits: map[string]chan string{}}
	_, addr, stop := broker(t, "127.0.0.1:0")
	defer stop()
	a.url = "mqtt://" + addr
	a.listen()
	h, err := New(Options{World: newRing(t), Broker: a.url, Speed: 4, Vehicles: []Vehicle{{Name: "car-1", Start: lane.Spot{Lane: 0, S: 30}}}})
	if err != nil {
		t.Fatal(err)
	}
	a.host = h
	ctx, end := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	defer func() { end(); <-ran }()
	a.until("drive/car-1/state", "standing")
	a.must("driveTo", `{"x":100,"y":32}`)
	a.until("drive/car-1/state", "driving")
	a.until("drive/car-1/speed", ".") // it moves
	stop()
	_, _, stop = broker(t, addr)
	stop() // gone for good
	deadline := time.After(30 * time.Second)
	for h.Stats().Lost == 0 {
		select {
		case <-deadline:
			t.Fatal("it never noticed")
		case <-time.After(50 * time.Millisecond):
		}
	}
	<-time.After(4 * time.Second)
	a.mu.Lock()
	clear(a.values)
	a.mu.Unlock()
	_, _, stop = broker(t, addr)
	defer stop()
	a.until("drive/car-1/event/failSafe", "the link was lost for")
	a.until("drive/car-1/state", "stopped")
	a.until("drive/car-1/reason", "lost-link")
	a.until("hutong/td/drive-car-1", "urn:hutong:drive:car-1")
	a.must("resume", "")
	a.until("drive/car-1/state", "driving")
}

func TestFramesHoldWhatTheCabinNeedsAndAreSmall(t *testing.T) {
	a := open(t, Options{Speed: 4})
	a.must("driveTo", `{"x":250,"y":-2}`)
	a.until("drive/car-1/cabin", `"mode":"driving"`)
	var f struct {
		T          float64
		Ego        []float64
		Mode       string
		Reason     struct{ Code, Words string }
		Limit      float64
		Plan       [][3]float64
		Objects    [][]any
		Paths      [][]any
		Lights     [][]any
		Next       []any
		Vetoed     int
		Candidates [][]any
	}
	text := a.value("drive/car-1/cabin")
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(f.Ego) != 8 || len(f.Plan) == 0 || f.Reason.Words == "" || f.Limit < 10 || len(text) > 2048 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestAVehicleTellsOthersOfItselfAndWarnsThem(t *testing.T) {
	a := open(t, Options{Speed: 4})
	if wrong := a.order("driveTo", `{"x":250,"y":0}`); wrong != "" {
		t.Fatal(wrong)
	}
	a.until("drive/car-1/state", "driving")
	a.until("drive/car-1/cam", `"stationType":5`)
	if wrong := a.order("stopNow", ""); wrong != "" {
		t.Fatal(wrong)
	}
	a.until("drive/car-1/event/warning", `"eventType":{"causeCode":94,"subCauseCode":0}`)
	if wrong := a.order("resume", ""); wrong != "" {
		t.Fatal(wrong)
	}
	a.until("drive/car-1/event/warning", `"termination":"isCancellation"`)
}

func TestLightsAreToldAsARoadSideUnitWould(t *testing.T) {
	w := newRing(t)
	w.m.Signals = []lane.Signal{{Name: "north/0", At: geom.Pose{Vec: geom.Vec{X: 280}}, Lanes: []lane.ID{1}}}
	h := &Host{o: Options{Speed: 2}, m: w.m}
	town := newTown(h)
	lights := []scene.Light{{Signal: 0, Colour: scene.Red, Remaining: 20}}
	town.showUnits(&scene.Truth{Lights: lights})
	first := string(town.said.values["drive/rsu-1/spat"])
	if !strings.Contains(first, `"eventState":"stop-And-Remain"`) || !strings.Contains(string(town.said.values["drive/rsu-1/map"]), `"laneSet"`) {
		t.Errorf("%s", first)
	}
	town.showUnits(&scene.Truth{Lights: lights})
	lights[0].Colour = scene.Green
	town.showUnits(&scene.Truth{Lights: lights})
	if text := string(town.said.values["drive/rsu-1/spat"]); !strings.Contains(text, `"protected-Movement-Allowed"`) {
		t.Errorf("%s", text)
	}
	if d, err := td.Parse(town.rsu[0].describe()); err != nil || d.Check() != nil {
		t.Errorf("%v %v", err, d.Check())
	}
}
