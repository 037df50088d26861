package lanelet2

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// bound is one side of a lanelet, in its direction.
type bound struct {
	way         int64
	first, last int64 // nodes
	points      []geom.Vec
}

type lanelet struct {
	x           *xRelation
	left, right bound
}

type builder struct {
	*file
	lanelets []lanelet
	lanes    []lane.Lane
	byID     map[int64]lane.ID
	minor    map[lane.ID]map[lane.ID]bool // who gives way to whom, by a regulatory element
}

// Read reads a network. Lanes are named by their relations' ids. It fails, naming the element, where the text is not
// well-formed, a number is none, something refers to what isn't there, or there is more than any public map has tenfold.
func Read(r io.Reader) (*lane.Map, error) {
	f, err := parse(r)
	if err != nil {
		return nil, fmt.Errorf("lanelet2: %w", err)
	}
	b := &builder{file: f, byID: map[int64]lane.ID{}, minor: map[lane.ID]map[lane.ID]bool{}}
	m, err := b.build()
	if err != nil {
		return nil, fmt.Errorf("lanelet2: %w", err)
	}
	return m, nil
}

func (b *builder) build() (*lane.Map, error) {
	for _, x := range b.relations {
		if tag(x.Tags, "type") != "lanelet" {
			continue
		}
		if err := b.addLanelet(x); err != nil {
			return nil, fmt.Errorf("lanelet %d: %w", x.ID, err)
		}
	}
	if len(b.lanelets) == 0 {
		return nil, fmt.Errorf("the map has no lanelet")
	}
	b.join()
	signals, err := b.rules()
	if err != nil {
		return nil, err
	}
	lane.Cross(b.lanes)
	for i := range b.lanes {
		for k := range b.lanes[i].Conflicts {
			c := &b.lanes[i].Conflicts[k]
			switch {
			case b.minor[lane.ID(i)][c.With]:
				c.Yield = true
			case b.minor[c.With][lane.ID(i)]:
				c.Yield = false
			}
		}
	}
	m, err := lane.NewMap(b.lanes, signals)
	if err == nil {
		m.OriginLat, m.OriginLon = b.lat, b.lon
	}
	return m, err
}

func (b *builder) addLanelet(x *xRelation) error {
	if _, twice := b.byID[x.ID]; twice {
		return fmt.Errorf("the id comes twice")
	}
	if len(b.lanelets) >= maxLanelets {
		return fmt.Errorf("the map has more than %d lanelets", maxLanelets)
	}
	l := lanelet{x: x}
	var err error
	if l.left, err = b.side(x, "left"); err != nil {
		return err
	}
	if l.right, err = b.side(x, "right"); err != nil {
		return err
	}
	orient(&l)
	out, err := laneOf(&l)
	if err != nil {
		return err
	}
	b.byID[x.ID] = lane.ID(len(b.lanes))
	b.lanes, b.lanelets = append(b.lanes, out), append(b.lanelets, l)
	return nil
}

// side gives a bound of a lanelet as its way draws it.
func (b *builder) side(x *xRelation, role string) (bound, error) {
	for _, m := range x.Members {
		if m.Role != role || m.Type != "way" {
			continue
		}
		w := b.ways[m.Ref]
		if w == nil {
			return bound{}, fmt.Errorf("its %s bound is way %d, which isn't there", role, m.Ref)
		}
		if len(w.Nodes) < 2 {
			return bound{}, fmt.Errorf("its %s bound, way %d, has no two points", role, m.Ref)
		}
		out := bound{way: w.ID, first: w.Nodes[0].Ref, last: w.Nodes[len(w.Nodes)-1].Ref}
		for _, n := range w.Nodes {
			v, there := b.nodes[n.Ref]
			if !there {
				return bound{}, fmt.Errorf("way %d goes through node %d, which isn't there", w.ID, n.Ref)
			}
			out.points = append(out.points, v)
		}
		return out, nil
	}
	return bound{}, fmt.Errorf("it has no %s bound", role)
}

func (d *bound) turn() {
	d.first, d.last = d.last, d.first
	d.points = slices.Clone(d.points)
	slices.Reverse(d.points)
}

// orient turns the bounds so that both run the lanelet's way, the left one on the left (Lanelet2 aligns them likewise:
// a way may be drawn either way round).
func orient(l *lanelet) {
	a, c := l.left.points, l.right.points
	same := a[0].To(c[0]) + a[len(a)-1].To(c[len(c)-1])
	if cross := a[0].To(c[len(c)-1]) + a[len(a)-1].To(c[0]); cross < same {
		l.right.turn()
	}
	// Seen along the middle, the left bound must lie on the left: sum the areas on that side.
	c = l.right.points
	area, p := 0.0, slices.Clone(c)
	for i := len(a) - 1; i >= 0; i-- {
		p = append(p, a[i])
	}
	for i := range p {
		area += p[i].Cross(p[(i+1)%len(p)])
	}
	if area < 0 {
		l.left.turn()
		l.right.turn()
	}
}

// laneOf draws the middle between the bounds: as many places on both, at equal shares of their lengths.
func laneOf(l *lanelet) (lane.Lane, error) {
	left, err := geom.NewPath(l.left.points)
	if err != nil {
		return lane.Lane{}, fmt.Errorf("left bound: %w", err)
	}
	right, err := geom.NewPath(l.right.points)
	if err != nil {
		return lane.Lane{}, fmt.Errorf("right bound: %w", err)
	}
	var shares []float64
	for _, p := range []geom.Path{left, right} {
		for _, s := range p.Along() {
			shares = append(shares, s/p.Length())
		}
	}
	slices.Sort(shares)
	out := lane.Lane{
		Name: strconv.FormatInt(l.x.ID, 10), Signal: -1, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None,
	}
	var middle []geom.Vec
	for _, s := range shares {
		a, c := left.At(s*left.Length()).Vec, right.At(s*right.Length()).Vec
		v := geom.Between(a, c, 0.5)
		if n := len(middle); n > 0 && middle[n-1].To(v) < 2e-3 {
			continue
		}
		middle = append(middle, v)
		half := a.To(c) / 2
		out.ToLeft, out.ToRight = append(out.ToLeft, half), append(out.ToRight, half)
	}
	if out.Centre, err = geom.NewPath(middle); err != nil {
		return out, err
	}
	out.Kind, out.Users, out.Limit = kindOf(l.x)
	switch tag(l.x.Tags, "turn_direction") {
	case "left":
		out.Kind, out.Turn = lane.Junction, lane.Left
	case "right":
		out.Kind, out.Turn = lane.Junction, lane.Right
	case "straight":
		out.Kind = lane.Junction
	}
	return out, nil
}

const vehicles = lane.Cars | lane.Buses | lane.Taxis | lane.Trucks | lane.Motorcycles | lane.Emergency

// kindOf gives what a lanelet is, who may use it and how fast, by its tags and else by its subtype.
func kindOf(x *xRelation) (lane.Kind, lane.Users, float64) {
	kind, users, limit := lane.Other, lane.Users(0), 50/3.6
	switch tag(x.Tags, "subtype") {
	case "road", "":
		kind, users = lane.Drive, vehicles|lane.Bicycles
		if tag(x.Tags, "location") == "nonurban" {
			limit = 100 / 3.6
		}
	case "highway":
		kind, users, limit = lane.Drive, vehicles, 130/3.6
	case "play_street":
		kind, users, limit = lane.Drive, vehicles|lane.Bicycles|lane.People, 7/3.6
	case "emergency_lane":
		kind, users = lane.Shoulder, lane.Emergency
	case "bus_lane":
		kind, users = lane.Drive, lane.Buses|lane.Taxis|lane.Emergency
	case "bicycle_lane":
		kind, users, limit = lane.Cycle, lane.Bicycles, 25/3.6
	case "walkway", "stairs", "exit":
		kind, users, limit = lane.Walk, lane.People, 7/3.6
	case "shared_walkway":
		kind, users, limit = lane.Walk, lane.People|lane.Bicycles, 7/3.6
	case "crosswalk":
		kind, users, limit = lane.Crossing, lane.People, 7/3.6
	case "rail":
		users = lane.Rails
	}
	for key, set := range map[string]lane.Users{
		"participant:vehicle": vehicles, "participant:vehicle:car": lane.Cars, "participant:vehicle:bus": lane.Buses,
		"participant:vehicle:truck": lane.Trucks, "participant:vehicle:taxi": lane.Taxis,
		"participant:vehicle:emergency": lane.Emergency, "participant:vehicle:motorcycle": lane.Motorcycles,
		"participant:bicycle": lane.Bicycles, "participant:pedestrian": lane.People,
	} {
		switch tag(x.Tags, key) {
		case "yes":
			users |= set
		case "no":
			users &^= set
		}
	}
	if v, ok := speed(tag(x.Tags, "speed_limit")); ok {
		limit = v
	}
	return kind, users, limit
}

// mayCross tells whether a bound may be crossed, from the inside of the lane it bounds on the given side.
func (b *builder) mayCross(way int64, left bool) bool {
	tags := b.ways[way].Tags
	switch tag(tags, "lane_change") {
	case "yes":
		return true
	case "no":
		return false
	}
	name := "lane_change:right"
	if left {
		name = "lane_change:left"
	}
	switch tag(tags, name) {
	case "yes":
		return true
	case "no":
		return false
	}
	kind, sub := tag(tags, "type"), tag(tags, "subtype")
	if kind != "line_thin" && kind != "line_thick" {
		return kind == "virtual"
	}
	switch {
	case sub == "dashed":
		return true
	case sub == "dashed_solid": // from left to right: dashed first
		return !left
	case sub == "solid_dashed":
		return left
	}
	return false
}

// join finds what follows what, and what lies beside what.
func (b *builder) join() {
	type ends struct{ left, right int64 }
	starts := map[ends][]lane.ID{}
	byLeft, byRight := map[int64][]lane.ID{}, map[int64][]lane.ID{}
	for i := range b.lanelets {
		l, id := &b.lanelets[i], lane.ID(i)
		starts[ends{l.left.first, l.right.first}] = append(starts[ends{l.left.first, l.right.first}], id)
		byLeft[l.left.way] = append(byLeft[l.left.way], id)
		byRight[l.right.way] = append(byRight[l.right.way], id)
	}
	for i := range b.lanelets {
		l, id := &b.lanelets[i], lane.ID(i)
		for _, next := range starts[ends{l.left.last, l.right.last}] {
			if to := &b.lanes[next]; next != id && to.Users&b.lanes[i].Users != 0 && len(b.lanes[i].Next) < 64 && len(to.Prev) < 64 {
				b.lanes[i].Next = append(b.lanes[i].Next, next)
				to.Prev = append(to.Prev, id)
			}
		}
		for _, beside := range byRight[l.left.way] { // its right bound is our left one: it runs our way
			if beside != id && b.lanes[beside].Users&b.lanes[i].Users != 0 && b.lanelets[beside].right.first == l.left.first {
				b.lanes[i].LeftOf, b.lanes[i].MayLeft = beside, b.mayCross(l.left.way, true)
				b.lanes[beside].RightOf, b.lanes[beside].MayRight = id, b.mayCross(l.left.way, false)
			}
		}
		for _, beside := range byLeft[l.left.way] { // we share our left bounds: it comes towards us
			if beside != id && b.lanes[beside].Users&vehicles != 0 && b.lanelets[beside].left.first != l.left.first {
				b.lanes[i].Opposite = beside
			}
		}
	}
}

// rules reads the regulatory elements: traffic lights, rights of way, speed limits and stop signs.
func (b *builder) rules() ([]lane.Signal, error) {
	users := map[int64][]lane.ID{} // of each regulatory element
	for i := range b.lanelets {
		for _, m := range b.lanelets[i].x.Members {
			if m.Role == "regulatory_element" {
				users[m.Ref] = append(users[m.Ref], lane.ID(i))
			}
		}
	}
	var signals []lane.Signal
	for _, x := range b.relations {
		if tag(x.Tags, "type") != "regulatory_element" {
			continue
		}
		switch tag(x.Tags, "subtype") {
		case "traffic_light":
			signals = b.light(x, users[x.ID], signals)
		case "right_of_way":
			if err := b.rightOfWay(x); err != nil {
				return nil, fmt.Errorf("regulatory element %d: %w", x.ID, err)
			}
		case "speed_limit":
			for _, m := range x.Members {
				if v, ok := speed(strings.TrimPrefix(tag(x.Tags, "sign_type"), "de274-")); ok && m.Role == "refers" {
					for _, id := range users[x.ID] {
						b.lanes[id].Limit = v
					}
				}
			}
		}
	}
	return signals, nil
}

// light makes a signal for the lanelets that refer to it. One before the junction guards those that follow it, one in
// the junction itself.
func (b *builder) light(x *xRelation, lanes []lane.ID, signals []lane.Signal) []lane.Signal {
	s := lane.Signal{Name: strconv.FormatInt(x.ID, 10)}
	add := func(id lane.ID) {
		if l := &b.lanes[id]; l.Signal < 0 {
			l.Signal = int32(len(signals))
			s.Lanes = append(s.Lanes, id)
			s.At = l.Centre.At(0)
		}
	}
	for _, id := range lanes {
		if b.lanes[id].Kind == lane.Junction || len(b.lanes[id].Next) == 0 {
			add(id)
			continue
		}
		for _, next := range b.lanes[id].Next {
			add(next)
		}
	}
	if len(s.Lanes) == 0 {
		return signals
	}
	return append(signals, s)
}

func (b *builder) rightOfWay(x *xRelation) error {
	var first, second []lane.ID
	stop := false
	for _, m := range x.Members {
		switch m.Role {
		case "right_of_way", "yield":
			id, there := b.byID[m.Ref]
			if !there {
				return fmt.Errorf("its lanelet %d isn't there", m.Ref)
			}
			if m.Role == "yield" {
				second = append(second, id)
			} else {
				first = append(first, id)
			}
		case "refers":
			if sign := b.ways[m.Ref]; sign != nil && tag(sign.Tags, "type") == "traffic_sign" {
				kind := tag(sign.Tags, "subtype")
				stop = stop || kind == "de206" || kind == "usR1-1"
			}
		}
	}
	if len(first)*len(second) > maxRefs {
		return fmt.Errorf("%d lanelets before %d others are more than a junction has", len(first), len(second))
	}
	for _, id := range second {
		if b.minor[id] == nil {
			b.minor[id] = map[lane.ID]bool{}
		}
		for _, other := range first {
			b.minor[id][other] = true
		}
		b.lanes[id].MustStop = b.lanes[id].MustStop || stop
	}
	return nil
}
