package commonroad

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// noLimit is the limit of a lanelet that has none, m/s.
const noLimit = 130 / 3.6

type builder struct {
	file  *xScenario
	out   *Scenario
	byID  map[int64]lane.ID
	lanes []lane.Lane
	minor map[lane.ID]bool // lanes whose users a sign makes give way
}

// network makes the lane map.
func (b *builder) network() error {
	for i := range b.file.Lanelets {
		if err := b.addLanelet(&b.file.Lanelets[i]); err != nil {
			return fmt.Errorf("lanelet %d: %w", b.file.Lanelets[i].ID, err)
		}
	}
	for i := range b.file.Lanelets {
		if err := b.link(lane.ID(i)); err != nil {
			return fmt.Errorf("lanelet %d: %w", b.file.Lanelets[i].ID, err)
		}
	}
	if err := b.crossings(); err != nil {
		return err
	}
	signals, err := b.signals()
	if err != nil {
		return err
	}
	b.signs()
	lane.Cross(b.lanes)
	for i := range b.lanes {
		for k := range b.lanes[i].Conflicts {
			c := &b.lanes[i].Conflicts[k]
			if mine, theirs := b.minor[lane.ID(i)], b.minor[c.With]; mine != theirs {
				c.Yield = mine
			}
		}
	}
	b.out.Map, err = lane.NewMap(b.lanes, signals)
	return err
}

func (b *builder) addLanelet(x *xLanelet) error {
	if _, twice := b.byID[x.ID]; twice {
		return fmt.Errorf("the id comes twice")
	}
	left, err := vecs(x.Left.Points)
	if err != nil {
		return fmt.Errorf("leftBound: %w", err)
	}
	right, err := vecs(x.Right.Points)
	if err != nil {
		return fmt.Errorf("rightBound: %w", err)
	}
	if len(left) != len(right) || len(left) < 2 {
		return fmt.Errorf("its bounds have %d and %d points; both need the same number, two at least", len(left), len(right))
	}
	l := lane.Lane{
		Name: strconv.FormatInt(x.ID, 10), Limit: noLimit, Signal: -1,
		LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None,
	}
	var middle []geom.Vec
	for i := range left {
		v := geom.Between(left[i], right[i], 0.5)
		if n := len(middle); n > 0 && middle[n-1].To(v) < 1e-3 {
			continue
		}
		half := left[i].To(right[i]) / 2
		middle = append(middle, v)
		l.ToLeft, l.ToRight = append(l.ToLeft, half), append(l.ToRight, half)
	}
	if l.Centre, err = geom.NewPath(middle); err != nil {
		return err
	}
	if x.Limit != nil && *x.Limit > 0 {
		l.Limit = float64(*x.Limit)
	}
	l.Kind, l.Users = kindOf(x)
	id := lane.ID(len(b.lanes))
	b.byID[x.ID] = id
	b.lanes = append(b.lanes, l)
	b.out.Lanelets = append(b.out.Lanelets, Lanelet{
		ID: x.ID, Left: left, Right: right, LeftOf: lane.None, RightOf: lane.None,
	})
	return nil
}

const vehicles = lane.Cars | lane.Buses | lane.Taxis | lane.Trucks | lane.Motorcycles | lane.Emergency

func kindOf(x *xLanelet) (lane.Kind, lane.Users) {
	kind, users := lane.Drive, vehicles|lane.Bicycles
	for _, t := range x.Types {
		switch t {
		case "sidewalk":
			kind, users = lane.Walk, lane.People
		case "crosswalk":
			kind, users = lane.Crossing, lane.People
		case "bicycleLane":
			kind, users = lane.Cycle, lane.Bicycles
		case "busLane":
			users = lane.Buses | lane.Taxis | lane.Emergency
		case "intersection":
			kind = lane.Junction
		case "highway", "interstate", "mainCarriageWay", "accessRamp", "exitRamp":
			users &^= lane.Bicycles
		case "busStop", "parking", "border", "restricted":
			kind, users = lane.Other, 0
		case "shoulder":
			kind, users = lane.Shoulder, lane.Emergency
		}
	}
	if named := append(slices.Clone(x.OneWay), x.Both...); len(named) > 0 {
		users = 0
		for _, u := range named {
			users |= user[u]
		}
	}
	return kind, users
}

var user = map[string]lane.Users{
	"vehicle": vehicles, "car": lane.Cars, "truck": lane.Trucks, "bus": lane.Buses, "priorityVehicle": lane.Emergency,
	"motorcycle": lane.Motorcycles, "bicycle": lane.Bicycles, "pedestrian": lane.People, "train": lane.Rails,
	"taxi": lane.Taxis,
}

// link joins a lanelet with those before, after and beside it.
func (b *builder) link(id lane.ID) error {
	x, l, y := &b.file.Lanelets[id], &b.lanes[id], &b.out.Lanelets[id]
	find := func(what string, ref int64) (lane.ID, error) {
		other, there := b.byID[ref]
		if !there {
			return lane.None, fmt.Errorf("its %s is lanelet %d, which isn't there", what, ref)
		}
		return other, nil
	}
	for _, r := range x.After {
		other, err := find("successor", r.Ref)
		if err != nil {
			return err
		}
		b.follow(id, other)
	}
	for _, r := range x.Before {
		other, err := find("predecessor", r.Ref)
		if err != nil {
			return err
		}
		b.follow(other, id)
	}
	if r := x.LeftOf; r != nil {
		other, err := find("left neighbour", r.Ref)
		if err != nil {
			return err
		}
		y.LeftOf, y.LeftTurned = other, r.Dir != "same"
		if r.Dir == "same" {
			l.LeftOf, l.MayLeft = other, mayCross(x.Left.Mark)
		} else if other != id {
			l.Opposite = other
		}
	}
	if r := x.Beside; r != nil {
		other, err := find("right neighbour", r.Ref)
		if err != nil {
			return err
		}
		y.RightOf, y.RightTurned = other, r.Dir != "same"
		if r.Dir == "same" {
			l.RightOf, l.MayRight = other, mayCross(x.Right.Mark)
		}
	}
	return nil
}

func (b *builder) follow(from, to lane.ID) {
	if n := b.lanes[from].Next; !slices.Contains(n, to) && len(n) < 64 && len(b.lanes[to].Prev) < 64 {
		b.lanes[from].Next = append(n, to)
		b.lanes[to].Prev = append(b.lanes[to].Prev, from)
	}
}

// mayCross tells whether one may change lanes over a bound of that marking.
func mayCross(mark string) bool {
	return mark != "solid" && mark != "broad_solid" && mark != "solid_solid" && mark != "curb"
}

// crossings says which lanelets lie in an intersection (2020a), and where they turn to.
func (b *builder) crossings() error {
	for i := range b.file.Crossings {
		c := &b.file.Crossings[i]
		for k := range c.Incoming {
			for turn, refs := range map[lane.Turn][]xRef{
				lane.Right: c.Incoming[k].Right, lane.Straight: c.Incoming[k].Straight, lane.Left: c.Incoming[k].Left,
			} {
				for _, r := range refs {
					id, there := b.byID[r.Ref]
					if !there {
						return fmt.Errorf("intersection %d: lanelet %d isn't there", c.ID, r.Ref)
					}
					l := &b.lanes[id]
					l.Junction, l.Turn = strconv.FormatInt(c.ID, 10), turn
					if l.Kind == lane.Drive {
						l.Kind = lane.Junction
					}
				}
			}
		}
	}
	return nil
}

// signals makes signals of the lights: a lanelet that refers to a light ends at its stop line, so it guards those after.
func (b *builder) signals() ([]lane.Signal, error) {
	lights := make(map[int64]*xLight, len(b.file.Lights))
	index := make(map[int64]int32)
	var signals []lane.Signal
	for i := range b.file.Lights {
		lights[b.file.Lights[i].ID] = &b.file.Lights[i]
	}
	for i := range b.file.Lanelets {
		for _, r := range b.file.Lanelets[i].Lights {
			x := lights[r.Ref]
			if x == nil {
				return nil, fmt.Errorf("lanelet %d: its light %d isn't there", b.file.Lanelets[i].ID, r.Ref)
			}
			at, made := index[r.Ref]
			if !made {
				at = int32(len(signals))
				index[r.Ref] = at
				path := b.lanes[i].Centre
				signals = append(signals, lane.Signal{Name: strconv.FormatInt(r.Ref, 10), At: path.At(path.Length())})
				l := Light{Offset: x.Cycle.Offset}
				for _, e := range x.Cycle.Elements {
					if e.Steps < 0 || e.Steps > maxSteps {
						return nil, fmt.Errorf("light %d: a phase of %d steps", r.Ref, e.Steps)
					}
					l.Phases = append(l.Phases, Phase{e.Steps, e.Colour})
				}
				b.out.Lights = append(b.out.Lights, l)
			}
			for _, next := range b.lanes[i].Next {
				if l := &b.lanes[next]; l.Signal < 0 && lightFor(x.Direction, l.Turn) {
					l.Signal = at
					signals[at].Lanes = append(signals[at].Lanes, next)
				}
			}
		}
	}
	return signals, nil
}

func lightFor(direction string, turn lane.Turn) bool {
	switch direction {
	case "left":
		return turn == lane.Left
	case "right":
		return turn == lane.Right
	case "straight":
		return turn == lane.Straight
	case "leftStraight":
		return turn != lane.Right
	case "straightRight":
		return turn != lane.Left
	case "leftRight":
		return turn != lane.Straight
	}
	return true
}

// signs reads limits, stop and give-way signs (2020a); their ids are those of Germany (and of the library's own country)
// or the United States.
func (b *builder) signs() {
	signs := make(map[int64]*xSign, len(b.file.Signs))
	for i := range b.file.Signs {
		signs[b.file.Signs[i].ID] = &b.file.Signs[i]
	}
	b.minor = make(map[lane.ID]bool)
	for i := range b.file.Lanelets {
		for _, r := range b.file.Lanelets[i].Signs {
			s := signs[r.Ref]
			if s == nil {
				continue
			}
			for _, e := range s.Elements {
				switch e.ID {
				case "274", "R2-1":
					var v num
					if len(e.Values) > 0 && v.UnmarshalText([]byte(e.Values[0])) == nil && v > 0 {
						b.lanes[i].Limit = math.Min(float64(v), noLimit)
					}
				case "206", "R1-1", "205", "R1-2":
					for _, next := range b.lanes[i].Next {
						b.minor[next] = true
						if e.ID == "206" || e.ID == "R1-1" {
							b.lanes[next].MustStop = true
						}
					}
				}
			}
		}
	}
}
