package opendrive

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// road is one road as the format tells it, with its numbers checked.
type road struct {
	id       string
	index    int
	length   float64
	junction string // "" outside of junctions
	left     bool   // traffic keeps left
	plan     []piece
	offset   run
	parts    []part
	kinds    []xRoadType
	source   *xRoad
}

// part is a stretch of road with the same lanes and the same limits throughout: a lane section, or a piece of one.
type part struct {
	from, to float64
	section  int
	lanes    []strip // from left to right, as their numbers fall; number 0 is not among them
}

// strip is one lane of a part.
type strip struct {
	id      int
	width   run
	limit   float64
	source  *xLane
	forward bool    // driven as s grows
	lane    laneRef // its number in the map
}

type laneRef int32

// Bounds on what a file may hold, far above any road network.
const (
	maxParts = 200_000
	maxLanes = 64 // a part's
)

func newRoad(x *xRoad, index int) (*road, error) {
	r := &road{id: x.ID, index: index, source: x, kinds: x.Types, left: x.Rule == "LHT"}
	if x.ID == "" {
		return nil, errors.New("has no id")
	}
	if x.Junction != "-1" {
		r.junction = x.Junction
	}
	if x.Rule != "" && x.Rule != "RHT" && x.Rule != "LHT" {
		return nil, fmt.Errorf("rule=%q is neither RHT nor LHT", x.Rule)
	}
	var err error
	if r.plan, err = newPlan(x.Plan.Geometry); err != nil {
		return nil, err
	}
	if r.offset, err = newRun(x.Lanes.Offset, 0); err != nil {
		return nil, fmt.Errorf("laneOffset: %w", err)
	}
	last := &r.plan[len(r.plan)-1]
	r.length = last.s + last.length
	if x.Length.given && math.Abs(x.Length.v-r.length) > 0.01*r.length+0.1 {
		return nil, fmt.Errorf("length=%g, but its geometries are %g long", x.Length.v, r.length)
	}
	if len(x.Lanes.Sections) == 0 {
		return nil, errors.New("has no laneSection")
	}
	for i := range x.Lanes.Sections {
		if err := r.addSection(i); err != nil {
			return nil, fmt.Errorf("laneSection %d: %w", i, err)
		}
	}
	return r, nil
}

// addSection makes the parts of one lane section: it is cut where a limit changes.
func (r *road) addSection(i int) error {
	sections := r.source.Lanes.Sections
	sec := &sections[i]
	from, to := sec.S.v, r.length
	if i+1 < len(sections) {
		to = sections[i+1].S.v
	}
	switch {
	case i == 0 && from > 1e-3:
		return fmt.Errorf("the first begins at s=%g, not at 0", from)
	case from < 0 || to < from || from >= r.length+1e-6:
		return fmt.Errorf("it goes from s=%g to %g on a road %g long", from, to, r.length)
	case len(sec.Left)+len(sec.Right) > maxLanes:
		return fmt.Errorf("it has %d lanes; the most is %d", len(sec.Left)+len(sec.Right), maxLanes)
	}
	to = min(to, r.length)
	lanes, err := r.strips(sec, from)
	if err != nil {
		return err
	}
	cuts := []float64{from, to}
	for _, k := range r.kinds {
		if k.S.v > from+0.1 && k.S.v < to-0.1 {
			cuts = append(cuts, k.S.v)
		}
	}
	for k := range lanes {
		for _, v := range lanes[k].source.Speed {
			if s := from + v.Offset.v; s > from+0.1 && s < to-0.1 {
				cuts = append(cuts, s)
			}
		}
	}
	cuts = apart(cuts, 0.1)
	for k := 0; k+1 < len(cuts); k++ {
		p := part{from: cuts[k], to: cuts[k+1], section: i, lanes: slices.Clone(lanes)}
		for j := range p.lanes {
			if p.lanes[j].limit, err = r.limit(p.lanes[j].source, from, (p.from+p.to)/2); err != nil {
				return fmt.Errorf("lane %d: %w", p.lanes[j].id, err)
			}
		}
		r.parts = append(r.parts, p)
	}
	return nil
}

// apart sorts places and drops those that come less than least behind the one before; the first and last are kept.
func apart(places []float64, least float64) []float64 {
	slices.Sort(places)
	last := places[len(places)-1]
	kept := places[:1]
	for _, s := range places[1 : len(places)-1] {
		if s-kept[len(kept)-1] >= least && last-s >= least {
			kept = append(kept, s)
		}
	}
	return append(kept, last)
}

// strips gives the lanes of a section from left to right.
func (r *road) strips(sec *xSection, from float64) ([]strip, error) {
	var lanes []strip
	for side, list := range [][]xLane{sec.Left, sec.Right} {
		for k := range list {
			x := &list[k]
			id, err := strconv.Atoi(strings.TrimSpace(x.ID))
			if err != nil || id == 0 || (id > 0) != (side == 0) || id > 1000 || id < -1000 {
				return nil, fmt.Errorf("lane id=%q: left lanes are numbered from 1 up, right ones from -1 down", x.ID)
			}
			s := strip{id: id, source: x, forward: (id < 0) != r.left}
			if x.Direction == "reversed" {
				s.forward = !s.forward
			}
			if s.width, err = newRun(x.Width, from); err != nil {
				return nil, fmt.Errorf("lane %d: width: %w", id, err)
			}
			lanes = append(lanes, s)
		}
	}
	slices.SortFunc(lanes, func(a, b strip) int { return b.id - a.id })
	for k := range lanes {
		if k > 0 && lanes[k].id == lanes[k-1].id {
			return nil, fmt.Errorf("lane %d comes twice", lanes[k].id)
		}
	}
	return lanes, bordersToWidths(lanes, from)
}

// bordersToWidths gives the lanes that are told by their outer border, not by their width, a width.
func bordersToWidths(lanes []strip, from float64) error {
	for k := range lanes {
		l := &lanes[k]
		if len(l.source.Width) > 0 || len(l.source.Border) == 0 {
			continue
		}
		inner := k + 1
		if l.id < 0 {
			inner = k - 1
		}
		outer, err := newRun(l.source.Border, from)
		if err != nil {
			return fmt.Errorf("lane %d: border: %w", l.id, err)
		}
		var within run // the middle line's border is 0
		if inner >= 0 && inner < len(lanes) && (lanes[inner].id > 0) == (l.id > 0) {
			if within, err = newRun(lanes[inner].source.Border, from); err != nil {
				return fmt.Errorf("lane %d: border: %w", lanes[inner].id, err)
			}
		}
		l.width = difference(outer, within, float64(sign(l.id)))
	}
	return nil
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// difference gives k·(a-b), which begins anew wherever one of the two does.
func difference(a, b run, k float64) run {
	var starts []float64
	for _, t := range append(slices.Clone(a), b...) {
		starts = append(starts, t.s)
	}
	slices.Sort(starts)
	var r run
	for _, s := range slices.Compact(starts) {
		p, q := a.moved(s), b.moved(s)
		t := term{s: s}
		for i := range t.c {
			t.c[i] = k * (p[i] - q[i])
		}
		r = append(r, t)
	}
	return r
}

// moved gives the polynomial that holds at s, told from s on.
func (r run) moved(s float64) (c [4]float64) {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].s > s+1e-9 {
			continue
		}
		h, o := s-r[i].s, r[i].c
		return [4]float64{value(&o, h), growth(&o, h), o[2] + 3*o[3]*h, o[3]}
	}
	return c
}

// Limits where a file says none, m/s, by the kind of road.
var usual = map[string]float64{
	"motorway": 130 / 3.6, "rural": 100 / 3.6, "town": 50 / 3.6, "lowSpeed": 30 / 3.6, "pedestrian": 7 / 3.6,
	"bicycle": 25 / 3.6, "townExpressway": 70 / 3.6, "townCollector": 50 / 3.6, "townArterial": 50 / 3.6,
	"townPrivate": 30 / 3.6, "townLocal": 30 / 3.6, "townPlayStreet": 7 / 3.6,
}

// limit gives a lane's speed limit at s, m/s: its own, else the road's, else what is usual.
func (r *road) limit(l *xLane, from, s float64) (float64, error) {
	for i := len(l.Speed) - 1; i >= 0; i-- {
		if from+l.Speed[i].Offset.v <= s {
			if v, ok, err := l.Speed[i].value(); ok || err != nil {
				return v, err
			}
			break
		}
	}
	kind := r.kindAt(s)
	if kind == nil {
		return usual["town"], nil
	}
	if kind.Speed != nil {
		if v, ok, err := kind.Speed.value(); ok || err != nil {
			return v, err
		}
	}
	if v, ok := usual[kind.Type]; ok {
		return v, nil
	}
	return usual["town"], nil
}

func (r *road) kindAt(s float64) *xRoadType {
	for i := len(r.kinds) - 1; i >= 0; i-- {
		if r.kinds[i].S.v <= s {
			return &r.kinds[i]
		}
	}
	return nil
}

// noLimit stands for a road without one, m/s.
const noLimit = 250 / 3.6

func (v *xSpeed) value() (metresPerSecond float64, ok bool, err error) {
	switch v.Max {
	case "no limit":
		return noLimit, true, nil
	case "undefined", "":
		return 0, false, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(v.Max), 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 1000 {
		return 0, false, fmt.Errorf("speed max=%q is no speed", v.Max)
	}
	if n == 0 {
		return 0, false, nil // some tools write 0 for "none"
	}
	switch v.Unit {
	case "", "m/s":
		return n, true, nil
	case "km/h":
		return n / 3.6, true, nil
	case "mph":
		return n * 0.44704, true, nil
	}
	return 0, false, fmt.Errorf("speed unit=%q is none of m/s, km/h, mph", v.Unit)
}

// edges fills dst with the lateral places of the lanes' edges at s, metres to the left of the reference line, from the
// leftmost lane's left edge to the rightmost lane's right one: one more than the part has lanes, plus none for lane 0.
func (r *road) edges(dst []float64, p *part, s float64) []float64 {
	n := len(p.lanes)
	dst = slices.Grow(dst[:0], n+1)[:n+1]
	middle := 0 // the index of the line between left and right lanes
	for middle < n && p.lanes[middle].id > 0 {
		middle++
	}
	dst[middle] = r.offset.at(s)
	for k := middle - 1; k >= 0; k-- {
		dst[k] = dst[k+1] + max(0, p.lanes[k].width.at(s))
	}
	for k := middle; k < n; k++ {
		dst[k+1] = dst[k] - max(0, p.lanes[k].width.at(s))
	}
	return dst
}

// partAt gives the index of the part that holds s.
func (r *road) partAt(s float64) int {
	return min(sort.Search(len(r.parts), func(i int) bool { return s < r.parts[i].to }), len(r.parts)-1)
}

func (p *part) find(id int) int {
	for k := range p.lanes {
		if p.lanes[k].id == id {
			return k
		}
	}
	return -1
}
