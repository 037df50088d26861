package lanelet2

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hutong/drive/geom"
)

// What a file may hold at most: ten times the largest in public use.
const (
	maxInput    = 256 << 20
	maxNodes    = 5_000_000
	maxLanelets = 200_000
	maxRefs     = 100_000 // of one way or relation
)

type (
	xNode struct {
		ID   int64  `xml:"id,attr"`
		Lat  string `xml:"lat,attr"`
		Lon  string `xml:"lon,attr"`
		Tags []xTag `xml:"tag"`
	}
	xTag struct {
		Key   string `xml:"k,attr"`
		Value string `xml:"v,attr"`
	}
	xWay struct {
		ID    int64 `xml:"id,attr"`
		Nodes []struct {
			Ref int64 `xml:"ref,attr"`
		} `xml:"nd"`
		Tags []xTag `xml:"tag"`
	}
	xRelation struct {
		ID      int64 `xml:"id,attr"`
		Members []struct {
			Type string `xml:"type,attr"`
			Ref  int64  `xml:"ref,attr"`
			Role string `xml:"role,attr"`
		} `xml:"member"`
		Tags []xTag `xml:"tag"`
	}
)

func tag(tags []xTag, key string) string {
	for _, t := range tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// file is what was read, with the nodes on the plane.
type file struct {
	nodes     map[int64]geom.Vec
	ways      map[int64]*xWay
	relations []*xRelation
	lat, lon  float64 // of (0, 0)
}

// parse reads the text element by element, so that only what a map needs is kept.
func parse(r io.Reader) (*file, error) {
	limited := &io.LimitedReader{R: r, N: maxInput + 1}
	dec := xml.NewDecoder(limited)
	f := &file{nodes: map[int64]geom.Vec{}, ways: map[int64]*xWay{}}
	var nodes []xNode
	root := false
	for {
		token, err := dec.Token()
		if limited.N <= 0 {
			return nil, fmt.Errorf("the file has more than %d MB", maxInput>>20)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			if start, ok := token.(xml.StartElement); ok {
				if !root && start.Name.Local != "osm" {
					return nil, fmt.Errorf("the root is <%s>, not <osm>", start.Name.Local)
				}
				root = true
				nodes, err = f.element(dec, start, nodes)
			}
		}
		if err != nil {
			line, column := dec.InputPos()
			return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
	}
	if !root {
		return nil, errors.New("the file is empty")
	}
	return f, f.project(nodes)
}

func (f *file) element(dec *xml.Decoder, start xml.StartElement, nodes []xNode) ([]xNode, error) {
	switch start.Name.Local {
	case "node":
		var n xNode
		if err := dec.DecodeElement(&n, &start); err != nil {
			return nodes, err
		}
		if len(nodes) >= maxNodes {
			return nodes, fmt.Errorf("more than %d nodes", maxNodes)
		}
		return append(nodes, n), nil
	case "way":
		w := &xWay{}
		if err := dec.DecodeElement(w, &start); err != nil {
			return nodes, err
		}
		if len(w.Nodes) > maxRefs {
			return nodes, fmt.Errorf("way %d has %d points; the most is %d", w.ID, len(w.Nodes), maxRefs)
		}
		if f.ways[w.ID] != nil {
			return nodes, fmt.Errorf("way %d: the id comes twice", w.ID)
		}
		f.ways[w.ID] = w
	case "relation":
		x := &xRelation{}
		if err := dec.DecodeElement(x, &start); err != nil {
			return nodes, err
		}
		if len(x.Members) > maxRefs {
			return nodes, fmt.Errorf("relation %d has %d members; the most is %d", x.ID, len(x.Members), maxRefs)
		}
		f.relations = append(f.relations, x)
		if len(f.relations) > 4*maxLanelets {
			return nodes, fmt.Errorf("more than %d relations", 4*maxLanelets)
		}
	}
	return nodes, nil
}

// project puts the nodes on the plane: by local_x and local_y where all have them, else around the first node's place,
// which becomes (0, 0).
func (f *file) project(nodes []xNode) error {
	local := len(nodes) > 0
	for i := range nodes {
		local = local && tag(nodes[i].Tags, "local_x") != ""
	}
	var plane geom.Projection
	for i := range nodes {
		n := &nodes[i]
		if _, twice := f.nodes[n.ID]; twice {
			return fmt.Errorf("node %d: the id comes twice", n.ID)
		}
		if local {
			x, err := number(tag(n.Tags, "local_x"), 1e8)
			y, err2 := number(tag(n.Tags, "local_y"), 1e8)
			if err = errors.Join(err, err2); err != nil {
				return fmt.Errorf("node %d: local_x, local_y: %w", n.ID, err)
			}
			f.nodes[n.ID] = geom.Vec{X: x, Y: y}
			continue
		}
		lat, err := number(n.Lat, 89)
		lon, err2 := number(n.Lon, 180)
		if err = errors.Join(err, err2); err != nil {
			return fmt.Errorf("node %d: lat, lon: %w", n.ID, err)
		}
		if i == 0 {
			f.lat, f.lon = lat, lon
			if plane, err = geom.ParseProjection(fmt.Sprintf("+proj=tmerc +lat_0=%.12f +lon_0=%.12f +x_0=0 +y_0=0 +k=1 +ellps=WGS84", lat, lon)); err != nil {
				return err
			}
		}
		v := plane.Plane(lat, lon)
		if !v.Finite() {
			return fmt.Errorf("node %d lies too far from the first one", n.ID)
		}
		f.nodes[n.ID] = v
	}
	return nil
}

func number(s string, most float64) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > most {
		return 0, fmt.Errorf("%q is not a number up to %g", s, most)
	}
	return v, nil
}

// speed reads a speed with its unit, "50", "50 km/h", "30 mph" or "13.9 m/s"; km/h where there is none. ok is false where
// it is no speed.
func speed(s string) (metresPerSecond float64, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	factor := 1 / 3.6
	for _, unit := range []struct {
		name   string
		factor float64
	}{{"km/h", 1 / 3.6}, {"kmh", 1 / 3.6}, {"kph", 1 / 3.6}, {"mph", 0.44704}, {"m/s", 1}} {
		if rest, found := strings.CutSuffix(s, unit.name); found {
			s, factor = rest, unit.factor
			break
		}
	}
	v, err := number(s, 1000)
	return v * factor, err == nil && v > 0
}
