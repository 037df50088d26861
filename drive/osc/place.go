package osc

import (
	"fmt"
	"math"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/opendrive"
)

// place is where a position is: a pose, and how it was told, which is how what is put there moves on.
type place struct {
	pose   geom.Pose
	line   *geom.Path // the trajectory or route it lies on; nil where it doesn't
	s      float64    // along line
	turned bool       // its heading is not that of the lane or line
}

// position finds its place, as seen by the entity that is put there.
type position func(w *World) (place, error)

// maxNested is how deep trajectories may stand in positions of trajectories.
const maxNested = 6

// position understands a <Position>, or an element that holds one choice of position.
func (l *loader) position(n *node, sc *scope, depth int) (position, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("positions are nested deeper than %d", maxNested)
	}
	p, err := n.only()
	if err != nil {
		return nil, n.wrong("%w", err)
	}
	r := reader{sc: sc}
	turn := r.number(p.kid("Orientation"), "h", 0)
	absolute := p.kid("Orientation") != nil && r.text(p.kid("Orientation"), "type", "absolute") == "absolute"
	plain, err := l.plainPosition(p, sc, depth)
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, err
	}
	return func(w *World) (place, error) {
		at, err := plain(w)
		if err != nil {
			return place{}, p.wrong("%w", err)
		}
		before := at.pose.Heading
		if absolute {
			at.pose.Heading = 0
		}
		at.pose.Heading = geom.Wrap(at.pose.Heading + turn)
		at.turned = math.Abs(geom.Wrap(at.pose.Heading-before)) > aside
		return at, nil
	}, nil
}

// aside is from what angle on something stands across its lane rather than along it, rad.
const aside = 0.2

func (l *loader) plainPosition(p *node, sc *scope, depth int) (position, error) {
	switch p.name {
	case "RoutePosition":
		return l.routePosition(p, sc, depth)
	case "TrajectoryPosition":
		return l.trajectoryPosition(p, sc, depth)
	case "RelativeLanePosition", "RelativeRoadPosition", "RelativeObjectPosition", "RelativeWorldPosition":
		return l.relativePosition(p, sc)
	}
	r := reader{sc: sc}
	var find position
	switch p.name {
	case "WorldPosition":
		pose := geom.Pose{Vec: geom.Vec{X: r.need(p, "x"), Y: r.need(p, "y")}, Heading: r.number(p, "h", 0)}
		find = func(*World) (place, error) { return place{pose: pose}, nil }
	case "LanePosition":
		at := opendrive.Place{
			Road: r.text(p, "roadId", ""), Lane: r.whole(p, "laneId", 0), S: r.need(p, "s"), Offset: r.number(p, "offset", 0),
		}
		find = func(w *World) (place, error) {
			pose, err := w.net.Pose(at)
			return place{pose: pose}, err
		}
	case "RoadPosition":
		road, s, t := r.text(p, "roadId", ""), r.need(p, "s"), r.need(p, "t")
		find = func(w *World) (place, error) {
			pose, err := w.net.RoadPose(road, s, t)
			return place{pose: pose}, err
		}
	default:
		return nil, p.wrong("is not played")
	}
	return find, r.err
}

// relativePosition is one told from another entity.
func (l *loader) relativePosition(p *node, sc *scope) (position, error) {
	r := reader{sc: sc}
	name := r.text(p, "entityRef", "")
	dx, dy := r.number(p, "dx", 0), r.number(p, "dy", 0)
	ds, dt := r.number(p, "ds", 0), r.number(p, "dt", 0)
	lanes, offset := r.whole(p, "dLane", 0), r.number(p, "offset", 0)
	if r.err != nil {
		return nil, r.err
	}
	kind := p.name
	return func(w *World) (place, error) {
		e := w.find(name)
		if e == nil {
			return place{}, fmt.Errorf("there is no entity %q", name)
		}
		switch kind {
		case "RelativeObjectPosition":
			return place{pose: geom.Pose{Vec: e.at.Ahead(dx, dy), Heading: e.at.Heading}}, nil
		case "RelativeWorldPosition":
			return place{pose: geom.Pose{Vec: e.at.Plus(geom.Vec{X: dx, Y: dy})}}, nil
		}
		spot, ok := w.spot(e)
		if !ok {
			return place{}, fmt.Errorf("entity %q is on no lane", name)
		}
		at := w.net.Place(spot)
		if kind == "RelativeRoadPosition" {
			line, err := w.net.RoadPose(at.Road, at.S, 0)
			if err != nil {
				return place{}, err
			}
			pose, err := w.net.RoadPose(at.Road, at.S+ds, line.Local(e.at.Vec).Y+dt)
			return place{pose: pose}, err
		}
		at.Lane, at.Offset = beside(at.Lane, lanes), offset
		if spotAhead(w.net, spot) {
			at.S += ds
		} else {
			at.S -= ds
		}
		pose, err := w.net.Pose(at)
		return place{pose: pose}, err
	}, nil
}

// beside gives the id of the lane so many lanes towards higher ids; there is no lane 0.
func beside(id, lanes int) int {
	to := id + lanes
	switch {
	case id < 0 && to >= 0:
		return to + 1
	case id > 0 && to <= 0:
		return to - 1
	}
	return to
}

// spotAhead tells whether the road's s grows as the lane is driven.
func spotAhead(net *opendrive.Network, spot lane.Spot) bool {
	long := net.Map.Lanes[spot.Lane].Centre.Length()
	return net.Place(lane.Spot{Lane: spot.Lane, S: long}).S > net.Place(lane.Spot{Lane: spot.Lane}).S
}

// lineOf finds a trajectory's or route's line in a world. Who is to follow it may be nil, but where the line begins at
// its place.
type lineOf func(w *World, who *entity) (*geom.Path, error)

func (l *loader) trajectoryPosition(p *node, sc *scope, depth int) (position, error) {
	line, err := l.trajectory(p.kid("TrajectoryRef"), sc, depth+1)
	if err != nil {
		return nil, err
	}
	r := reader{sc: sc}
	s, t := r.need(p, "s"), r.number(p, "t", 0)
	return func(w *World) (place, error) {
		path, err := line(w, nil)
		if err != nil {
			return place{}, err
		}
		at := path.At(s)
		at.Vec = at.Ahead(0, t)
		return place{pose: at, line: path, s: s}, nil
	}, r.err
}

func (l *loader) routePosition(p *node, sc *scope, depth int) (position, error) {
	line, err := l.route(p.kid("RouteRef"), sc, depth+1)
	if err != nil {
		return nil, err
	}
	r := reader{sc: sc}
	in, err := p.kid("InRoutePosition").only()
	if err != nil {
		return nil, p.wrong("%w", err)
	}
	s, t := r.need(in, "pathS"), r.number(in, "t", 0)
	id, offset := r.whole(in, "laneId", 0), r.number(in, "laneOffset", 0)
	switch in.name {
	case "FromRoadCoordinates":
	case "FromLaneCoordinates":
	default:
		return nil, in.wrong("is not played")
	}
	if r.err != nil {
		return nil, r.err
	}
	return func(w *World) (place, error) {
		path, err := line(w, nil)
		if err != nil {
			return place{}, err
		}
		at := path.At(s)
		left := t
		if id != 0 {
			// The route's line is the road's middle, along the route; its lanes lie right of it where their ids are negative.
			left = offset + (math.Abs(float64(id))-0.5)*math.Copysign(w.laneWidth(at), float64(id))
		}
		at.Vec = at.Ahead(0, left)
		return place{pose: at, line: path, s: s}, nil
	}, nil
}

// laneWidth gives how wide the lane right of a road's middle is.
func (w *World) laneWidth(at geom.Pose) float64 {
	beside := geom.Pose{Vec: at.Ahead(0, -1), Heading: at.Heading}
	if spot, ok := w.net.Map.Locate(beside, lane.Cars, 3); ok {
		left, right := w.net.Map.Lane(spot.Lane).Widths(spot.S)
		return left + right
	}
	return 3.5
}

// route understands a <RouteRef> or an <AssignRouteAction>: the line along the middle of the roads from the first
// waypoint to the last.
func (l *loader) route(n *node, sc *scope, depth int) (lineOf, error) {
	route, sc, err := l.entry(n, "Route", sc)
	if err != nil {
		return nil, err
	}
	var ways []position
	for _, p := range route.all("Waypoint") {
		at, err := l.position(p.kid("Position"), sc, depth)
		if err != nil {
			return nil, err
		}
		ways = append(ways, at)
	}
	if len(ways) < 2 {
		return nil, route.wrong("has fewer than two waypoints")
	}
	key := route
	return func(w *World, _ *entity) (*geom.Path, error) {
		if path := w.lines[key]; path != nil {
			return path, nil
		}
		path, err := w.routeLine(ways)
		if err != nil {
			return nil, route.wrong("%w", err)
		}
		w.lines[key] = path
		return path, nil
	}, nil
}

func (w *World) routeLine(ways []position) (*geom.Path, error) {
	var line []geom.Vec
	m := w.net.Map
	for i := range len(ways) - 1 {
		from, err := ways[i](w)
		if err != nil {
			return nil, err
		}
		to, err := ways[i+1](w)
		if err != nil {
			return nil, err
		}
		a, okA := m.Locate(from.pose, lane.Cars, 2)
		b, okB := m.Locate(to.pose, lane.Cars, 2)
		if !okA || !okB {
			return nil, fmt.Errorf("waypoint %d or the one after it is on no lane", i)
		}
		field := m.NewField(b, lane.Cars)
		lanes, ok := field.Route(a)
		if !ok {
			return nil, fmt.Errorf("no way leads from waypoint %d to the next", i)
		}
		line = append(line, field.Line(a, lanes)...)
	}
	centre, err := geom.NewPath(line)
	if err != nil {
		return nil, err
	}
	middle := make([]geom.Vec, len(centre.Points()))
	for i, s := range centre.Along() {
		at := centre.At(s)
		spot, ok := m.Locate(at, lane.Cars, 1)
		left := 1.75
		if ok {
			left, _ = m.Lane(spot.Lane).Widths(spot.S)
		}
		middle[i] = at.Ahead(0, left)
	}
	path, err := geom.NewPath(middle)
	return &path, err
}

// trajectory understands a <TrajectoryRef>.
func (l *loader) trajectory(n *node, sc *scope, depth int) (lineOf, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("trajectories are nested deeper than %d", maxNested)
	}
	t, sc, err := l.entry(n, "Trajectory", sc)
	if err != nil {
		return nil, err
	}
	shape, err := t.kid("Shape").only()
	if err != nil {
		return nil, t.wrong("%w", err)
	}
	switch shape.name {
	case "Polyline":
		return l.polyline(shape, sc, depth)
	case "ClothoidSpline":
		return l.spline(shape, sc, depth)
	case "Clothoid":
		return l.clothoid(shape, sc, depth)
	}
	return nil, shape.wrong("is not played")
}

func (l *loader) polyline(n *node, sc *scope, depth int) (lineOf, error) {
	var ways []position
	for _, v := range n.all("Vertex") {
		at, err := l.position(v.kid("Position"), sc, depth+1)
		if err != nil {
			return nil, err
		}
		ways = append(ways, at)
	}
	return func(w *World, _ *entity) (*geom.Path, error) {
		var points []geom.Vec
		for _, way := range ways {
			at, err := way(w)
			if err != nil {
				return nil, err
			}
			points = append(points, at.pose.Vec)
		}
		path, err := geom.NewPath(points)
		if err != nil {
			return nil, n.wrong("%w", err)
		}
		return &path, nil
	}, nil
}

// piece is one piece of a spline of clothoids.
type piece struct{ from, to, long float64 }

func (l *loader) spline(n *node, sc *scope, depth int) (lineOf, error) {
	r := reader{sc: sc}
	var pieces []piece
	var start position
	for i, s := range n.all("ClothoidSplineSegment") {
		pieces = append(pieces, piece{r.need(s, "curvatureStart"), r.need(s, "curvatureEnd"), r.need(s, "length")})
		if at := s.kid("PositionStart"); at != nil && i == 0 {
			var err error
			if start, err = l.position(at, sc, depth+1); err != nil {
				return nil, err
			}
		} else if at != nil {
			return nil, s.wrong("begins anew within the spline, which is not played")
		}
	}
	return curve(n, start, pieces), r.err
}

func (l *loader) clothoid(n *node, sc *scope, depth int) (lineOf, error) {
	r := reader{sc: sc}
	k, long := r.number(n, "curvature", 0), r.need(n, "length")
	change := r.number(n, "curvaturePrime", r.number(n, "curvatureDot", 0))
	start, err := l.position(n.kid("Position"), sc, depth+1)
	if err != nil {
		return nil, err
	}
	return curve(n, start, []piece{{k, k + change*long, long}}), r.err
}

// curve draws pieces whose curvature changes evenly, in steps of a quarter of a metre, from start on; without a start from
// where whoever follows it is.
func curve(n *node, start position, pieces []piece) lineOf {
	return func(w *World, who *entity) (*geom.Path, error) {
		var pose geom.Pose
		switch {
		case start != nil:
			at, err := start(w)
			if err != nil {
				return nil, err
			}
			pose = at.pose
		case who != nil:
			pose = who.at
		default:
			return nil, n.wrong("says nowhere where it starts")
		}
		points := []geom.Vec{pose.Vec}
		for _, p := range pieces {
			if !(p.long >= 0) || p.long > 1e5 {
				return nil, n.wrong("has a piece of length %g", p.long)
			}
			steps := math.Ceil(p.long / 0.25)
			for i := range int(steps) {
				step := p.long / steps
				turn := step * (p.from + (p.to-p.from)*(float64(i)+0.5)/steps)
				pose.Vec = pose.Plus(geom.Towards(pose.Heading + turn/2).Times(step))
				pose.Heading += turn
				points = append(points, pose.Vec)
			}
		}
		path, err := geom.NewPath(points)
		if err != nil {
			return nil, n.wrong("%w", err)
		}
		return &path, nil
	}
}
