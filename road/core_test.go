package road

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/road/ground"
	"hutong/thing"
)

// fatal is what a test and a rapid test have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// isUnknown tells whether err says that there is no such thing.
func isUnknown(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Kind == Unknown
}

// testArea is a road there and back, 1 km each, with four stops.
func testArea(t fatal) *ground.Area {
	t.Helper()
	var lanes []lane.Lane
	add := func(name string, kind lane.Kind, next, prev lane.ID, points ...geom.Vec) {
		p, err := geom.NewPath(points)
		if err != nil {
			t.Fatalf("%v", err)
		}
		wide := make([]float64, len(p.Points()))
		for i := range wide {
			wide[i] = 2
		}
		lanes = append(lanes, lane.Lane{
			Name: name, Centre: p, ToLeft: wide, ToRight: wide, Limit: 10, Kind: kind, Users: lane.Cars, Next: []lane.ID{next},
			Prev: []lane.ID{prev}, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		})
	}
	add("east", lane.Drive, 1, 3, geom.Vec{}, geom.Vec{X: 1000})
	add("turn", lane.Junction, 2, 0, geom.Vec{X: 1000}, geom.Vec{X: 1011, Y: 4}, geom.Vec{X: 1015, Y: 15}, geom.Vec{X: 1011, Y: 26}, geom.Vec{X: 1000, Y: 30})
	add("west", lane.Drive, 3, 1, geom.Vec{X: 1000, Y: 30}, geom.Vec{Y: 30})
	add("return", lane.Junction, 0, 2, geom.Vec{Y: 30}, geom.Vec{X: -11, Y: 26}, geom.Vec{X: -15, Y: 15}, geom.Vec{X: -11, Y: 4}, geom.Vec{})
	m, err := lane.NewMap(lanes, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	stop := func(id string, x, y, heading float64, free bool) ground.Stop {
		return ground.Stop{ID: id, Name: strings.ToUpper(id), Pose: geom.Pose{Vec: geom.Vec{X: x, Y: y}, Heading: heading}, StepFree: free}
	}
	return &ground.Area{
		Name: "Test", Map: m,
		Stops:  []ground.Stop{stop("a", 100, 0, 0, true), stop("b", 800, 0, 0, true), stop("c", 700, 30, math.Pi, false), stop("d", 200, 30, math.Pi, true)},
		Depots: []ground.Stop{stop("depot", 500, 30, math.Pi, true)},
		ODD:    ground.ODD{Polygon: box(-50, -50, 1050, 80), From: "06:00", To: "22:00", MaxSpeed: 30, Weather: []string{"clear"}},
	}
}

func box(x0, y0, x1, y1 float64) []geom.Vec {
	return []geom.Vec{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

var morning = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// toy is a vehicle of the simplest kind: it does what it's told, and jumps to its goal when its time is up.
type toy struct {
	id      thing.ID
	at      geom.Pose
	state   string
	reason  string
	doors   string
	goal    *geom.Vec
	heading float64
	arrives time.Time
	held    bool
	limit   float64
	battery float64
	deaf    bool // takes nothing
	away    bool // isn't heard
	seats   int
	log     []string
}

// world is a Core with toys.
type world struct {
	t      fatal
	core   *Core
	now    time.Time
	toys   []*toy
	ids    int
	deep   int       // steps that a step has led to
	ticked time.Time // when time was last told
	kept   map[RideID]string
	fails  map[string]bool // actions that are refused
}

func newWorld(t fatal, cars int) *world {
	w := &world{t: t, now: morning, kept: map[RideID]string{}, fails: map[string]bool{}}
	w.core = NewCore(Settings{Area: testArea(t), Random: w.random})
	w.step(Weather("clear"))
	for i := range cars {
		v := &toy{
			id: thing.ID(fmt.Sprint("urn:v:car-", i+1)), at: geom.Pose{Vec: geom.Vec{X: float64(50 + 300*i)}}, state: Standing, doors: "locked",
			battery: 90, limit: 50, seats: 6,
		}
		w.toys = append(w.toys, v)
		w.step(Came{vehicleThing(v.id)})
		w.step(v.says())
	}
	return w
}

func vehicleThing(id thing.ID) *thing.Thing {
	x := &thing.Thing{ID: id, Place: Vehicles}
	for _, a := range []string{"driveTo", "stopNow", "pullOver", "resume"} {
		x.Actions = append(x.Actions, thing.Point{Kind: thing.Action, Name: a})
	}
	return x
}

func (w *world) random() string {
	w.ids++
	return fmt.Sprintf("ID%024d", w.ids*7919)
}

func (v *toy) says() Reports {
	q := thing.Good
	if v.away {
		q = thing.Stale
	}
	goal := "null"
	if v.goal != nil {
		goal = fmt.Sprintf(`{"x":%.2f,"y":%.2f}`, v.goal.X, v.goal.Y)
	}
	speed := 0.0
	if v.state == Driving {
		speed = 20
	}
	list := Reports{
		{v.id, "state", thing.String(v.state), q},
		{v.id, "trip", thing.Document(`{"goal":` + goal + `,"remaining":30}`), q},
		{v.id, "pose", thing.Document(fmt.Sprintf(`{"x":%.2f,"y":%.2f,"heading":%.3f}`, v.at.X, v.at.Y, v.at.Heading)), q},
		{v.id, "speed", thing.Float(speed), q},
		{v.id, "battery", thing.Float(v.battery), q},
		{v.id, "doors", thing.String(v.doors), q},
		{v.id, "limit", thing.Float(v.limit), q},
		{v.id, "seats", thing.Int(int64(v.seats)), q},
		{v.id, "wheelchair", thing.Bool(true), q},
		{v.id, "reason", thing.Document(`{"code":"` + v.reason + `","words":"because"}`), q},
	}
	return list
}

// step lets e happen, has the toys carry out what comes of it, and looks whether all is right.
func (w *world) step(e Event) error {
	w.t.Helper()
	if w.deep++; w.deep > 100 {
		w.t.Fatalf("orders without end: %q", w.toys[0].log[max(0, len(w.toys[0].log)-6):])
	}
	defer func() { w.deep-- }()
	fx, err := w.core.Step(w.now, e)
	orders := slices.Clone(fx.Orders)
	for _, id := range fx.Keep {
		text, jerr := json.Marshal(w.core.rides[id])
		if jerr != nil {
			w.t.Fatalf("%v", jerr)
		}
		w.kept[id] = string(text)
	}
	for _, id := range fx.Drop {
		delete(w.kept, id)
	}
	w.check()
	for _, o := range orders {
		for _, v := range w.toys {
			if v.id == o.Vehicle {
				wrong := w.carry(v, o)
				if w.step(Answered{o, wrong}) != nil {
					w.t.Fatalf("an answer was refused")
				}
				w.tell(v)
			}
		}
	}
	return err
}

func (w *world) tell(v *toy) {
	if err := w.step(v.says()); err != nil {
		w.t.Fatalf("a report was refused: %v", err)
	}
}

func (w *world) carry(v *toy, o Order) string {
	v.log = append(v.log, o.Action+" by "+o.By)
	switch {
	case v.away:
		return "the device's side did not answer in time"
	case v.deaf || w.fails[o.Action]:
		return "no"
	}
	switch o.Action {
	case "driveTo":
		var to struct{ X, Y, Heading float64 }
		if err := json.Unmarshal([]byte(o.Input.Document()), &to); err != nil {
			w.t.Fatalf("driveTo %s: %v", o.Input.Document(), err)
		}
		if v.held || v.doors == "open" {
			return "resume first, or shut the doors"
		}
		v.goal, v.heading, v.state, v.doors = &geom.Vec{X: to.X, Y: to.Y}, to.Heading, Driving, "locked"
		v.arrives = w.now.Add(time.Duration(v.goal.To(v.at.Vec)/10*float64(time.Second)) + time.Second)
	case "stopNow", "pullOver":
		v.held, v.state = true, Stopped
	case "resume":
		v.held, v.reason = false, ""
		if v.state == Stopped {
			v.state = Standing
			if v.goal != nil {
				v.state, v.arrives = Driving, w.now.Add(10*time.Second)
			}
		}
	case "openDoors":
		if v.state == Driving {
			return "it drives"
		}
		v.doors = "open"
	case "closeDoors":
		v.doors = "closed"
	case "setLimit":
		var in struct{ Kmh float64 }
		if err := json.Unmarshal([]byte(o.Input.Document()), &in); err != nil {
			w.t.Fatalf("%v", err)
		}
		v.limit = in.Kmh
	}
	return ""
}

// wait lets seconds pass.
func (w *world) wait(seconds int) {
	w.t.Helper()
	for range seconds {
		w.now = w.now.Add(time.Second)
		for _, v := range w.toys {
			if v.state == Driving && v.goal != nil {
				if !w.now.Before(v.arrives) {
					v.at, v.state = geom.Pose{Vec: *v.goal, Heading: v.heading}, Arrived
				}
				w.tell(v)
			}
		}
		w.ticked = time.Time{}
		err := w.step(Tick{})
		if w.ticked = w.now; err != nil {
			w.t.Fatalf("a tick was refused: %v", err)
		}
	}
}

// check is what must hold after every step.
func (w *world) check() {
	w.t.Helper()
	c := w.core
	aboard := map[thing.ID]int{}
	serving := map[thing.ID][]*Ride{}
	for id, r := range c.rides {
		if open := slices.Contains(c.open, id); open == r.State.Over() {
			w.t.Fatalf("ride %s is %s, and among the open ones: %v", id.Short(), r.State, open)
		}
		if r.State.Over() || r.Vehicle == "" {
			if !r.State.Over() && r.State != Waiting {
				w.t.Fatalf("a ride is %s without a vehicle", r.State)
			}
			continue
		}
		serving[r.Vehicle] = append(serving[r.Vehicle], r)
		if r.State.Aboard() {
			aboard[r.Vehicle] += r.Party
		}
		v := c.vehicles[r.Vehicle]
		if v != nil && !v.plan.Serves(r) {
			w.t.Fatalf("%s doesn't know that it serves %s, which is %s", v.Name, id.Short(), r.State)
		}
		if v != nil && v.Seats > 0 && aboard[v.ID] > v.Seats {
			w.t.Fatalf("%d people in the %d seats of %s", aboard[v.ID], v.Seats, v.Name)
		}
		w.promised(r, v)
	}
	for id, rides := range serving {
		for _, r := range rides {
			if len(rides) > 1 && !r.Share {
				w.t.Fatalf("%s, which is shared, has the ride %s, which isn't", id, r.ID.Short())
			}
		}
	}
	for _, v := range c.vehicles {
		for _, r := range v.plan.Rides() {
			if !r.State.Over() && r.Vehicle != v.ID {
				w.t.Fatalf("%s serves a ride that isn't its: %v", v.Name, r)
			}
		}
		w.fits(v)
	}
	for id, text := range w.kept {
		if r := c.rides[id]; r != nil && !strings.Contains(text, `"state":"`+string(r.State)+`"`) {
			w.t.Fatalf("ride %s is %s, but on disk %s", id.Short(), r.State, text)
		}
	}
}

// promised looks whether a shared ride is as it was promised, or its passenger has been told; after a second to do so.
func (w *world) promised(r *Ride, v *Vehicle) {
	w.t.Helper()
	late := r.State == Coming && w.now.After(r.Latest.Add(time.Second)) || r.State == Riding && w.now.Sub(r.Began).Seconds() > r.Longest+1
	if r.Share && late && !r.Late && v != nil && v.Online && v.Heard.Equal(w.now) && w.ticked.Equal(w.now) && v.State == Driving {
		w.t.Fatalf("ride %s is %s later than was promised, and nobody says so (%s)", r.ID.Short(), r.State, r.Why)
	}
}

// fits looks whether a plan never has more people aboard than there are seats, and everybody out after they are in.
func (w *world) fits(v *Vehicle) {
	w.t.Helper()
	n := 0
	for _, r := range v.plan.Rides() {
		if r.State.Aboard() && r.State != Boarding && r.State != There {
			n += r.Party
		}
	}
	in := map[*Ride]bool{}
	for _, l := range v.plan {
		switch r := l.Ride; {
		case r.State.Over(), r.State == There, !l.Out && r.State.Aboard() && r.State != Boarding:
		case !l.Out:
			n, in[r] = n+r.Party, true
		case !in[r] && (!r.State.Aboard() || r.State == Boarding):
			w.t.Fatalf("%s lets the people of %s out who aren't in: it is %s", v.Name, r.ID.Short(), r.State)
		default:
			n -= r.Party
		}
		if n > v.Seats && v.Seats > 0 && len(v.plan.Rides()) > 1 {
			w.t.Fatalf("%s plans for %d people in %d seats", v.Name, n, v.Seats)
		}
	}
}

func (w *world) book(from, to string, party int) *Ride {
	w.t.Helper()
	ask := &AskOffer{From: at(from), To: at(to), Party: party}
	if err := w.step(ask); err != nil {
		w.t.Fatalf("no offer from %s to %s: %v", from, to, err)
	}
	b := &Book{Offer: ask.Offer.ID}
	if err := w.step(b); err != nil {
		w.t.Fatalf("not booked: %v", err)
	}
	return b.Ride
}

func at(stop string) Where { return Where{Stop: stop} }

func (w *world) must(d *Do) {
	w.t.Helper()
	if err := w.step(d); err != nil {
		w.t.Fatalf("passenger's %d is refused: %v", d.What, err)
	}
}

func (w *world) is(r *Ride, s State) {
	w.t.Helper()
	if r.State != s {
		w.t.Fatalf("the ride is %s (%s), want %s", r.State, r.Why, s)
	}
}

func (w *world) until(r *Ride, s State, seconds int) {
	w.t.Helper()
	for range seconds {
		if r.State == s {
			return
		}
		w.wait(1)
	}
	w.is(r, s)
}

// aboard brings a ride from a to b until it is under way.
func (w *world) aboard() *Ride {
	w.t.Helper()
	r := w.book("a", "b", 2)
	w.until(r, Here, 60)
	w.must(&Do{Ride: r.ID, What: Unlock, Code: r.Code})
	w.wait(1)
	w.must(&Do{Ride: r.ID, What: Start, Belts: true})
	w.until(r, Riding, 3)
	w.wait(5)
	return r
}

func (w *world) car(r *Ride) *toy {
	for _, v := range w.toys {
		if v.id == r.Vehicle {
			return v
		}
	}
	w.t.Fatalf("the ride has no vehicle")
	return nil
}

func TestARideFromTheOfferToTheDoor(t *testing.T) {
	w := newWorld(t, 2)
	r := w.book("a", "b", 2)
	w.is(r, Coming)
	v := w.car(r)
	if v.id != "urn:v:car-1" {
		t.Errorf("%s comes, though another is nearer", v.id)
	}
	w.until(r, Here, 30)
	if v.doors != "locked" {
		t.Error("it stands open before anybody has shown the code")
	}
	w.must(&Do{Ride: r.ID, What: Unlock, Code: r.Code})
	w.wait(1)
	if v.doors != "open" {
		t.Error("the doors stay shut")
	}
	w.must(&Do{Ride: r.ID, What: Start, Belts: true})
	w.wait(8)
	w.is(r, Riding)
	if v.doors == "open" || v.state != Driving {
		t.Errorf("under way, and the doors are %s, the vehicle %s", v.doors, v.state)
	}
	w.until(r, There, 120)
	w.wait(3)
	if v.doors != "open" {
		t.Error("nobody can get out")
	}
	w.must(&Do{Ride: r.ID, What: Rate, Stars: 5, Words: "good"})
	w.until(r, Ended, 70)
	w.wait(40)
	if v.doors == "open" {
		t.Error("the doors stay open after the ride")
	}
	if !slices.Contains(v.log, "driveTo by ride:"+r.ID.Short()) || !slices.Contains(v.log, "driveTo by court:road") {
		t.Errorf("orders: %q", v.log)
	}
	if w.core.vehicles[v.id].last != r.ID {
		t.Error("the vehicle has forgotten its last ride, by which its name in the public feed changes")
	}
	if r.Metres < 1 || r.Stars != 5 {
		t.Errorf("the card: %.0f m, %d stars", r.Metres, r.Stars)
	}
}

func TestWhatCanNotBeBookedIsRefusedWithWords(t *testing.T) {
	far := &geom.Vec{X: 9000, Y: 9000}
	field := &geom.Vec{X: 500, Y: 70}
	nan := &geom.Vec{X: math.NaN(), Y: 0}
	for _, c := range []struct {
		name string
		ask  AskOffer
		kind Kind
		want string
	}{
		{"nobody", AskOffer{From: at("a"), To: at("b"), Party: 0}, Unfit, "1 to 6"},
		{"a crowd", AskOffer{From: at("a"), To: at("b"), Party: 7}, Unfit, "1 to 6"},
		{"an unknown stop", AskOffer{From: at("zoo"), To: at("b"), Party: 1}, Unfit, "no stop"},
		{"a depot", AskOffer{From: at("a"), To: at("depot"), Party: 1}, Unfit, "no stop"},
		{"nowhere", AskOffer{From: at("a"), Party: 1}, Unfit, "name a stop"},
		{"outside", AskOffer{From: at("a"), To: Where{At: far}, Party: 1}, Unfit, "outside"},
		{"in a field", AskOffer{From: at("a"), To: Where{At: field}, Party: 1}, Unfit, "nearer to a street"},
		{"no number", AskOffer{From: Where{At: nan}, To: at("b"), Party: 1}, Unfit, "name a stop"},
		{"the same", AskOffer{From: at("a"), To: at("a"), Party: 1}, Unfit, "where you are"},
		{"steps", AskOffer{From: at("a"), To: at("c"), Party: 1, Wheelchair: true}, Unfit, "free of steps"},
	} {
		w := newWorld(t, 1)
		err := w.step(&c.ask)
		var r *Refusal
		if !errors.As(err, &r) || r.Kind != c.kind || !strings.Contains(r.Words, c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestOffersAreBookedOnceAndNotForEver(t *testing.T) {
	w := newWorld(t, 2)
	ask := &AskOffer{From: at("a"), To: at("b"), Party: 1}
	w.step(ask)
	if err := w.step(&Book{Offer: ask.Offer.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.step(&Book{Offer: ask.Offer.ID}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("booked twice: %v", err)
	}
	w.step(ask)
	w.now = w.now.Add(offerLife + time.Second)
	if err := w.step(&Book{Offer: ask.Offer.ID}); !isUnknown(err) {
		t.Errorf("an old offer: %v", err)
	}
	if err := w.step(&Book{Offer: "x"}); !isUnknown(err) {
		t.Errorf("no offer: %v", err)
	}
	if len(w.core.open) != 1 {
		t.Errorf("%d rides are open", len(w.core.open))
	}
}

func TestNobodyIsPromisedAVehicleThatIsTaken(t *testing.T) {
	w := newWorld(t, 1)
	w.book("a", "b", 1)
	err := w.step(&AskOffer{From: at("d"), To: at("b"), Party: 1})
	if err == nil || !strings.Contains(err.Error(), "No vehicle is free") {
		t.Errorf("with the only vehicle taken: %v", err)
	}
}

func TestAPassengerWhoNeverComesOrNeverGoesFreesTheVehicle(t *testing.T) {
	w := newWorld(t, 1)
	r := w.book("a", "b", 1)
	w.until(r, Here, 30)
	w.wait(301)
	w.is(r, Cancelled)
	r = w.book("a", "b", 1)
	w.until(r, Here, 30)
	w.must(&Do{Ride: r.ID, What: Unlock, Code: r.Code})
	w.wait(301)
	w.is(r, Cancelled)
	w.wait(40)
	if v := w.toys[0]; v.doors == "open" {
		t.Error("it stays open")
	}
	w.book("d", "b", 1)
}

func TestCodesCanNotBeTriedForLong(t *testing.T) {
	w := newWorld(t, 1)
	r := w.book("a", "b", 1)
	w.until(r, Here, 30)
	for range maxTries {
		if err := w.step(&Do{Ride: r.ID, What: Unlock, Code: "x"}); err == nil {
			t.Fatal("a wrong code unlocks")
		}
	}
	if err := w.step(&Do{Ride: r.ID, What: Unlock, Code: r.Code}); err == nil || !strings.Contains(err.Error(), "Too many") {
		t.Errorf("after %d wrong ones: %v", maxTries, err)
	}
	if len(w.core.tickets) != 1 || !strings.Contains(r.Why, "operator") {
		t.Fatalf("the operators are asked %v, the passenger is told %q", w.core.tickets, r.Why)
	}
	w.must(&Do{Ride: r.ID, What: Help, Words: "I mistyped"})
	answer := func(option string) {
		t.Helper()
		if len(w.core.tickets) != 1 {
			t.Fatalf("%d questions", len(w.core.tickets))
		}
		if err := w.step(&Answer{Ticket: w.core.tickets[0].ID, Option: option, By: "user:ann"}); err != nil {
			t.Fatal(err)
		}
	}
	answer("talk")
	w.wait(400) // longer than anybody else may keep a vehicle waiting
	w.is(r, Here)
	answer("again")
	for range maxTries {
		_ = w.step(&Do{Ride: r.ID, What: Unlock, Code: "x"})
	}
	answer("open")
	w.is(r, Boarding)
	if w.wait(1); w.toys[0].doors != "open" {
		t.Errorf("the doors are %s", w.toys[0].doors)
	}
}

func TestALockedDoorFreesTheVehicleWhenNobodyOpensIt(t *testing.T) {
	w := newWorld(t, 1)
	r := w.book("a", "b", 1)
	w.until(r, Here, 30)
	for range maxTries {
		_ = w.step(&Do{Ride: r.ID, What: Unlock, Code: "x"})
	}
	w.wait(200)
	if len(w.core.tickets) != 0 || !strings.Contains(r.Why, "Nobody was free") {
		t.Errorf("%d questions; the passenger is told %q", len(w.core.tickets), r.Why)
	}
	w.must(&Do{Ride: r.ID, What: Help})
	if len(w.core.tickets) != 1 || w.core.tickets[0].Options[0].ID != "open" {
		t.Errorf("asked again: %+v", w.core.tickets)
	}
	w.until(r, Cancelled, 301)
}

func TestVehiclesHaveNamesOfTheirOwn(t *testing.T) {
	w := newWorld(t, 1)
	rival, nameless := thing.ID("urn:rival:car-1"), thing.ID("urn:x:")
	for _, id := range []thing.ID{rival, nameless, rival} {
		fx, err := w.core.Step(w.now, Came{vehicleThing(id)})
		if err != nil || len(w.core.vehicles) != 1 || len(fx.Came) != 0 {
			t.Fatalf("%s is let in: %v", id, fx)
		}
	}
	next := NewCore(Settings{Area: testArea(t), Random: w.random})
	f := func(e Event, came, left int) {
		t.Helper()
		fx, err := next.Step(w.now, e)
		if err != nil || len(fx.Came) != came || len(fx.Left) != left {
			t.Errorf("%T: %v, came %q, left %q", e, err, fx.Came, fx.Left)
		}
	}
	f(Named(w.core.names), 0, 0) // after a restart the rival comes first
	f(Came{vehicleThing(rival)}, 0, 0)
	f(Came{vehicleThing(w.toys[0].id)}, 1, 0)
	f(Came{vehicleThing(w.toys[0].id)}, 0, 0)
	f(Gone{w.toys[0].id}, 0, 1)
	f(Came{vehicleThing(rival)}, 1, 0)
}

func TestOneClientDoesNotTakeAllThereIs(t *testing.T) {
	w := newWorld(t, 1)
	offer := func(client string) (*Offer, error) {
		ask := &AskOffer{From: at("a"), To: at("b"), Party: 1, Client: client}
		return ask.Offer, w.step(ask)
	}
	busy := func(err error) bool {
		var r *Refusal
		return errors.As(err, &r) && r.Kind == Busy
	}
	for range offersOfOne {
		if _, err := offer("x"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := offer("x"); !busy(err) {
		t.Errorf("one more: %v", err)
	}
	for _, other := range []string{"y", ""} {
		if _, err := offer(other); err != nil {
			t.Errorf("another is refused: %v", err)
		}
	}
	n := 0
	for id, o := range w.core.offers {
		if o.Client != "x" {
			continue
		}
		err := w.step(&Book{Offer: id})
		if n++; n <= ridesOfOne && err != nil || n > ridesOfOne && !busy(err) {
			t.Fatalf("the %d. ride: %v", n, err)
		}
	}
	w.now = w.now.Add(offerLife + time.Second)
	for id := range w.core.rides {
		w.must(&Do{Ride: id, What: Cancel})
	}
	if _, err := offer("x"); busy(err) {
		t.Errorf("after the offers have expired: %v", err)
	}
}

func TestAPassengerStopsTheVehicleAndLetsItGoOn(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	v := w.car(r)
	stop := &Do{Ride: r.ID, What: StopNow}
	w.must(stop)
	if stop.Asked.Action != "stopNow" || stop.Asked.By != "ride:"+r.ID.Short() {
		t.Errorf("the order is %+v", stop.Asked)
	}
	w.wait(2)
	w.is(r, Halted)
	w.wait(20)
	if v.state != Stopped {
		t.Errorf("it went on by itself: %s", v.state)
	}
	w.must(&Do{Ride: r.ID, What: Resume})
	w.wait(1)
	w.is(r, Riding)
	w.until(r, There, 120)
}

func TestAStopBeforeOrAfterTheRideDoesNotHoldTheVehicleForEver(t *testing.T) {
	w := newWorld(t, 1)
	r := w.book("a", "b", 2)
	w.until(r, Here, 60)
	w.must(&Do{Ride: r.ID, What: Unlock, Code: r.Code})
	w.must(&Do{Ride: r.ID, What: StopNow})
	w.wait(3)
	w.is(r, Boarding)
	w.must(&Do{Ride: r.ID, What: Start, Belts: true})
	w.until(r, There, 200)
	w.must(&Do{Ride: r.ID, What: StopNow})
	w.until(r, Ended, 120)
	w.wait(40)
	next := w.book("d", "a", 1)
	w.until(next, Here, 200)
}

func TestAVehicleThatSaysWhatCanNotBeMeantIsNowhere(t *testing.T) {
	w := newWorld(t, 1)
	v, id := w.core.vehicles["urn:v:car-1"], thing.ID("urn:v:car-1")
	for _, pose := range []string{`{"x":1e308,"y":0}`, `{"x":0,"y":-1e308}`, `{"heading":1e300}`, `{"lat":1e9}`, `{"lon":-181}`, `[]`} {
		w.tell(w.toys[0])
		if !v.Known() {
			t.Fatal("its true pose isn't believed")
		}
		_ = w.step(Reports{{id, "pose", thing.Document(pose), thing.Good}})
		if v.Known() || !w.core.odd.Holds(v.Pose.Vec) {
			t.Errorf("%s is believed: %v", pose, v.Pose)
		}
		if err := w.step(&AskOffer{From: at("a"), To: at("b"), Party: 1}); err == nil {
			t.Errorf("a vehicle at %s is promised", pose)
		}
	}
	speed, battery := v.Speed, v.Battery
	_ = w.step(Reports{
		{id, "speed", thing.Float(1e308), thing.Good},
		{id, "battery", thing.Float(-5), thing.Good},
		{id, "odometer", thing.Float(1e300), thing.Good},
		{id, "limit", thing.Float(1e300), thing.Good},
		{id, "trip", thing.Document(`{"goal":{"x":1e308,"y":0},"remaining":1e308}`), thing.Good},
	})
	if v.Speed != speed || v.Battery != battery || v.Odometer != 0 || v.Limit > 1000 || v.Trip.Goal != nil || v.Trip.Remaining != -1 {
		t.Errorf("believed: %+v", v)
	}
}

func TestAStopThatCameToNothingIsOrderedAgain(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	v := w.car(r)
	w.fails["stopNow"] = true
	w.must(&Do{Ride: r.ID, What: StopNow})
	w.wait(3)
	w.is(r, Stopping)
	w.fails["stopNow"] = false
	w.wait(5)
	w.is(r, Halted)
	if v.state != Stopped {
		t.Errorf("the vehicle is %s", v.state)
	}
}

func TestOnlyWhoHasStoppedAVehicleLetsItGoOn(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	v := w.car(r)
	v.held, v.state, v.reason = true, Stopped, "stop-ordered" // an operator, past the area
	w.tell(v)
	w.wait(10)
	w.is(r, Riding)
	if v.state != Stopped || r.Why == "" {
		t.Errorf("it is %s, and the passenger is told %q", v.state, r.Why)
	}
	if err := w.step(&Do{Ride: r.ID, What: Resume}); err == nil && v.state != Stopped {
		t.Error("the passenger lets it go on")
	}
}

func TestAPassengersStopDoesNotEndAnOperators(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	v := w.car(r)
	operates := func(action string) {
		t.Helper()
		w.carry(v, Order{Vehicle: v.id, Action: action, By: "user:ann"})
		if err := w.step(Ordered{v.id, action}); err != nil {
			t.Fatal(err)
		}
		w.tell(v)
		w.wait(1)
	}
	refused := func() {
		t.Helper()
		if err := w.step(&Do{Ride: r.ID, What: Resume}); err == nil || v.state != Stopped {
			t.Fatalf("the passenger lets it go on: %v, it is %s", err, v.state)
		}
	}
	w.must(&Do{Ride: r.ID, What: StopNow}) // the passenger first
	w.wait(2)
	operates("stopNow")
	refused()
	operates("resume")
	w.is(r, Riding)
	operates("pullOver") // the operator first
	w.must(&Do{Ride: r.ID, What: StopNow})
	w.wait(2)
	w.is(r, Halted)
	refused()
	operates("resume")
	w.must(&Do{Ride: r.ID, What: StopNow}) // and now it's theirs again
	w.wait(2)
	w.must(&Do{Ride: r.ID, What: Resume})
	w.until(r, There, 120)
}

func TestAVehicleThatLostItsLinkIsLetGoOn(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	v := w.car(r)
	v.away = true
	w.tell(v)
	w.wait(20)
	w.is(r, Riding)
	if !strings.Contains(r.Why, "cannot be reached") {
		t.Errorf("the passenger is told %q", r.Why)
	}
	v.away, v.state, v.held, v.reason = false, Stopped, true, LostLink
	w.tell(v)
	w.wait(5)
	if v.state != Driving {
		t.Errorf("it is still %s", v.state)
	}
	w.until(r, There, 120)
}

func TestAVehicleThatVanishesIsReplaced(t *testing.T) {
	t.Run("on its way", func(t *testing.T) {
		w := newWorld(t, 2)
		r := w.book("b", "d", 1)
		first := w.car(r)
		first.away = true
		w.tell(first)
		w.wait(12)
		w.is(r, Coming)
		if w.car(r) == first || r.Why == "" {
			t.Errorf("still %s comes; the passenger is told %q", r.Vehicle, r.Why)
		}
	})
	t.Run("with somebody aboard", func(t *testing.T) {
		w := newWorld(t, 2)
		r := w.aboard()
		first := w.car(r)
		last := first.at
		first.away = true
		w.tell(first)
		w.wait(70)
		if r.State != Coming && r.State != Here || w.car(r) == first {
			t.Fatalf("the ride is %s with %s (%s)", r.State, r.Vehicle, r.Why)
		}
		if math.Abs(r.From.X-last.X) > 5 {
			t.Errorf("another comes to %.0f, it was last heard at %.0f", r.From.X, last.X)
		}
	})
	t.Run("and there is no other", func(t *testing.T) {
		w := newWorld(t, 1)
		r := w.book("b", "d", 1)
		w.step(Gone{w.toys[0].id})
		w.wait(12)
		w.is(r, Waiting)
		w.wait(15 * 60)
		w.is(r, Failed)
	})
}

func TestAVehicleThatTakesNoOrdersIsGivenUp(t *testing.T) {
	w := newWorld(t, 2)
	w.toys[0].deaf = true
	r := w.book("a", "b", 1)
	w.wait(70)
	if r.Vehicle == w.toys[0].id {
		t.Errorf("the ride is %s, still with the one that takes no orders", r.State)
	}
}

func TestAVehicleAsksAndNobodyAnswers(t *testing.T) {
	w := newWorld(t, 1)
	v := w.toys[0]
	ask := Reports{{v.id, "assist", thing.Document(`{"id":"1","kind":"pass","since":"x","words":"May I?","options":[{"id":"pass","words":"Yes"},{"id":"refuse","words":"No"}]}`), thing.Good}}
	w.step(ask)
	w.step(ask)
	if len(w.core.tickets) != 1 {
		t.Fatalf("%d questions", len(w.core.tickets))
	}
	if err := w.step(&Answer{Ticket: w.core.tickets[0].ID, Option: "fly", By: "user:x"}); err == nil {
		t.Error("an answer that isn't one is taken")
	}
	w.wait(121)
	if len(w.core.tickets) != 0 || v.log[len(v.log)-1] != "answer by court:road" {
		t.Errorf("%d questions, %q", len(w.core.tickets), v.log)
	}
	w.step(Reports{{v.id, "assist", thing.Null(), thing.Good}})
	w.step(ask)
	a := &Answer{Ticket: w.core.tickets[0].ID, Option: "pass", By: "user:x"}
	if err := w.step(a); err != nil || v.log[len(v.log)-1] != "answer by user:x" {
		t.Errorf("%v, %q", err, v.log)
	}
	if err := w.step(&Answer{Ticket: a.Ticket, Option: "pass", By: "user:x"}); !isUnknown(err) {
		t.Errorf("answered twice: %v", err)
	}
}

func TestAPassengerAsksForAPerson(t *testing.T) {
	w := newWorld(t, 1)
	r := w.aboard()
	w.must(&Do{Ride: r.ID, What: Help, Words: "I feel sick"})
	w.must(&Do{Ride: r.ID, What: Help, Words: "please"})
	if len(w.core.tickets) != 1 || w.core.tickets[0].Words != "please" {
		t.Fatalf("%+v", w.core.tickets)
	}
	if err := w.step(&Answer{Ticket: w.core.tickets[0].ID, Option: "talk"}); err != nil || r.Why == "" {
		t.Errorf("%v %q", err, r.Why)
	}
	if err := w.step(&Answer{Ticket: w.core.tickets[0].ID, Option: "done"}); err != nil || len(w.core.tickets) != 0 {
		t.Error(err, w.core.tickets)
	}
}

func TestTheAreaShrinksAndVehiclesLeave(t *testing.T) {
	w := newWorld(t, 2)
	r := w.aboard()
	odd := w.core.odd
	odd.Polygon = box(-50, -50, 320, 80) // b lies outside now
	if err := w.step(SetODD{odd}); err != nil {
		t.Fatal(err)
	}
	if r.To.Stop != "d" && r.To.Stop != "a" || r.Why == "" {
		t.Errorf("it still goes to %s (%q)", r.To.Stop, r.Why)
	}
	w.wait(10)
	other := w.toys[1]
	if r.Vehicle == other.id {
		other = w.toys[0]
	}
	if other.goal == nil || other.goal.X > 320 {
		t.Errorf("the other vehicle, at %.0f, was sent to %v", other.at.X, other.goal)
	}
	w.until(r, There, 200)
	if err := w.step(&AskOffer{From: at("a"), To: at("b"), Party: 1}); err == nil {
		t.Error("a ride out of the area is offered")
	}
	for _, bad := range []ground.ODD{{}, {Polygon: box(0, 0, 1, 1)}, {Polygon: []geom.Vec{{}, {X: 10, Y: 10}, {X: 10}, {Y: 10}}, From: "06:00", To: "07:00", MaxSpeed: 30}} {
		if err := w.step(SetODD{bad}); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestInBadWeatherVehiclesStopAndGoOnAfterwards(t *testing.T) {
	w := newWorld(t, 2)
	r := w.aboard()
	waiting := w.book("d", "a", 1)
	w.step(Weather("fog"))
	w.wait(3)
	w.is(waiting, Cancelled)
	v := w.car(r)
	if v.state != Stopped || !strings.Contains(r.Why, "weather") {
		t.Errorf("in fog it is %s; the passenger is told %q", v.state, r.Why)
	}
	if err := w.step(&AskOffer{From: at("a"), To: at("b"), Party: 1}); err == nil {
		t.Error("rides are offered in fog")
	}
	w.step(Weather("clear"))
	w.wait(5)
	if v.state != Driving {
		t.Errorf("afterwards it is %s", v.state)
	}
	waiting = w.book("d", "a", 1)
	w.step(Weather("")) // nobody tells it any more
	w.wait(50)
	w.is(waiting, Coming)
	if v.state != Stopped {
		t.Errorf("in unknown weather it is %s", v.state)
	}
	w.wait(20)
	w.is(waiting, Cancelled)
	w.step(Weather("clear"))
	w.until(r, There, 120)
}

func TestAtTheEndOfTheDayVehiclesGoHome(t *testing.T) {
	w := newWorld(t, 2)
	w.now = time.Date(2026, 6, 1, 21, 59, 30, 0, time.UTC)
	r := w.aboard()
	w.wait(60)
	if r.State != Riding && r.State != There {
		t.Errorf("who is under way isn't brought home: %s", r.State)
	}
	w.wait(200)
	for _, v := range w.toys {
		if v.at.To(geom.Vec{X: 500, Y: 30}) > 5 {
			t.Errorf("%s is at %v", v.id, v.at)
		}
	}
}

func TestAnEmptyBatteryIsChargedBeforeMorePeopleAreTaken(t *testing.T) {
	w := newWorld(t, 1)
	v := w.toys[0]
	v.battery = 15
	w.tell(v)
	if err := w.step(&AskOffer{From: at("a"), To: at("b"), Party: 1}); err == nil {
		t.Error("it takes people with 15 %")
	}
	w.wait(120)
	if v.at.X != 500 {
		t.Errorf("it is at %v", v.at)
	}
}

func TestRidesLiveOnOverARestart(t *testing.T) {
	w := newWorld(t, 2)
	r := w.aboard()
	v := w.car(r)
	coming := w.book("d", "a", 1)
	next := NewCore(Settings{Area: testArea(t), Random: w.random})
	old := w.core
	w.core = next
	for id, text := range w.kept {
		kept := new(Ride)
		if err := json.Unmarshal([]byte(text), kept); err != nil {
			t.Fatal(err)
		}
		w.step(Restored{kept})
		if kept.Code != old.rides[id].Code || kept.State != old.rides[id].State {
			t.Errorf("%+v", kept)
		}
	}
	for _, v := range w.toys {
		w.step(Came{vehicleThing(v.id)})
		w.tell(v)
	}
	w.wait(3)
	w.step(Weather("clear")) // which is told later than the vehicles are known
	w.is(next.rides[coming.ID], Coming)
	r = next.rides[r.ID]
	w.is(r, Riding)
	if w.car(r) != v {
		t.Error("another vehicle")
	}
	w.until(r, There, 200)
}

// TestNothingThatHappensBreaksTheArea draws what people, vehicles and operators do; check looks after every step.
func TestNothingThatHappensBreaksTheArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, rapid.IntRange(1, 3).Draw(t, "cars"))
		w.core.rounds = rapid.Bool().Draw(t, "rounds")
		for _, v := range w.toys {
			v.seats = rapid.IntRange(2, 6).Draw(t, "seats")
			w.tell(v)
		}
		var rides []RideID
		stop := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		toys := rapid.SampledFrom(w.toys)
		t.Repeat(map[string]func(*rapid.T){
			"book": func(t *rapid.T) {
				ask := &AskOffer{
					From: at(stop.Draw(t, "from")), To: at(stop.Draw(t, "to")), Party: rapid.IntRange(1, 6).Draw(t, "party"), Share: rapid.Bool().Draw(t, "share"),
				}
				if w.step(ask) != nil {
					return
				}
				b := &Book{Offer: ask.Offer.ID}
				if w.step(b) == nil {
					rides = append(rides, b.Ride.ID)
				}
			},
			"do": func(t *rapid.T) {
				if len(rides) == 0 {
					return
				}
				id := rapid.SampledFrom(rides).Draw(t, "ride")
				d := &Do{Ride: id, What: What(rapid.IntRange(0, int(Cancel)).Draw(t, "what")), Belts: true, To: at(stop.Draw(t, "to")), Stars: 4}
				if r := w.core.rides[id]; r != nil && rapid.Bool().Draw(t, "right") {
					d.Code = r.Code
				}
				_ = w.step(d) // refused or not
			},
			"on": func(t *rapid.T) { // passengers who do what they should, until nobody can
				for range 6 {
					w.wait(rapid.IntRange(1, 20).Draw(t, "seconds"))
					for _, id := range rides {
						if r := w.core.rides[id]; r != nil && r.State == Here && r.Tries < maxTries {
							_ = w.step(&Do{Ride: id, What: Unlock, Code: r.Code})
						} else if r != nil && r.State == Boarding {
							_ = w.step(&Do{Ride: id, What: Start, Belts: true})
						}
					}
				}
			},
			"join": func(t *rapid.T) {
				from := rapid.IntRange(0, 900).Draw(t, "from")
				ask := &AskOffer{From: place(float64(from), 0), To: place(float64(rapid.IntRange(from, 1000).Draw(t, "to")), 0), Party: rapid.IntRange(1, 3).Draw(t, "party"), Share: true}
				if w.step(ask) != nil {
					return
				}
				b := &Book{Offer: ask.Offer.ID}
				if w.step(b) == nil {
					rides = append(rides, b.Ride.ID)
				}
			},
			"wait": func(t *rapid.T) { w.wait(rapid.IntRange(1, 40).Draw(t, "seconds")) },
			"later": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "seconds")) * time.Second)
				w.wait(1)
			},
			"vehicle": func(t *rapid.T) {
				v := toys.Draw(t, "vehicle")
				switch rapid.IntRange(0, 5).Draw(t, "fate") {
				case 0:
					v.away = !v.away
				case 1:
					v.deaf = !v.deaf
				case 2:
					v.state, v.held, v.reason = Stopped, true, rapid.SampledFrom([]string{LostLink, "stop-ordered"}).Draw(t, "reason")
				case 3:
					v.battery = float64(rapid.IntRange(5, 100).Draw(t, "battery"))
				case 4:
					w.step(Gone{v.id})
					return
				case 5:
					v.held, v.state = false, Standing
				}
				w.step(Came{vehicleThing(v.id)})
				w.tell(v)
			},
			"weather": func(t *rapid.T) {
				w.step(Weather(rapid.SampledFrom([]string{"clear", "clear", "fog", ""}).Draw(t, "weather")))
			},
			"odd": func(t *rapid.T) {
				odd := w.core.odd
				odd.Polygon = box(-50, -50, float64(rapid.IntRange(150, 1100).Draw(t, "east")), 80)
				if err := w.step(SetODD{odd}); err != nil {
					t.Fatalf("%v", err)
				}
			},
			"answer": func(t *rapid.T) {
				if n := len(w.core.tickets); n > 0 {
					k := w.core.tickets[rapid.IntRange(0, n-1).Draw(t, "ticket")]
					if len(k.Options) > 0 {
						_ = w.step(&Answer{Ticket: k.ID, Option: k.Options[0].ID, By: "user:x"}) // the vehicle may be away
					}
				}
			},
		})
		// However it went: when the vehicles work again and nobody does anything, every ride comes to an end.
		w.core.odd = w.core.area.ODD
		w.step(Weather("clear"))
		for _, v := range w.toys {
			v.away, v.deaf, v.held, v.battery, v.state, v.reason = false, false, false, 90, Standing, ""
			w.step(Came{vehicleThing(v.id)})
			w.tell(v)
		}
		for id, r := range w.core.rides {
			if r.State == Halted { // who stopped it has to say what they want
				_ = w.step(&Do{Ride: id, What: Cancel})
			}
		}
		for range 3 {
			w.wait(10 * 60)
			for id, r := range w.core.rides {
				if r.State == Halted {
					_ = w.step(&Do{Ride: id, What: Cancel})
				}
			}
		}
		for id, r := range w.core.rides {
			if !r.State.Over() && w.core.odd.Hours(w.now) {
				t.Fatalf("ride %s is still %s with %s after half an hour (%s)", id.Short(), r.State, r.Vehicle, r.Why)
			}
		}
	})
}
