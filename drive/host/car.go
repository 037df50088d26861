package host

import (
	"fmt"
	"math"
	"regexp"
	"sync"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/referee"
	"hutong/drive/scene"
	"hutong/drive/sense"
	"hutong/drive/v2x"
	"hutong/drive/vehicle"
	"hutong/drive/world"
)

// car is one vehicle: its rider in the loop, what it has been told, and what it has told.
type car struct {
	Vehicle
	h     *Host
	rider *world.Rider
	link  *link
	said  *doc // what it says of itself; only the loop's goroutine writes
	frame framer
	radio radio

	metres  float64
	battery float64 // %
	was     drive.Mode
	slow    time.Time // when pose and speed were told last
	drawn   time.Time // when the cabin was shown last
	tripped time.Time
	told    geom.Vec // the goal that was told last
	reason  drive.Reason
	reasons time.Time
	counted int // late decisions
	forced  int // cycles in a row

	mu      sync.Mutex
	orders  drive.Orders
	goal    *geom.Vec // as it was ordered
	called  string    // what the goal is called
	briefed *geom.Vec // the goal that the driver has
	hold    bool      // ordered
	doors   string
	lost    time.Time // since when the link is gone; zero while it's there
	sought  int       // cycles since it has been looking for a place to stop
	stray   bool      // it stopped, or stops, because it lost its link
	moving  bool      // as of the last cycle
	at      lane.Spot // where it is
	limit   float64   // m/s; 0: none
	ask     ask
	answers []func() // to be sent when the driver has had the orders
	events  []event
}

// ask is what the driver asks of a person.
type ask struct {
	kind   string
	track  uint32
	since  time.Time
	number int
	hushed time.Time // refused: not asked again before
}

type event struct {
	name string
	data any
}

// names are those that fit into a topic and a URN.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func newCar(h *Host, v *Vehicle, id uint32) (*car, error) {
	if !names.MatchString(v.Name) {
		return nil, fmt.Errorf("vehicle %q: a name has 1 to 32 small letters, digits and -", v.Name)
	}
	spec := v.Spec
	if spec == nil {
		spec = &vehicle.Shuttle
	}
	if int(v.Start.Lane) < 0 || int(v.Start.Lane) >= len(h.m.Lanes) {
		return nil, fmt.Errorf("vehicle %s: starts on lane %d, which the map doesn't have", v.Name, v.Start.Lane)
	}
	c := &car{Vehicle: *v, h: h, said: newDoc("drive/" + v.Name), battery: 70 + float64(id*37%30), doors: "locked", at: v.Start}
	c.rider = &world.Rider{
		ID: id, Spec: spec, Driver: h.o.Drive(h.m, spec),
		Sensor: sense.New(h.o.Sensors, h.m, h.o.Seed+uint64(id)),
		State:  vehicle.State{Pose: h.m.Pose(v.Start)},
	}
	// The start is where the vehicle's middle is; its state is that of its rear axle.
	c.rider.State.Vec = c.rider.State.Ahead(spec.RearOverhang-spec.Length/2, 0)
	c.link = newLink(h, "drive/"+v.Name, []announcement{announced(v.Name, c.describe())}, c.do)
	c.said.set("plate", v.Plate)
	c.said.set("colour", v.Colour)
	c.said.set("seats", v.Seats)
	c.said.set("wheelchair", v.Wheelchair)
	c.said.set("assist", nil)
	return c, nil
}

// linkLost is for how long the broker may be silent to a vehicle that drives.
const linkLost = 2 * time.Second

// forcedFor is for how many cycles in a row a vehicle is stopped for want of a decision until it's said to be in its
// fail-safe: one that came a moment late is counted, and no more.
const forcedFor = 3

// seekFor is for how many cycles a vehicle looks for a place where it hinders nobody: 15 s.
const seekFor = 150

// brief gives the driver its orders before a cycle.
func (c *car) brief(now time.Time) {
	silent := c.link.silence(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case silent > linkLost && c.lost.IsZero():
		c.lost = now.Add(-silent)
		if c.moving && !c.orders.Stop {
			c.orders.PullOver, c.stray = true, true
			c.h.stats.lost.Add(1)
		}
	case silent <= linkLost && !c.lost.IsZero():
		if c.stray {
			c.events = append(c.events, event{"failSafe", map[string]any{
				"cause": fmt.Sprintf("the link was lost for %.0f s", now.Sub(c.lost).Seconds()),
			}})
		}
		c.lost = time.Time{}
	}
	if c.orders.PullOver && c.moving {
		if c.sought++; c.sought >= seekFor {
			c.orders.Stop = true // no such place came: here, then
		}
	} else {
		c.sought = 0
	}
	c.orders.Hold = c.hold || c.doors == "open"
	c.orders.MaxSpeed = c.limit
	c.rider.Orders, c.briefed = c.orders, c.goal
}

// happened tells what the referee saw.
func (c *car) happened(e referee.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case referee.Collided:
		c.events = append(c.events, event{"collision", map[string]any{"with": e.With, "why": e.Why}})
		c.warn(v2x.Accident, c.rider.State.Vec, time.Now())
	case referee.BrakedHard:
		c.events = append(c.events, event{"harsh", map[string]any{"speed": round(c.rider.State.Speed*3.6, 1)}})
		c.warn(v2x.Braking, c.rider.State.Vec, time.Now())
	}
}

// show tells what has become of the vehicle in a cycle.
func (c *car) show(t *scene.Truth, now time.Time) {
	d, x := &c.rider.Decision, c.rider.State
	c.count(x)
	c.mu.Lock()
	mode := d.Mode
	if c.forced++; !c.rider.Forced {
		c.forced = 0
	} else if c.forced >= forcedFor {
		mode = drive.FailSafe
	}
	c.moving = mode == drive.Driving || mode == drive.FailSafe || x.Speed > 0.05
	if d.Lane.Lane != lane.None {
		c.at = d.Lane
	}
	if x.Speed > 0.5 && c.doors == "closed" {
		c.doors = "locked"
	}
	c.turned(mode, d)
	c.stationary(mode, x, now)
	c.wonder(d, now)
	goal, doors, limit, stray := c.briefed, c.doors, c.limit, c.stray
	reason := d.Reason
	if stray {
		reason = drive.Reason{Code: "lost-link", Words: "Contact with the area was lost: stopping at the side", Signal: -1}
	}
	question := c.question()
	events, answers := c.events, c.answers
	c.events, c.answers = nil, nil
	c.mu.Unlock()

	c.said.set("state", stateOf(mode)) // before the trip, so that nobody takes an old arrival for one at a new goal
	c.sayTrip(goal, d, now)
	c.said.set("doors", doors)
	c.said.set("limit", limitOf(limit, c.rider.Spec))
	c.said.setJSON("assist", question)
	c.sayReason(reason, now)
	c.sayPlace(x, now)
	if now.Sub(c.drawn) >= 95*time.Millisecond {
		c.drawn = now
		c.link.show("cabin", c.frame.draw(c, t, mode, reason))
	}
	c.aware(x, now)
	c.link.say(c.said, events, answers)
}

// turned notes what the vehicle has turned to. The caller holds mu.
func (c *car) turned(mode drive.Mode, d *drive.Decision) {
	if mode == c.was {
		return
	}
	switch mode {
	case drive.Arrived:
		if g := c.briefed; g != nil {
			c.events = append(c.events, event{"arrived", map[string]any{"x": round(g.X, 1), "y": round(g.Y, 1), "name": c.called}})
		}
	case drive.FailSafe:
		cause := d.Reason.Words
		if c.rider.Forced {
			cause = "no decision came in time"
		}
		c.events = append(c.events, event{"failSafe", map[string]any{"cause": cause}})
	}
	c.was = mode
}

func stateOf(m drive.Mode) string {
	switch m {
	case drive.Driving:
		return "driving"
	case drive.Arrived:
		return "arrived"
	case drive.FailSafe:
		return "fail-safe"
	case drive.Stopped:
		return "stopped"
	}
	return "standing"
}

func limitOf(limit float64, spec *vehicle.Spec) float64 {
	if limit <= 0 {
		limit = spec.MaxSpeed
	}
	return round(limit*3.6, 1)
}

// count keeps the odometer and the battery. A vehicle uses 0.2 kWh for each kilometre and 1 kW beside, of 60 kWh; where
// it stands at a charger it gets 50 kW.
func (c *car) count(x vehicle.State) {
	way := x.Speed * drive.Cycle
	c.metres += way
	c.h.stats.metres.Store(c.h.metres())
	const capacity = 60.0
	used := way/1000*0.2 + 1.0/3600*drive.Cycle
	if x.Speed < 0.1 {
		for _, at := range c.h.o.Chargers {
			if at.To(x.Vec) < 15 {
				used -= 50.0 / 3600 * drive.Cycle
				break
			}
		}
	}
	c.battery = min(100, max(0, c.battery-100*used/capacity))
	if late := c.rider.Late; late > c.counted {
		c.h.stats.late.Add(uint64(late - c.counted))
		c.counted = late
	}
	if c.rider.Forced {
		c.h.stats.forced.Add(1)
	}
}

func (h *Host) metres() uint64 {
	sum := 0.0
	for _, c := range h.cars {
		sum += c.metres
	}
	return uint64(sum)
}

// sayPlace tells pose, speed, battery and odometer once a second.
func (c *car) sayPlace(x vehicle.State, now time.Time) {
	if now.Sub(c.slow) < 995*time.Millisecond {
		return
	}
	c.slow = now
	b := c.rider.Spec.Box(x)
	lat, lon := c.h.degrees(b.Vec)
	name := ""
	if spot := c.rider.Decision.Lane; spot.Lane != lane.None {
		name = c.h.m.Lane(spot.Lane).Name
	}
	c.said.setJSON("pose", encode(struct {
		X       float64 `json:"x"`
		Y       float64 `json:"y"`
		Heading float64 `json:"heading"`
		Lat     float64 `json:"lat"`
		Lon     float64 `json:"lon"`
		Lane    string  `json:"lane"`
	}{round(b.X, 2), round(b.Y, 2), round(b.Heading, 3), round(lat, 7), round(lon, 7), name}))
	c.said.set("speed", round(x.Speed*3.6, 1))
	c.said.set("battery", round(c.battery, 1))
	c.said.set("odometer", round(c.metres/1000, 2))
}

// degrees gives the place on earth of a place on the map, on a sphere around its origin.
func (h *Host) degrees(v geom.Vec) (lat, lon float64) {
	const metres = 111_320
	lat = h.m.OriginLat + v.Y/metres
	return lat, h.m.OriginLon + v.X/(metres*math.Cos(h.m.OriginLat*math.Pi/180))
}

// sayReason tells why the vehicle does what it does, when it changes, at most twice a second.
func (c *car) sayReason(r drive.Reason, now time.Time) {
	if r.Code == c.reason.Code && r.Subject == c.reason.Subject || now.Sub(c.reasons) < 500*time.Millisecond {
		return
	}
	c.reason, c.reasons = r, now
	c.said.setJSON("reason", encode(struct {
		Code    string `json:"code"`
		Words   string `json:"words"`
		Subject uint32 `json:"subject,omitempty"`
	}{r.Code, r.Words, r.Subject}))
}

// turns are the words for manoeuvres.
var turns = [...]string{lane.Straight: "straight", lane.Left: "left", lane.Right: "right", lane.Back: "back"}

// sayTrip tells where the vehicle is going: when that changes, and once a second.
func (c *car) sayTrip(goal *geom.Vec, d *drive.Decision, now time.Time) {
	if goal == nil {
		c.said.setJSON("trip", []byte(`{"goal":null,"remaining":null,"distance":0}`))
		return
	}
	if now.Sub(c.tripped) < 995*time.Millisecond && c.told == *goal {
		return
	}
	c.tripped, c.told = now, *goal
	type xy struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	trip := struct {
		Goal      xy       `json:"goal"`
		Remaining *float64 `json:"remaining"`
		Distance  float64  `json:"distance"`
		Turn      string   `json:"turn,omitempty"`
		TurnIn    *float64 `json:"turnIn,omitempty"`
	}{Goal: xy{round(goal.X, 2), round(goal.Y, 2)}}
	if d.Remaining >= 0 {
		left := round(d.Remaining, 0)
		trip.Remaining = &left
	}
	if f := c.rider.Orders.Goal; f != nil && d.Lane.Lane != lane.None {
		if route, ok := f.Route(d.Lane); ok {
			line := f.Line(d.Lane, route)
			for i := 1; i < len(line); i++ {
				trip.Distance += line[i-1].To(line[i])
			}
			trip.Distance = round(trip.Distance, 0)
		}
	}
	if d.TurnIn >= 0 {
		in := round(d.TurnIn, 0)
		trip.Turn, trip.TurnIn = turns[d.Turn], &in
	}
	c.said.setJSON("trip", encode(trip))
}

func round(x float64, decimals int) float64 {
	scale := math.Pow(10, float64(decimals))
	return math.Round(x*scale) / scale
}
