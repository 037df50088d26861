package sumonet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/unzip"
)

// What a net may hold at most: ten times the largest in public use. More is an error, not a full memory.
const (
	maxBytes       = 1 << 30
	maxDepth       = 16
	maxLanes       = 2_000_000
	maxConnections = 8_000_000
	maxPoints      = 100_000 // of one lane
	maxLinks       = 4_096   // of one junction
)

// Read reads a net, plain or gzipped. It fails, naming the edge, lane or connection and the attribute, where the text is
// not well-formed, a number is none, something refers to what isn't there, or the net is larger than a city with its
// surroundings. Distances in the map are along the lanes' shapes; SUMO's own lengths, which may differ from them, are not
// kept.
func Read(r io.Reader) (*lane.Map, error) {
	m, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("reading a SUMO net: %w", err)
	}
	return m, nil
}

func read(r io.Reader) (*lane.Map, error) {
	in, err := unzip.Reader(r)
	if err != nil {
		return nil, err
	}
	n := net{edges: map[string]int{}}
	if err := n.parse(&limited{r: in, left: maxBytes}); err != nil {
		return nil, err
	}
	return n.build()
}

// limited fails, rather than ends, where more is read than it lets through.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("the text is longer than %d MiB", maxBytes>>20)
	}
	return n, err
}

// What is read, before it is understood.
type (
	net struct {
		list        []edge
		edges       map[string]int // index in list by id
		junctions   []junction
		connections []connection
		offset      geom.Vec
		projection  string
		leftHand    bool
		lanes       int
	}
	edge struct {
		id, from, to, function string
		lanes                  []rawLane
	}
	rawLane struct {
		id, allow, disallow string
		changeLeft          string
		changeRight         string
		index               int
		speed, width        float64
		shape               []geom.Vec
	}
	junction struct {
		id, kind string
		links    []string // the last internal lane of each
		requests []request
	}
	request struct {
		index          int
		response, foes string
	}
	connection struct {
		from, to, via, tl, dir, state string
		allow, disallow               string
		fromLane, toLane, linkIndex   int
	}
)

// parse fills in the net from its text.
func (n *net) parse(r io.Reader) error {
	d := xml.NewDecoder(r)
	d.CharsetReader = latin
	depth, open := 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !open {
				return errors.New("there is no <net> in it")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("elements are nested deeper than %d", maxDepth)
			}
			a := attributes{e.Attr, nil}
			if depth == 1 {
				if e.Name.Local != "net" || open {
					return fmt.Errorf("the outermost element is <%s>, not one <net>", e.Name.Local)
				}
				open, n.leftHand = true, a.flag("lefthand")
			} else if err := n.element(e.Name.Local, depth, &a); err != nil {
				line, _ := d.InputPos()
				return fmt.Errorf("line %d: %w", line, err)
			}
		}
	}
}

// latin lets the nets of older tools in, which are in ISO 8859-1.
func latin(name string, r io.Reader) (io.Reader, error) {
	if !strings.EqualFold(name, "iso-8859-1") {
		return nil, fmt.Errorf("the text is in %s; only UTF-8 and ISO-8859-1 are read", name)
	}
	return charmap.ISO8859_1.NewDecoder().Reader(r), nil
}

func (n *net) element(name string, depth int, a *attributes) error {
	switch {
	case depth == 2 && name == "location":
		return n.location(a)
	case depth == 2 && name == "edge":
		return n.edge(a)
	case depth == 3 && name == "lane":
		return n.lane(a)
	case depth == 2 && name == "junction":
		n.junctions = append(n.junctions, junction{id: a.text("id"), kind: a.text("type"), links: strings.Fields(a.text("intLanes"))})
		if links := len(n.junctions[len(n.junctions)-1].links); links > maxLinks {
			return fmt.Errorf("junction %q: has %d links; at most %d are read", a.text("id"), links, maxLinks)
		}
		return nil
	case depth == 3 && name == "request":
		return n.request(a)
	case depth == 2 && name == "connection":
		return n.connection(a)
	}
	return nil // types, light programmes, roundabouts and parameters say nothing a lane map holds
}

func (n *net) location(a *attributes) error {
	offset, err := points(a.text("netOffset"))
	if err != nil || len(offset) != 1 {
		return fmt.Errorf("location: netOffset %q is no pair of numbers", a.text("netOffset"))
	}
	n.offset, n.projection = offset[0], a.text("projParameter")
	return nil
}

func (n *net) edge(a *attributes) error {
	e := edge{id: a.text("id"), from: a.text("from"), to: a.text("to"), function: a.text("function")}
	if e.id == "" {
		return errors.New("edge: has no id")
	}
	if _, twice := n.edges[e.id]; twice {
		return fmt.Errorf("edge %q: the id comes twice", e.id)
	}
	n.edges[e.id] = len(n.list)
	n.list = append(n.list, e)
	return nil
}

func (n *net) lane(a *attributes) error {
	if len(n.list) == 0 {
		return errors.New("lane: stands in no edge")
	}
	e := &n.list[len(n.list)-1]
	l := rawLane{
		id: a.text("id"), allow: a.text("allow"), disallow: a.text("disallow"),
		changeLeft: a.text("changeLeft"), changeRight: a.text("changeRight"),
		index: a.whole("index", -1), speed: a.number("speed", math.NaN()), width: a.number("width", 3.2),
	}
	shape, err := points(a.text("shape"))
	l.shape = shape
	switch {
	case a.wrong != nil:
		err = a.wrong
	case err != nil:
		err = fmt.Errorf("shape: %w", err)
	case l.id == "":
		err = errors.New("has no id")
	case l.index != len(e.lanes) && e.function != "internal": // there, netconvert writes 0 more than once
		err = fmt.Errorf("its index is %d where %d is next", l.index, len(e.lanes))
	case !(l.speed >= 0):
		err = errors.New("has no speed, or one below 0")
	case l.width < 0:
		err = fmt.Errorf("its width is %g m", l.width)
	case len(l.shape) < 2:
		err = fmt.Errorf("its shape has %d points; two are the least", len(l.shape))
	case n.lanes >= maxLanes:
		err = fmt.Errorf("is one more than the %d lanes that are read", maxLanes)
	}
	if err != nil {
		return fmt.Errorf("edge %q: lane %q: %w", e.id, l.id, err)
	}
	n.lanes++
	e.lanes = append(e.lanes, l)
	return nil
}

func (n *net) request(a *attributes) error {
	if len(n.junctions) == 0 {
		return errors.New("request: stands in no junction")
	}
	j := &n.junctions[len(n.junctions)-1]
	r := request{index: a.whole("index", -1), response: a.text("response"), foes: a.text("foes")}
	links := len(j.links)
	switch {
	case a.wrong != nil:
		return fmt.Errorf("junction %q: request: %w", j.id, a.wrong)
	case len(j.requests) >= maxLinks:
		return fmt.Errorf("junction %q: has more than %d requests", j.id, maxLinks)
	case strings.Trim(r.response, "01") != "" || strings.Trim(r.foes, "01") != "":
		return fmt.Errorf("junction %q: request %d: response and foes are rows of 0 and 1", j.id, r.index)
	case links > 0 && (r.index < 0 || r.index >= links):
		return fmt.Errorf("junction %q: request %d: it has only %d links", j.id, r.index, links)
	}
	j.requests = append(j.requests, r)
	return nil
}

func (n *net) connection(a *attributes) error {
	c := connection{
		from: a.text("from"), to: a.text("to"), via: a.text("via"), tl: a.text("tl"), dir: a.text("dir"), state: a.text("state"),
		allow: a.text("allow"), disallow: a.text("disallow"),
		fromLane: a.whole("fromLane", -1), toLane: a.whole("toLane", -1), linkIndex: a.whole("linkIndex", -1),
	}
	switch {
	case a.wrong != nil:
		return fmt.Errorf("%s: %w", c.name(), a.wrong)
	case c.tl != "" && c.linkIndex < 0:
		return fmt.Errorf("%s: is guarded by %q but has no linkIndex", c.name(), c.tl)
	case len(n.connections) >= maxConnections:
		return fmt.Errorf("%s: is one more than the %d connections that are read", c.name(), maxConnections)
	}
	n.connections = append(n.connections, c)
	return nil
}

func (c *connection) name() string {
	return fmt.Sprintf("connection from %q lane %d to %q lane %d", c.from, c.fromLane, c.to, c.toLane)
}

// attributes are those of one element. The first that isn't what it should be is kept in wrong.
type attributes struct {
	list  []xml.Attr
	wrong error
}

func (a *attributes) text(name string) string {
	for i := range a.list {
		if a.list[i].Name.Local == name {
			return a.list[i].Value
		}
	}
	return ""
}

func (a *attributes) flag(name string) bool {
	switch a.text(name) {
	case "1", "true", "yes", "x", "t", "on":
		return true
	}
	return false
}

func (a *attributes) number(name string, otherwise float64) float64 {
	text := a.text(name)
	if text == "" {
		return otherwise
	}
	x, err := strconv.ParseFloat(text, 64)
	if (err != nil || math.IsNaN(x) || math.IsInf(x, 0)) && a.wrong == nil {
		a.wrong = fmt.Errorf("%s %q is not a number", name, text)
	}
	return x
}

func (a *attributes) whole(name string, otherwise int) int {
	text := a.text(name)
	if text == "" {
		return otherwise
	}
	x, err := strconv.Atoi(text)
	if err != nil && a.wrong == nil {
		a.wrong = fmt.Errorf("%s %q is not a whole number", name, text)
	}
	return x
}

// points reads "x,y x,y,z ..."; heights are left out.
func points(text string) ([]geom.Vec, error) {
	var list []geom.Vec
	for word := range strings.FieldsSeq(text) {
		x, rest, _ := strings.Cut(word, ",")
		y, _, _ := strings.Cut(rest, ",")
		var v geom.Vec
		var errX, errY error
		v.X, errX = strconv.ParseFloat(x, 64)
		v.Y, errY = strconv.ParseFloat(y, 64)
		if errX != nil || errY != nil || !v.Finite() {
			return nil, fmt.Errorf("point %d %q is no pair of numbers", len(list), word)
		}
		if list = append(list, v); len(list) > maxPoints {
			return nil, fmt.Errorf("has more than %d points", maxPoints)
		}
	}
	return list, nil
}
