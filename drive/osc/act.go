package osc

import (
	"errors"
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
)

// action begins something, for one entity (nil for actions on nobody), and gives what tells when it is over; nil where
// it is over at once.
type action func(w *World, e *entity) (over func() bool, err error)

// action understands an <Action>, or an initial <PrivateAction> or <GlobalAction>.
func (l *loader) action(n *node, sc *scope) (action, error) {
	k, err := n.only()
	if err != nil {
		return nil, n.wrong("%w", err)
	}
	switch n.name {
	case "Action":
		return l.action(k, sc)
	case "GlobalAction":
		return l.global(k, sc)
	case "UserDefinedAction":
		return nothing, nil
	}
	inside, err := k.only()
	if err != nil {
		return nil, k.wrong("%w", err)
	}
	switch k.name {
	case "LongitudinalAction":
		if inside.name == "SpeedAction" {
			return l.speed(inside, sc)
		}
		if inside.name == "LongitudinalDistanceAction" {
			return l.keepApart(inside, sc)
		}
	case "LateralAction":
		if inside.name == "LaneChangeAction" {
			return l.changeLane(inside, sc)
		}
		if inside.name == "LaneOffsetAction" {
			return l.offset(inside, sc)
		}
	case "TeleportAction":
		return l.teleport(k, sc)
	case "RoutingAction":
		if inside.name == "FollowTrajectoryAction" {
			return l.followTrajectory(inside, sc)
		}
		if inside.name == "AssignRouteAction" {
			return l.assignRoute(inside, sc)
		}
	case "SynchronizeAction":
		return l.synchronize(k, sc)
	case "ControllerAction", "ActivateControllerAction":
		return nothing, nil // the vehicle under test drives itself from the beginning
	case "AppearanceAction":
		return l.lamps(inside, sc)
	case "VisibilityAction":
		return nothing, nil
	}
	return nil, inside.wrong("is not played")
}

func nothing(*World, *entity) (func() bool, error) { return nil, nil }

func (l *loader) global(k *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	switch k.name {
	case "EnvironmentAction", "InfrastructureAction":
		return nothing, nil
	case "EntityAction":
		name := r.text(k, "entityRef", "")
		if k.kid("DeleteEntityAction") == nil {
			return nil, k.wrong("only deletes entities here")
		}
		return func(w *World, _ *entity) (func() bool, error) {
			if e := w.find(name); e != nil {
				e.gone = true
			}
			return nil, nil
		}, r.err
	case "VariableAction", "ParameterAction":
		name, set := r.text(k, "variableRef", r.text(k, "parameterRef", "")), k.kid("SetAction")
		value := r.text(set, "value", "")
		if set == nil {
			return nil, k.wrong("only sets values here")
		}
		return func(w *World, _ *entity) (func() bool, error) {
			w.variables[name] = value
			return nil, nil
		}, r.err
	}
	return nil, k.wrong("is not played")
}

// takes gives the time that a change takes by its dynamics. speed is that of whoever changes, for what is told by
// distance.
func takes(r *reader, n *node, speed func() float64) (shape, func(change float64) float64) {
	form := shape(r.text(n, "dynamicsShape", "linear"))
	value, dimension := math.Abs(r.number(n, "value", 0)), r.text(n, "dynamicsDimension", "time")
	if form != "step" && form != "linear" && form != "cubic" && form != "sinusoidal" {
		r.fail(n.wrong("the shape %q is not played", form))
	}
	return form, func(change float64) float64 {
		change = math.Abs(change)
		switch {
		case form == "step" || change < 1e-9:
			return 0
		case dimension == "rate":
			if value == 0 {
				return math.Inf(1)
			}
			return form.peak() * change / value
		case dimension == "distance":
			return value / max(speed(), 0.1)
		}
		return value
	}
}

func (l *loader) speed(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	var now *entity
	form, long := takes(&r, n.kid("SpeedActionDynamics"), func() float64 { return now.speed })
	absolute, relative := n.kid("SpeedActionTarget", "AbsoluteTargetSpeed"), n.kid("SpeedActionTarget", "RelativeTargetSpeed")
	target := absolute
	if relative != nil {
		target = relative
	}
	value, name, factor := r.need(target, "value"), r.text(relative, "entityRef", ""), r.text(relative, "speedTargetValueType", "delta") == "factor"
	if relative != nil && r.text(relative, "continuous", "false") == "true" {
		r.fail(relative.wrong("continuous is not played"))
	}
	if r.err != nil {
		return nil, r.err
	}
	return func(w *World, e *entity) (func() bool, error) {
		now = e
		to := value
		if relative != nil {
			other := w.find(name)
			if other == nil {
				return nil, n.wrong("there is no entity %q", name)
			}
			if to = other.speed + value; factor {
				to = other.speed * value
			}
		}
		if e == w.ego && w.time > 0 {
			w.wish = to
			return nil, nil
		}
		c := &speedChange{shape: form, from: e.speed, to: to, takes: long(to - e.speed)}
		e.forward, e.sync, e.keep = c, nil, nil
		if c.takes == 0 {
			e.speed, e.forward = to, nil
			return nil, nil
		}
		return func() bool { return c.done || e.forward != c }, nil
	}, nil
}

// keepApart moves the entity at once to the distance it is to keep, and where it is continuous keeps it from then on.
func (l *loader) keepApart(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	name, freespace := r.text(n, "entityRef", ""), r.text(n, "freespace", "false") == "true"
	gap, headway := r.number(n, "distance", math.NaN()), r.number(n, "timeGap", math.NaN())
	behind := r.text(n, "displacement", "trailingReferencedEntity") == "trailingReferencedEntity"
	lasting := r.text(n, "continuous", "false") == "true"
	if math.IsNaN(gap) && math.IsNaN(headway) {
		r.fail(n.wrong("has neither distance nor timeGap"))
	}
	return func(w *World, e *entity) (func() bool, error) {
		other := w.find(name)
		if other == nil || other.gone {
			return nil, n.wrong("there is no entity %q", name)
		}
		want := gap
		if math.IsNaN(gap) {
			want = headway * max(e.speed, other.speed)
		}
		if freespace {
			if behind {
				want += e.ahead + e.long/2 + other.long/2 - other.ahead
			} else {
				want += other.ahead + other.long/2 + e.long/2 - e.ahead
			}
		}
		move := want - other.at.Local(e.at.Vec).X
		if behind {
			move = -want - other.at.Local(e.at.Vec).X
		}
		switch {
		case e.line != nil:
			e.s += move
		case e.spot.Lane != lane.None:
			e.spot.S += move
		default:
			e.at.Vec = other.at.Ahead(other.at.Local(e.at.Vec).X+move, other.at.Local(e.at.Vec).Y)
		}
		if !lasting {
			return nil, nil
		}
		e.keep, e.forward, e.sync = other, nil, nil
		return func() bool { return e.keep != other }, nil
	}, r.err
}

func (l *loader) changeLane(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	var now *entity
	form, long := takes(&r, n.kid("LaneChangeActionDynamics"), func() float64 { return now.speed })
	relative, absolute := n.kid("LaneChangeTarget", "RelativeTargetLane"), n.kid("LaneChangeTarget", "AbsoluteTargetLane")
	target := absolute
	if relative != nil {
		target = relative
	}
	value, name, offset := r.whole(target, "value", 0), r.text(relative, "entityRef", ""), r.number(n, "targetLaneOffset", 0)
	if target == nil {
		r.fail(n.wrong("has no target"))
	}
	return func(w *World, e *entity) (func() bool, error) {
		if e == w.ego {
			return nil, nil
		}
		now = e
		spot, ok := w.spot(e)
		if !ok {
			return nil, n.wrong("entity %q is on no lane", e.name)
		}
		at := w.net.Place(spot)
		at.Lane = value
		if relative != nil {
			other := w.find(name)
			if other == nil {
				return nil, n.wrong("there is no entity %q", name)
			}
			its, ok := w.spot(other)
			if !ok {
				return nil, n.wrong("entity %q is on no lane", name)
			}
			at.Lane = beside(w.net.Place(its).Lane, value)
		}
		at.Offset = 0
		to, err := w.net.Spot(at)
		if err != nil {
			return nil, n.wrong("%w", err)
		}
		e.line = nil
		e.spot.Lane = to.Lane
		e.spot.S, e.d = w.net.Map.Lane(to.Lane).Centre.Project(e.at.Vec)
		return e.sidle(form, offset, long(offset-e.d)), nil
	}, r.err
}

// sidle begins a change of the distance from the lane's middle.
func (e *entity) sidle(form shape, to, long float64) func() bool {
	c := &sideChange{shape: form, from: e.d, to: to, takes: long}
	e.sideway = c
	return func() bool { return c.done || e.sideway != c }
}

func (l *loader) offset(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	dyn := n.kid("LaneOffsetActionDynamics")
	form, most := shape(r.text(dyn, "dynamicsShape", "sinusoidal")), r.number(dyn, "maxLateralAcc", math.Inf(1))
	absolute, relative := n.kid("LaneOffsetTarget", "AbsoluteTargetLaneOffset"), n.kid("LaneOffsetTarget", "RelativeTargetLaneOffset")
	target := absolute
	if relative != nil {
		target = relative
	}
	value, name := r.need(target, "value"), r.text(relative, "entityRef", "")
	return func(w *World, e *entity) (func() bool, error) {
		if e == w.ego {
			return nil, nil
		}
		to := value
		if relative != nil {
			other := w.find(name)
			if other == nil || e.spot.Lane == lane.None {
				return nil, n.wrong("entity %q is on no lane, or there is no %q", e.name, name)
			}
			_, its := w.net.Map.Lane(e.spot.Lane).Centre.Project(other.at.Vec)
			to += its
		}
		long := 0.0
		if most > 0 && form != "step" { // the sideways acceleration at its most, by the shape
			factor := map[shape]float64{"sinusoidal": math.Pi * math.Pi / 2, "cubic": 6, "linear": 4}[form]
			long = math.Sqrt(factor * math.Abs(to-e.d) / most)
		}
		return e.sidle(form, to, long), nil
	}, r.err
}

func (l *loader) teleport(n *node, sc *scope) (action, error) {
	at, err := l.position(n.kid("Position"), sc, 0)
	if err != nil {
		return nil, err
	}
	return func(w *World, e *entity) (func() bool, error) {
		p, err := at(w)
		if err != nil {
			return nil, err
		}
		if e == w.ego && w.time > 0 {
			return nil, n.wrong("the vehicle under test drives itself and can't be put elsewhere")
		}
		line := e.line
		w.put(e, p)
		if line != nil && e.line == nil && e == w.ego { // what it was told to follow stays its way
			e.line = line
			e.s, e.d = line.Project(e.at.Vec)
		}
		return nil, nil
	}, nil
}

func (l *loader) followTrajectory(n *node, sc *scope) (action, error) {
	ref := n.kid("TrajectoryRef")
	if ref == nil {
		ref = n
	}
	line, err := l.trajectory(ref, sc, 0)
	if err != nil {
		return nil, err
	}
	r := reader{sc: sc}
	from := r.number(n, "initialDistanceOffset", 0)
	timing := n.kid("TimeReference", "Timing")
	var times []float64
	for _, v := range findAll(ref, "Vertex") {
		times = append(times, r.number(v, "time", 0)*r.number(timing, "scale", 1)+r.number(timing, "offset", 0))
	}
	return func(w *World, e *entity) (func() bool, error) {
		path, err := line(w, e)
		if err != nil {
			return nil, err
		}
		e.gone, e.line, e.s, e.d, e.spot = false, path, from, 0, lane.Spot{Lane: lane.None}
		e.at = path.At(from)
		e.sideway = nil
		if timing != nil && len(times) >= 2 && times[len(times)-1] > times[0] { // evenly between first and last
			e.speed = path.Length() / (times[len(times)-1] - times[0])
			e.forward, e.sync, e.keep = nil, nil, nil
		}
		return func() bool {
			if e.line != path || e.s < path.Length() {
				return e.line != path
			}
			if timing != nil {
				e.speed = 0
			}
			return true
		}, nil
	}, r.err
}

// findAll gives all elements of that name anywhere within n.
func findAll(n *node, name string) []*node {
	var list []*node
	for _, k := range n.kids {
		if k.name == name {
			list = append(list, k)
		}
		list = append(list, findAll(k, name)...)
	}
	return list
}

func (l *loader) assignRoute(n *node, sc *scope) (action, error) {
	line, err := l.route(n, sc, 0)
	if err != nil {
		return nil, err
	}
	return func(w *World, e *entity) (func() bool, error) {
		path, err := line(w, e)
		if err != nil {
			return nil, err
		}
		e.line = path
		if !e.gone {
			e.s, e.d = path.Project(e.at.Vec)
		}
		return nil, nil
	}, nil
}

func (l *loader) synchronize(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	name := r.text(n, "masterEntityRef", "")
	his, err := l.position(n.kid("TargetPositionMaster"), sc, 0)
	if err != nil {
		return nil, err
	}
	mine, err := l.position(n.kid("TargetPosition"), sc, 0)
	if err != nil {
		return nil, err
	}
	final := math.NaN()
	speed := n.kid("FinalSpeed", "AbsoluteSpeed")
	if speed != nil {
		final = r.need(speed, "value")
	} else if n.kid("FinalSpeed") != nil {
		r.fail(n.wrong("only an absolute final speed is played"))
	}
	steadyWay := r.number(speed.kid("TargetDistanceSteadyState"), "distance", 0)
	steadyTime := r.number(speed.kid("TargetTimeSteadyState"), "time", 0)
	return func(w *World, e *entity) (func() bool, error) {
		master := w.find(name)
		if master == nil {
			return nil, n.wrong("there is no entity %q", name)
		}
		a, errA := his(w)
		b, errB := mine(w)
		if err := errors.Join(errA, errB); err != nil {
			return nil, err
		}
		if b.line != nil && e.line != nil { // its own way there is the one it is on
			b.s, _ = e.line.Project(b.pose.Vec)
			b.line = e.line
		}
		g := &meeting{master: master, his: a, mine: b, final: final, steadyWay: steadyWay, steadyTime: steadyTime}
		e.sync, e.forward, e.keep = g, nil, nil
		return func() bool { return g.done || e.sync != g }, nil
	}, r.err
}

// lamps understands what a vehicle shows; only indicators matter to others.
func (l *loader) lamps(n *node, sc *scope) (action, error) {
	r := reader{sc: sc}
	turn, known := map[string]scene.Indicator{
		"indicatorLeft": scene.TurnLeft, "indicatorRight": scene.TurnRight, "warningLights": scene.Hazard,
	}[r.text(n.kid("LightType", "VehicleLight"), "vehicleLightType", "")]
	if r.text(n.kid("LightState"), "mode", "on") == "off" {
		turn = scene.NoTurn
	}
	return func(_ *World, e *entity) (func() bool, error) {
		if known && e != nil {
			e.turn = turn
		}
		return nil, nil
	}, r.err
}

// begin plays the initial actions.
func (l *loader) begin(w *World) error {
	for _, group := range l.root.kid("Storyboard", "Init", "Actions").orNone() {
		r := reader{sc: &l.sc}
		var e *entity
		kids := []*node{group}
		if group.name == "Private" {
			name := r.text(group, "entityRef", "")
			if e = w.find(name); e == nil {
				return group.wrong("there is no entity %q", name)
			}
			kids = group.kids
		}
		for _, k := range kids {
			do, err := l.action(k, &l.sc)
			if err != nil {
				return err
			}
			if _, err := do(w, e); err != nil {
				return fmt.Errorf("line %d: %w", k.line, err)
			}
		}
	}
	w.wish = w.ego.speed
	if w.ego.gone {
		return errors.New(`the entity "Ego" is placed nowhere`)
	}
	return nil
}

// aim finds where the vehicle under test is to go: to the end of what it was told to follow, or as far along its lane as
// there is road.
// Lanes that allow less than the scenario asks for are raised to it.
func (w *World) aim() {
	m, e := w.net.Map, w.ego
	for i := range m.Lanes {
		m.Lanes[i].Limit = max(m.Lanes[i].Limit, w.wish)
	}
	if e.line != nil {
		end := e.line.At(e.line.Length())
		for _, back := range []float64{0, 2, 5} { // a route's line is the road's middle; its lane lies to the right
			p := geom.Pose{Vec: end.Ahead(-back, 0), Heading: end.Heading}
			if spot, ok := m.Locate(p, lane.Cars, 3); ok {
				w.goal = lane.Spot{Lane: spot.Lane, S: spot.S}
				return
			}
		}
	}
	spot, ok := m.Locate(e.at, everyone, 6)
	if !ok {
		w.goal = lane.Spot{Lane: lane.None}
		return
	}
	seen := map[lane.ID]bool{}
	for !seen[spot.Lane] {
		seen[spot.Lane] = true
		next := straightest(m, spot.Lane)
		if next == lane.None || seen[next] {
			break
		}
		spot.Lane = next
	}
	w.goal = lane.Spot{Lane: spot.Lane, S: max(m.Lane(spot.Lane).Centre.Length()-5, 0)}
}
