package sumonet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// builder makes a map of a net.
type builder struct {
	net     *net
	lanes   []lane.Lane
	first   []int // of each edge in net.list, its first lane's index; -1 for walking areas
	names   map[string]lane.ID
	signals []lane.Signal
	lights  map[string]int32 // index in signals by name
	chains  map[lane.ID][]lane.ID
	walks   map[string]*area
	bridges []lane.ID // lanes that the net leaves out
}

// area is what meets at a walking area.
type area struct{ in, out []lane.ID }

func (n *net) build() (*lane.Map, error) {
	b := builder{
		net: n, names: make(map[string]lane.ID, n.lanes), lights: map[string]int32{},
		chains: map[lane.ID][]lane.ID{}, walks: map[string]*area{},
	}
	for i := range n.list {
		if err := b.edge(&n.list[i]); err != nil {
			return nil, fmt.Errorf("edge %q: %w", n.list[i].id, err)
		}
	}
	for i := range n.connections {
		c := &n.connections[i]
		if err := b.connect(c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name(), err)
		}
	}
	for _, w := range b.walks {
		for _, from := range w.in {
			for _, to := range w.out {
				if b.lanes[from].Users&b.lanes[to].Users&lane.People != 0 {
					b.join(from, to)
				}
			}
		}
	}
	b.sort()
	b.drawPoints()
	b.round()
	b.follow()
	for i := range n.junctions {
		b.conflicts(&n.junctions[i])
	}
	if len(b.bridges) > 0 {
		lane.Cross(b.lanes) // such a net's requests name no lanes
	}
	b.opposites()
	b.stopLines()
	m, err := lane.NewMap(b.lanes, b.signals)
	if err != nil {
		return nil, err
	}
	if p, err := geom.ParseProjection(n.projection); err == nil { // a net may well lie nowhere on earth
		m.OriginLat, m.OriginLon = p.Degrees(n.offset.Times(-1))
	}
	return m, nil
}

// edge makes the lanes of one edge.
func (b *builder) edge(e *edge) error {
	if e.function == "walkingarea" {
		b.walks[e.id] = &area{}
		b.first = append(b.first, -1)
		return nil
	}
	first := len(b.lanes)
	b.first = append(b.first, first)
	for i := range e.lanes {
		raw := &e.lanes[i]
		if _, twice := b.names[raw.id]; twice {
			return fmt.Errorf("lane %q: the id comes twice", raw.id)
		}
		users, err := usersOf(raw.allow, raw.disallow)
		if err != nil {
			return fmt.Errorf("lane %q: %w", raw.id, err)
		}
		l := lane.Lane{
			Name: raw.id, Limit: max(raw.speed, 0.1), Users: users, Kind: kindOf(e.function, users),
			LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
		}
		if e.function == "internal" || e.function == "crossing" {
			l.Junction = junctionOf(e.id)
		}
		// A shape of one point only, as some internal lanes have, is drawn once it is known where it leads.
		if l.Centre, err = geom.NewPath(raw.shape); err != nil && e.function != "internal" {
			return fmt.Errorf("lane %q: shape: %w", raw.id, err)
		}
		l.ToLeft = slices.Repeat([]float64{raw.width / 2}, len(l.Centre.Points()))
		l.ToRight = slices.Clone(l.ToLeft)
		b.names[raw.id] = lane.ID(len(b.lanes))
		b.lanes = append(b.lanes, l)
	}
	return b.beside(e, first)
}

// beside says of an edge's lanes which lies left of which; SUMO counts them from the kerb.
func (b *builder) beside(e *edge, first int) error {
	for i := 0; i+1 < len(e.lanes); i++ {
		right, left := lane.ID(first+i), lane.ID(first+i+1)
		toLeft, toRight := e.lanes[i].changeLeft, e.lanes[i+1].changeRight
		if b.net.leftHand {
			right, left = left, right
			toLeft, toRight = e.lanes[i+1].changeRight, e.lanes[i].changeLeft
		}
		r, l := &b.lanes[right], &b.lanes[left]
		r.LeftOf, l.RightOf = left, right
		if e.function == "internal" {
			continue // nobody changes lanes within a junction
		}
		up, err := usersOf(toLeft, "")
		if err != nil {
			return fmt.Errorf("lane %q: change: %w", r.Name, err)
		}
		down, err := usersOf(toRight, "")
		if err != nil {
			return fmt.Errorf("lane %q: change: %w", l.Name, err)
		}
		r.MayLeft = r.Users&l.Users&up != 0
		l.MayRight = r.Users&l.Users&down != 0
	}
	return nil
}

// find gives the lane of an edge by its index; ok is false for a walking area, which has none.
func (b *builder) find(id string, index int) (found lane.ID, ok bool, err error) {
	at, there := b.net.edges[id]
	switch {
	case !there:
		return 0, false, fmt.Errorf("there is no edge %q", id)
	case b.first[at] < 0:
		return 0, false, nil
	case index < 0 || index >= len(b.net.list[at].lanes):
		return 0, false, fmt.Errorf("edge %q has no lane %d", id, index)
	}
	return lane.ID(b.first[at] + index), true, nil
}

// connect joins the lanes of one connection, through its internal lane where it has one.
func (b *builder) connect(c *connection) error {
	from, fromLane, err := b.find(c.from, c.fromLane)
	if err != nil {
		return err
	}
	to, toLane, err := b.find(c.to, c.toLane)
	if err != nil {
		return err
	}
	switch {
	case fromLane && !toLane:
		b.walks[c.to].in = append(b.walks[c.to].in, from)
		return nil
	case !fromLane && toLane:
		b.walks[c.from].out = append(b.walks[c.from].out, to)
		return b.guard(c, lane.None, to)
	case !fromLane:
		return nil
	}
	next := to
	if c.via != "" {
		via, there := b.names[c.via]
		if !there {
			return fmt.Errorf("there is no lane %q to go through", c.via)
		}
		next = via
	} else if b.lanes[from].Junction == "" && b.lanes[to].Junction == "" {
		if next, err = b.bridge(c, from, to); err != nil {
			return err
		}
	}
	b.join(from, next)
	if inside := &b.lanes[next]; inside.Junction != "" && inside.Kind != lane.Crossing {
		inside.Users &= b.lanes[from].Users & b.lanes[to].Users // older nets restrict only the lanes outside
		inside.Turn = turnOf(c.dir)
		inside.MustStop = inside.MustStop || c.state == "s" || c.state == "w"
		allowed, err := usersOf(c.allow, c.disallow)
		if err != nil {
			return err
		}
		if c.allow != "" || c.disallow != "" {
			inside.Users &= allowed
		}
	} else if inner := &b.lanes[from]; inner.Junction != "" {
		inner.Turn = turnOf(c.dir)
		inner.Users &= b.lanes[to].Users
	}
	return b.guard(c, from, next)
}

// bridge gives the lane through a junction of a net that was built without internal lanes: one of our own, joined to
// the lane it leads to. Where the two lanes meet without a gap and without a light, none is needed, and it gives to.
func (b *builder) bridge(c *connection, from, to lane.ID) (lane.ID, error) {
	f, t := &b.lanes[from], &b.lanes[to]
	start, end := f.Centre.At(f.Centre.Length()), t.Centre.At(0).Vec
	if start.To(end) < leastBridge {
		if c.tl == "" {
			return to, nil
		}
		end = start.Ahead(leastBridge, 0)
	}
	l := lane.Lane{
		Name: fmt.Sprintf(":%s_%s_%s", b.net.list[b.net.edges[c.to]].from, f.Name, t.Name), Kind: lane.Junction,
		Users: f.Users & t.Users, Limit: min(f.Limit, t.Limit), Signal: -1, Junction: b.net.list[b.net.edges[c.to]].from,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None,
	}
	if _, twice := b.names[l.Name]; twice {
		return 0, errors.New("comes twice")
	}
	if len(b.lanes) >= maxLanes {
		return 0, fmt.Errorf("needs one more than the %d lanes that are read", maxLanes)
	}
	if l.Junction == "" {
		l.Junction = l.Name
	}
	var err error
	if l.Centre, err = geom.NewPath([]geom.Vec{start.Vec, end}); err != nil {
		return 0, err
	}
	l.ToLeft = []float64{f.ToLeft[len(f.ToLeft)-1], t.ToLeft[0]}
	l.ToRight = []float64{f.ToRight[len(f.ToRight)-1], t.ToRight[0]}
	id := lane.ID(len(b.lanes))
	b.names[l.Name] = id
	b.lanes = append(b.lanes, l)
	b.bridges = append(b.bridges, id)
	b.join(id, to)
	return id, nil
}

// leastBridge is the least gap between two lanes that takes a lane to cross, m.
const leastBridge = 0.3

// guard sets the light of a connection, if it has one, before the lane that it opens.
func (b *builder) guard(c *connection, from, next lane.ID) error {
	if c.tl == "" {
		return nil
	}
	if b.lanes[next].Junction == "" {
		return fmt.Errorf("is guarded by %q but leads through no junction", c.tl)
	}
	name := fmt.Sprintf("%s/%d", c.tl, c.linkIndex)
	at, there := b.lights[name]
	if !there {
		at = int32(len(b.signals))
		b.lights[name] = at
		b.signals = append(b.signals, lane.Signal{Name: name})
	}
	s := &b.signals[at]
	if !slices.Contains(s.Lanes, next) {
		s.Lanes = append(s.Lanes, next)
	}
	b.lanes[next].Signal = at
	if from != lane.None && len(s.Lanes) == 1 {
		s.At = b.lanes[from].Centre.At(b.lanes[from].Centre.Length())
	}
	return nil
}

func (b *builder) join(from, to lane.ID) {
	if f := &b.lanes[from]; !slices.Contains(f.Next, to) {
		f.Next = append(f.Next, to)
		b.lanes[to].Prev = append(b.lanes[to].Prev, from)
	}
}

// sort puts what was gathered through the walking areas, whose order is none, into that of the lanes.
func (b *builder) sort() {
	for i := range b.lanes {
		slices.Sort(b.lanes[i].Next)
		slices.Sort(b.lanes[i].Prev)
	}
}

// drawPoints gives internal lanes that are a mere point a length of 0.1 m in the direction they are entered.
func (b *builder) drawPoints() {
	for _, e := range b.net.list {
		for i := range e.lanes {
			l := &b.lanes[b.names[e.lanes[i].id]]
			if e.function != "internal" || len(l.Centre.Points()) > 0 {
				continue
			}
			var heading float64
			if len(l.Prev) > 0 {
				if p := b.lanes[l.Prev[0]].Centre; len(p.Points()) > 0 {
					heading = p.At(p.Length()).Heading
				}
			}
			start := e.lanes[i].shape[0]
			l.Centre, _ = geom.NewPath([]geom.Vec{start, start.Plus(geom.Towards(heading).Times(0.1))})
			l.ToLeft = slices.Repeat([]float64{e.lanes[i].width / 2}, 2)
			l.ToRight = slices.Clone(l.ToLeft)
		}
	}
}

// round replaces the few points that internal lanes have by a curve through them, which begins and ends in the direction
// of the lanes outside.
func (b *builder) round() {
	for i := range b.lanes {
		l := &b.lanes[i]
		if l.Kind != lane.Junction || len(l.Prev) == 0 || len(l.Next) == 0 || len(l.Centre.Points()) > 40 {
			continue
		}
		before, after := b.lanes[l.Prev[0]].Centre, b.lanes[l.Next[0]].Centre
		curve, err := geom.NewPath(geom.Round(l.Centre.Points(), before.At(before.Length()).Heading, after.At(0).Heading, roundStep))
		if err != nil {
			continue
		}
		wide := make([][2]float64, len(curve.Points()))
		for k, s := range curve.Along() {
			wide[k][0], wide[k][1] = l.Widths(s / curve.Length() * l.Centre.Length())
		}
		l.Centre, l.ToLeft, l.ToRight = curve, make([]float64, len(wide)), make([]float64, len(wide))
		for k, w := range wide {
			l.ToLeft[k], l.ToRight[k] = w[0], w[1]
		}
	}
}

// roundStep is how far apart the points of a rounded lane are, m.
const roundStep = 0.75

// stopLines places the lights of crossings, which no lane leads to directly, where the crossing begins.
func (b *builder) stopLines() {
	for i := range b.signals {
		if s := &b.signals[i]; s.At == (geom.Pose{}) {
			s.At = b.lanes[s.Lanes[0]].Centre.At(0)
		}
	}
}

// opposites finds the oncoming lane on the left of every edge's leftmost lane: that of an edge between the same
// junctions the other way round, where the two run side by side. Where traffic keeps left there are none: there,
// whoever comes towards one is on the right.
func (b *builder) opposites() {
	if b.net.leftHand {
		return
	}
	between := map[[2]string][]int{}
	for i, e := range b.net.list {
		if e.from != "" && e.to != "" {
			between[[2]string{e.from, e.to}] = append(between[[2]string{e.from, e.to}], i)
		}
	}
	inner := func(at int) lane.ID {
		if lanes := len(b.net.list[at].lanes); lanes > 0 && b.first[at] >= 0 {
			return lane.ID(b.first[at] + lanes - 1)
		}
		return lane.None
	}
	for ends, edges := range between {
		for _, at := range edges {
			for _, back := range between[[2]string{ends[1], ends[0]}] {
				mine, other := inner(at), inner(back)
				if mine != lane.None && other != lane.None && abreast(&b.lanes[mine], &b.lanes[other]) {
					b.lanes[mine].Opposite = other
				}
			}
		}
	}
}

// abreast tells whether b is the oncoming neighbour on a's left, by a's middle.
func abreast(a, b *lane.Lane) bool {
	at := a.Centre.At(a.Centre.Length() / 2)
	s, d := b.Centre.Project(at.Vec)
	left, _ := a.Widths(a.Centre.Length() / 2)
	other, _ := b.Widths(s)
	facing := math.Abs(geom.Wrap(b.Centre.At(s).Heading - at.Heading))
	return a.Kind == lane.Drive && b.Kind == lane.Drive && d > 0 && d < left+other+1 && facing > 3*math.Pi/4
}

// junctionOf gives the junction of an internal edge or crossing, ":junction_3" or ":junction_c1".
func junctionOf(id string) string {
	id = strings.TrimPrefix(id, ":")
	if cut := strings.LastIndexByte(id, '_'); cut >= 0 {
		return id[:cut]
	}
	return id
}

func turnOf(dir string) lane.Turn {
	switch dir {
	case "l", "L":
		return lane.Left
	case "r", "R":
		return lane.Right
	case "t", "T":
		return lane.Back
	}
	return lane.Straight
}
