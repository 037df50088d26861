package opendrive

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sort"

	"hutong/drive/geom"
	"hutong/drive/lane"
)

// Network is a road network: its lanes, and its roads to tell places by.
type Network struct {
	Map *lane.Map
	// Notes says what was passed over because it fits nothing else in the file, at most 100 of them.
	Notes []string

	roads  []*road
	byID   map[string]*road
	places []origin // of each lane of the map
}

// origin is where a lane of the map comes from: the road's s at each point of its middle.
type origin struct {
	road *road
	part int
	k    int
	s    []float64
}

// Place is a place as OpenSCENARIO's LanePosition tells it.
type Place struct {
	Road   string  // the road's id
	Lane   int     // the lane's id; 0 is the line between left and right lanes
	S      float64 // metres along the road's reference line
	Offset float64 // metres from the lane's middle, to the left as s grows positive
}

// Read reads a network. Errors name the road and what is wrong there, up to twenty of them at once; a file of more than
// 64 MB or eight million points of lanes is refused.
func Read(r io.Reader) (*Network, error) {
	f, err := parse(r)
	if err != nil {
		return nil, fmt.Errorf("opendrive: %w", err)
	}
	n := &Network{byID: make(map[string]*road, len(f.Roads))}
	var wrong []error
	parts := 0
	for i := range f.Roads {
		road, err := newRoad(&f.Roads[i], i)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("road %q: %w", f.Roads[i].ID, err))
			continue
		}
		if n.byID[road.id] != nil {
			wrong = append(wrong, fmt.Errorf("road %q: the id comes twice", road.id))
			continue
		}
		if parts += len(road.parts); parts > maxParts {
			return nil, fmt.Errorf("opendrive: the file has more than %d lane sections; cut the map into parts", maxParts)
		}
		n.roads, n.byID[road.id] = append(n.roads, road), road
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("opendrive: %w", errors.Join(wrong[:min(len(wrong), 20)]...))
	}
	b := &builder{net: n, file: f}
	if err := b.build(); err != nil {
		return nil, fmt.Errorf("opendrive: %w", err)
	}
	n.Map.OriginLat, n.Map.OriginLon = f.origin()
	return n, nil
}

// Length gives a road's length, m; ok is false where there is no such road.
func (n *Network) Length(road string) (metres float64, ok bool) {
	r := n.byID[road]
	if r == nil {
		return 0, false
	}
	return r.length, true
}

// Roads gives the roads' ids in the file's order.
func (n *Network) Roads() []string {
	ids := make([]string, len(n.roads))
	for i, r := range n.roads {
		ids[i] = r.id
	}
	return ids
}

// RoadPose gives the pose t metres to the left of a road's reference line at s, heading as s grows (OpenSCENARIO's
// RoadPosition). It fails where the road or s is not there.
func (n *Network) RoadPose(road string, s, t float64) (geom.Pose, error) {
	r := n.byID[road]
	if r == nil {
		return geom.Pose{}, fmt.Errorf("there is no road %q", road)
	}
	if !(s >= -1e-6 && s <= r.length+1e-6) || math.IsNaN(t) || math.IsInf(t, 0) {
		return geom.Pose{}, fmt.Errorf("road %q is %g m long; s=%g t=%g is not on it", road, r.length, s, t)
	}
	at := r.pose(s)
	at.Vec = at.Ahead(0, t)
	return at, nil
}

// Pose gives where a place is, exactly by the road's curve, heading as traffic drives there (as the road's s grows on
// lane 0). It fails where the road, the lane or s is not there.
func (n *Network) Pose(p Place) (geom.Pose, error) {
	r, part, k, err := n.find(p)
	if err != nil {
		return geom.Pose{}, err
	}
	edges := r.edges(nil, &r.parts[part], p.S)
	at, forward := r.pose(p.S), true
	t := r.offset.at(p.S)
	if k >= 0 {
		t, forward = (edges[k]+edges[k+1])/2, r.parts[part].lanes[k].forward
	}
	at.Vec = at.Ahead(0, t+p.Offset)
	if !forward {
		at.Heading += math.Pi
	}
	at.Heading = geom.Wrap(at.Heading)
	return at, nil
}

// Spot gives the place as a spot of the lane map. It fails where there is no such place, or no lane of the map there:
// on lane 0, or where the lane is nowhere as wide as a person.
func (n *Network) Spot(p Place) (lane.Spot, error) {
	r, part, k, err := n.find(p)
	if err != nil {
		return lane.Spot{}, err
	}
	if k < 0 || r.parts[part].lanes[k].lane < 0 {
		return lane.Spot{}, fmt.Errorf("road %q has no lane %d to drive or walk on at s=%g", p.Road, p.Lane, p.S)
	}
	strip := &r.parts[part].lanes[k]
	id := lane.ID(strip.lane)
	spot := lane.Spot{Lane: id, D: p.Offset, S: n.along(id, p.S)}
	if !strip.forward {
		spot.D = -p.Offset
	}
	return spot, nil
}

// Place gives a spot of the map as a place, the inverse of [Network.Spot].
func (n *Network) Place(spot lane.Spot) Place {
	o := &n.places[spot.Lane]
	centre := n.Map.Lanes[spot.Lane].Centre
	i, share := centre.Segment(min(max(spot.S, 0), centre.Length()))
	strip := &o.road.parts[o.part].lanes[o.k]
	p := Place{Road: o.road.id, Lane: strip.id, S: o.s[i] + share*(o.s[i+1]-o.s[i]), Offset: spot.D}
	if !strip.forward {
		p.Offset = -spot.D
	}
	return p
}

// along gives how far along the lane's middle the road's s is.
func (n *Network) along(id lane.ID, s float64) float64 {
	o, way := &n.places[id], n.Map.Lanes[id].Centre.Along()
	forward := o.road.parts[o.part].lanes[o.k].forward
	i := sort.Search(len(o.s), func(i int) bool { return forward && o.s[i] >= s || !forward && o.s[i] <= s })
	switch {
	case i == 0:
		return 0
	case i == len(o.s):
		return way[i-1]
	}
	share := (s - o.s[i-1]) / (o.s[i] - o.s[i-1])
	return way[i-1] + share*(way[i]-way[i-1])
}

// find gives the road, the part and the lane's index (-1 for lane 0) of a place.
func (n *Network) find(p Place) (*road, int, int, error) {
	r := n.byID[p.Road]
	if r == nil {
		return nil, 0, 0, fmt.Errorf("there is no road %q", p.Road)
	}
	if !(p.S >= -1e-6 && p.S <= r.length+1e-6) || math.IsNaN(p.Offset) || math.IsInf(p.Offset, 0) {
		return nil, 0, 0, fmt.Errorf("road %q is %g m long; s=%g offset=%g is not on it", p.Road, r.length, p.S, p.Offset)
	}
	part := r.partAt(p.S)
	if p.Lane == 0 {
		return r, part, -1, nil
	}
	k := r.parts[part].find(p.Lane)
	if k < 0 {
		return nil, 0, 0, fmt.Errorf("road %q has no lane %d at s=%g", p.Road, p.Lane, p.S)
	}
	return r, part, k, nil
}

// note keeps what was passed over.
func (n *Network) note(format string, args ...any) {
	if len(n.Notes) < 100 {
		n.Notes = append(n.Notes, fmt.Sprintf(format, args...))
	}
}
