package opendrive

import (
	"fmt"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// addSignals makes lights of the dynamic signals and reads stop and give-way signs. A light on a road guards the ways
// that its lanes lead to; one on a way through a junction guards that way itself.
func (b *builder) addSignals() {
	b.minor, b.told = make(map[lane.ID]bool), make(map[string]*xSignal)
	for _, r := range b.net.roads {
		for i := range r.source.Signals.Signal {
			x := &r.source.Signals.Signal[i]
			b.told[x.ID] = x
		}
	}
	type light struct {
		guards []lane.ID
		name   string
		arrow  bool
	}
	var lights []light
	names := map[string]bool{}
	for _, r := range b.net.roads {
		declared := r.source.Signals.Signal
		for i, list := range [][]xSignal{declared, r.source.Signals.Reference} {
			for k := range list {
				x := &list[k]
				if i == 1 { // a reference takes what it is from the signal itself
					x = b.referred(x)
				}
				if x == nil {
					continue
				}
				guards := b.guarded(r, x)
				switch {
				case x.Dynamic == "yes" && len(guards) > 0:
					name := x.ID
					if names[name] {
						name = fmt.Sprintf("%s/%s.%d.%d", x.ID, r.id, i, k)
					}
					names[name] = true
					lights = append(lights, light{guards, name, turns(x) != 0})
				case x.Type == "206" || x.Type == "R1-1":
					for _, id := range guards {
						b.lanes[id].MustStop, b.minor[id] = true, true
					}
				case x.Type == "205" || x.Type == "R1-2":
					for _, id := range guards {
						b.minor[id] = true
					}
				}
			}
		}
	}
	for _, arrows := range []bool{true, false} { // an arrow knows better than a round light
		for _, l := range lights {
			if l.arrow == arrows {
				b.addLight(l.name, l.guards)
			}
		}
	}
}

func (b *builder) addLight(name string, guards []lane.ID) {
	index := int32(len(b.signals))
	var mine []lane.ID
	for _, id := range guards {
		if b.lanes[id].Signal < 0 {
			b.lanes[id].Signal = index
			mine = append(mine, id)
		}
	}
	if len(mine) > 0 {
		at := b.lanes[mine[0]].Centre.At(0)
		b.signals = append(b.signals, lane.Signal{Name: name, At: geom.Pose{Vec: at.Vec, Heading: at.Heading}, Lanes: mine})
	}
}

// referred gives the signal that a reference names, placed as the reference says.
func (b *builder) referred(ref *xSignal) *xSignal {
	if told := b.told[ref.ID]; told != nil {
		s := *told
		s.S, s.T, s.Orientation, s.Validity = ref.S, ref.T, ref.Orientation, ref.Validity
		return &s
	}
	b.net.note("signal %q is referred to but nowhere told", ref.ID)
	return nil
}

// The turns of lights with arrows, as a set of lane.Turn.
func turns(x *xSignal) uint8 {
	if x.Type != "1000011" { // OpenDRIVE's own catalogue: three lights with arrows
		return 0
	}
	switch x.Subtype {
	case "10":
		return 1<<lane.Left | 1<<lane.Back
	case "20":
		return 1 << lane.Right
	case "30":
		return 1 << lane.Straight
	case "40":
		return 1<<lane.Straight | 1<<lane.Left
	case "50":
		return 1<<lane.Straight | 1<<lane.Right
	}
	return 0
}

// guarded gives the lanes that may be entered only as the signal allows.
func (b *builder) guarded(r *road, x *xSignal) []lane.ID {
	p := &r.parts[r.partAt(x.S.v)]
	var valid []*strip
	pick := func(all bool) {
		for k := range p.lanes {
			s := &p.lanes[k]
			if s.lane >= 0 && b.lanes[s.lane].Users&vehicles != 0 && x.facesTraffic(s) && (all || x.validFor(s.id)) {
				valid = append(valid, s)
			}
		}
	}
	pick(len(x.Validity) == 0)
	if len(valid) == 0 { // some tools number lanes their own way here
		pick(true)
	}
	var ids []lane.ID
	for _, s := range valid {
		if r.junction != "" {
			ids = append(ids, lane.ID(s.lane))
			continue
		}
		for _, next := range b.lanes[s.lane].Next {
			if l := &b.lanes[next]; l.Kind == lane.Junction && (turns(x) == 0 || turns(x)&(1<<l.Turn) != 0) {
				ids = append(ids, next)
			}
		}
	}
	return ids
}

// facesTraffic tells whether who drives on the lane sees the signal's face.
func (x *xSignal) facesTraffic(s *strip) bool {
	switch x.Orientation {
	case "+":
		return s.forward
	case "-":
		return !s.forward
	}
	return true
}

func (x *xSignal) validFor(id int) bool {
	for _, v := range x.Validity {
		if id >= min(v.From, v.To) && id <= max(v.From, v.To) {
			return true
		}
	}
	return false
}

// cross finds where lanes meet, and who gives way: by the general rules, and above them by signs and by the junctions'
// own lists of priorities.
func (b *builder) cross() {
	if b.net.roads[0].left {
		b.crossMirrored()
	} else {
		lane.Cross(b.lanes)
	}
	low := map[string]bool{}
	for i := range b.file.Junctions {
		for _, p := range b.file.Junctions[i].Priority {
			if p.Low != "" {
				low[p.Low] = true
			}
		}
	}
	below := func(id lane.ID) bool { return b.minor[id] || low[b.net.places[id].road.id] }
	for i := range b.lanes {
		for k := range b.lanes[i].Conflicts {
			c := &b.lanes[i].Conflicts[k]
			if mine, theirs := below(lane.ID(i)), below(c.With); mine != theirs {
				c.Yield = mine
			}
		}
	}
}

// crossMirrored is lane.Cross where traffic keeps left: the rules are those of the mirrored map.
func (b *builder) crossMirrored() {
	mirrored := make([]lane.Lane, len(b.lanes))
	for i := range b.lanes {
		l := b.lanes[i]
		points := make([]geom.Vec, 0, len(l.Centre.Points()))
		for _, v := range l.Centre.Points() {
			points = append(points, geom.Vec{X: v.X, Y: -v.Y})
		}
		if path, err := geom.NewPath(points); err == nil {
			l.Centre = path
		}
		l.ToLeft, l.ToRight = l.ToRight, l.ToLeft
		l.LeftOf, l.RightOf = l.RightOf, l.LeftOf
		mirrored[i] = l
	}
	lane.Cross(mirrored)
	for i := range mirrored {
		b.lanes[i].Conflicts = mirrored[i].Conflicts
	}
}
