package opendrive

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// builder makes the lane map of a network's roads.
type builder struct {
	net     *Network
	file    *xFile
	lanes   []lane.Lane
	signals []lane.Signal
	minor   map[lane.ID]bool    // junction lanes that a sign makes give way
	told    map[string]*xSignal // signals by id
}

func (b *builder) build() error {
	budget := maxPoints
	for _, r := range b.net.roads {
		for i := range r.parts {
			if err := b.addPart(r, i, &budget); err != nil {
				return fmt.Errorf("road %q: %w", r.id, err)
			}
		}
	}
	for _, r := range b.net.roads {
		b.joinParts(r)
		if err := b.joinRoads(r); err != nil {
			return fmt.Errorf("road %q: %w", r.id, err)
		}
	}
	for i := range b.file.Junctions {
		j := &b.file.Junctions[i]
		if err := b.joinJunction(j); err != nil {
			return fmt.Errorf("junction %q: %w", j.ID, err)
		}
	}
	for i := range b.lanes {
		if l := &b.lanes[i]; l.Kind == lane.Junction {
			l.Turn = turnOf(l.Centre)
		}
	}
	b.addSignals()
	b.cross()
	m, err := lane.NewMap(b.lanes, b.signals)
	b.net.Map = m
	return err
}

// addPart makes the lanes of one part and says what lies beside each.
func (b *builder) addPart(r *road, i int, budget *int) error {
	p := &r.parts[i]
	rows, err := r.rows(p, budget)
	if err != nil {
		return err
	}
	for k := range p.lanes {
		s := &p.lanes[k]
		s.lane = -1
		if !open(rows, k) {
			continue
		}
		line := lineOf(rows, len(p.lanes), k, s.forward)
		centre, err := geom.NewPath(line.points)
		if err != nil {
			return fmt.Errorf("lane %d at s=%g: %w", s.id, p.from, err)
		}
		kind, users := kindOf(r, s.source, (p.from+p.to)/2)
		if kind == lane.Drive && r.junction != "" {
			kind = lane.Junction
		}
		s.lane = laneRef(len(b.lanes))
		b.lanes = append(b.lanes, lane.Lane{
			Name: fmt.Sprintf("%s.%d.%d", r.id, i, s.id), Centre: centre, ToLeft: line.left, ToRight: line.right,
			Limit: s.limit, Kind: kind, Users: users, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None,
			Signal: -1, Junction: r.junction,
		})
		b.net.places = append(b.net.places, origin{road: r, part: i, k: k, s: line.s})
	}
	b.beside(r, p)
	return nil
}

// beside says which of a part's lanes lie next to each other, and where one may change between them.
func (b *builder) beside(r *road, p *part) {
	for k := 0; k+1 < len(p.lanes); k++ {
		a, c := &p.lanes[k], &p.lanes[k+1] // a lies to the left of c as s grows
		if a.lane < 0 || c.lane < 0 {
			continue
		}
		la, lc := &b.lanes[a.lane], &b.lanes[c.lane]
		if la.Users&lc.Users == 0 {
			continue
		}
		if a.forward != c.forward {
			if c.forward { // each has the other on its left: traffic keeps right
				la.Opposite, lc.Opposite = lane.ID(c.lane), lane.ID(a.lane)
			}
			continue
		}
		outward, inward := r.mayCross(p, a, c)
		if a.id > 0 && c.id > 0 { // outward is to the left as s grows
			outward, inward = inward, outward
		}
		toRight, toLeft := outward, inward // as s grows: from a to c, and back
		if a.forward {
			la.RightOf, la.MayRight = lane.ID(c.lane), toRight
			lc.LeftOf, lc.MayLeft = lane.ID(a.lane), toLeft
		} else {
			la.LeftOf, la.MayLeft = lane.ID(c.lane), toRight
			lc.RightOf, lc.MayRight = lane.ID(a.lane), toLeft
		}
	}
}

// mayCross tells whether one may change between two neighbours, outward and inward, by the mark between them: that of
// the inner lane's outer side, or of the middle line. All the marks of the lane's length must allow it.
func (r *road) mayCross(p *part, a, c *strip) (outward, inward bool) {
	var marks []xMark
	switch {
	case a.id > 0 && c.id > 0:
		marks = c.source.Mark
	case a.id < 0 && c.id < 0:
		marks = a.source.Mark
	default:
		if centre := r.source.Lanes.Sections[p.section].Centre; len(centre) > 0 {
			marks = centre[0].Mark
		}
	}
	outward, inward = true, true
	for _, m := range marks {
		switch m.Change {
		case "both":
		case "increase": // to the lane of the greater number: inward on the right side, outward on the left one
			outward, inward = outward && a.id > 0, inward && a.id < 0
		case "decrease":
			outward, inward = outward && a.id < 0, inward && a.id > 0
		case "none":
			outward, inward = false, false
		default:
			switch strings.ToLower(strings.TrimSpace(m.Type)) {
			case "solid", "solid solid", "curb", "grass":
				outward, inward = false, false
			case "solid broken": // from the inside out
				outward = false
			case "broken solid":
				inward = false
			}
		}
	}
	return outward, inward
}

const vehicles = lane.Cars | lane.Buses | lane.Taxis | lane.Trucks | lane.Motorcycles | lane.Emergency

// kindOf gives what a lane is by its type (OpenDRIVE 1.8, section 11.7), the road's kind and its access records.
func kindOf(r *road, l *xLane, s float64) (lane.Kind, lane.Users) {
	kind, users := lane.Other, lane.Users(0)
	switch l.Type {
	case "driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "slipLane", "mwyEntry", "mwyExit",
		"bidirectional", "special1", "special2", "special3":
		kind, users = lane.Drive, vehicles|lane.Bicycles
		if k := r.kindAt(s); k != nil && (k.Type == "motorway" || k.Type == "townExpressway") {
			users &^= lane.Bicycles
		}
	case "HOV":
		kind, users = lane.Drive, vehicles
	case "bus":
		kind, users = lane.Drive, lane.Buses|lane.Taxis|lane.Emergency
	case "taxi":
		kind, users = lane.Drive, lane.Taxis|lane.Emergency
	case "shared":
		kind, users = lane.Drive, vehicles|lane.Bicycles|lane.People
	case "biking":
		kind, users = lane.Cycle, lane.Bicycles
	case "sidewalk", "walking":
		kind, users = lane.Walk, lane.People
	case "shoulder", "stop":
		kind, users = lane.Shoulder, lane.Emergency
	case "tram", "rail":
		kind, users = lane.Other, lane.Rails
	}
	return kind, restrict(users, l.Access)
}

// restrict lets access records (section 11.8.3) change who may use a lane: the first that allows stands for "only".
func restrict(users lane.Users, access []xAccess) lane.Users {
	only := lane.Users(0)
	for _, a := range access {
		set := namedUsers(a.Restriction)
		for _, t := range a.Listed {
			set |= namedUsers(t.Type)
		}
		switch a.Rule {
		case "allow":
			only |= set
		case "deny", "":
			users &^= set
		}
	}
	if only != 0 {
		return only
	}
	return users
}

func namedUsers(restriction string) lane.Users {
	switch restriction {
	case "simulator", "autonomousTraffic", "autonomous traffic", "none":
		return 0
	case "pedestrian":
		return lane.People
	case "passengerCar":
		return lane.Cars
	case "bus":
		return lane.Buses
	case "delivery", "trucks", "truck":
		return lane.Trucks
	case "emergency":
		return lane.Emergency
	case "taxi":
		return lane.Taxis
	case "throughTraffic":
		return 0
	case "bicycle":
		return lane.Bicycles
	case "motorcycle":
		return lane.Motorcycles
	case "rail", "tram":
		return lane.Rails
	}
	return 0
}

// turnOf says which way a lane turns, by its whole change of direction.
func turnOf(p geom.Path) lane.Turn {
	var turn float64
	points := p.Points()
	for i := 2; i < len(points); i++ {
		a, c := points[i-1].Minus(points[i-2]), points[i].Minus(points[i-1])
		turn += geom.Wrap(c.Angle() - a.Angle())
	}
	switch {
	case math.Abs(turn) > 2.6:
		return lane.Back
	case turn > 0.6:
		return lane.Left
	case turn < -0.6:
		return lane.Right
	}
	return lane.Straight
}

// join says that the side of one lane meets the side of another: one's exit is the other's entry.
func (b *builder) join(a *strip, aEnd bool, c *strip, cEnd bool) {
	if a.lane < 0 || c.lane < 0 {
		return
	}
	exitA, exitC := a.forward == aEnd, c.forward == cEnd
	switch {
	case exitA && !exitC:
	case exitC && !exitA:
		a, c = c, a
	default:
		b.net.note("lanes %s and %s meet head on", b.lanes[a.lane].Name, b.lanes[c.lane].Name)
		return
	}
	from, to := &b.lanes[a.lane], &b.lanes[c.lane]
	if slices.Contains(from.Next, lane.ID(c.lane)) {
		return
	}
	if len(from.Next) >= maxLanes || len(to.Prev) >= maxLanes {
		b.net.note("more than %d lanes meet at %s", maxLanes, from.Name)
		return
	}
	if gap := from.Centre.At(from.Centre.Length()).To(to.Centre.Points()[0]); gap > 2 {
		b.net.note("lanes %s and %s are linked but %.1f m apart", from.Name, to.Name, gap)
	}
	from.Next, to.Prev = append(from.Next, lane.ID(c.lane)), append(to.Prev, lane.ID(a.lane))
}
