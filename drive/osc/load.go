package osc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/opendrive"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// loader makes a world of a scenario's file.
type loader struct {
	dir      string
	root     *node
	sc       scope
	catalogs map[string]*node // by their own names
}

// Open reads a scenario, sets its parameters as given (the others stay as declared), plays its initial actions, and
// gives the world as it is then. The vehicle under test is its entity "Ego". Open fails, naming the file, line and
// element, where something is missing, wrong, or of a kind that isn't played.
func Open(path string, set Values) (*World, error) {
	w, err := open(path, set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func open(path string, set Values) (*World, error) {
	root, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return assemble(root, filepath.Dir(path), set)
}

// assemble makes a world of a scenario's elements; the files it names are looked for from dir.
func assemble(root *node, dir string, set Values) (*World, error) {
	l := &loader{dir: dir, root: root, catalogs: map[string]*node{}}
	if err := l.sc.declare(root.kid("ParameterDeclarations"), set); err != nil {
		return nil, err
	}
	if err := l.readCatalogs(); err != nil {
		return nil, err
	}
	w := &World{variables: Values{}, parameters: l.sc.vars, lines: map[*node]*geom.Path{}}
	for _, v := range root.kid("VariableDeclarations").all("VariableDeclaration") {
		r := reader{sc: &l.sc}
		w.variables[r.text(v, "name", "")] = r.text(v, "value", "")
		if r.err != nil {
			return nil, r.err
		}
	}
	var err error
	if w.net, err = l.road(); err != nil {
		return nil, err
	}
	for _, o := range root.kid("Entities").all("ScenarioObject") {
		if err := l.entity(w, o); err != nil {
			return nil, err
		}
	}
	if w.ego == nil {
		return nil, errors.New(`there is no entity "Ego"`)
	}
	if err := l.begin(w); err != nil {
		return nil, err
	}
	if w.story, err = l.storyboard(root.kid("Storyboard")); err != nil {
		return nil, err
	}
	w.aim()
	return w, nil
}

// road reads the road network.
func (l *loader) road() (*opendrive.Network, error) {
	r := reader{sc: &l.sc}
	name := r.text(l.root.kid("RoadNetwork", "LogicFile"), "filepath", "")
	if r.err != nil || name == "" {
		return nil, errors.Join(errors.New("the scenario names no road"), r.err)
	}
	file, err := os.Open(filepath.Join(l.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	net, err := opendrive.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return net, nil
}

// readCatalogs reads all files in the folders the scenario names.
func (l *loader) readCatalogs() error {
	for _, where := range l.root.kid("CatalogLocations").orNone() {
		r := reader{sc: &l.sc}
		dir := filepath.Join(l.dir, filepath.FromSlash(r.text(where.kid("Directory"), "path", "")))
		if r.err != nil {
			return r.err
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.xosc"))
		if err != nil {
			return err
		}
		for _, f := range files {
			root, err := readFile(f)
			if err != nil {
				return err
			}
			if c := root.kid("Catalog"); c != nil {
				name, _ := c.raw("name")
				l.catalogs[name] = c
			}
		}
	}
	return nil
}

// orNone gives the elements within n; none where there is no n.
func (n *node) orNone() []*node {
	if n == nil {
		return nil
	}
	return n.kids
}

// entry gives the element called kind that stands within n, or that n names in a catalog, and what parameters mean there.
func (l *loader) entry(n *node, kind string, sc *scope) (*node, *scope, error) {
	if n == nil {
		return nil, nil, fmt.Errorf("a <%s> is missing", kind)
	}
	if inside := n.kid(kind); inside != nil {
		return inside, sc, nil
	}
	ref := n.kid("CatalogReference")
	if ref == nil {
		return nil, nil, n.wrong("has neither <%s> nor <CatalogReference>", kind)
	}
	return l.refer(ref, sc, kind)
}

// refer follows a <CatalogReference>; kinds are what its entry may be.
func (l *loader) refer(ref *node, sc *scope, kinds ...string) (*node, *scope, error) {
	r := reader{sc: sc}
	catalog, name := r.text(ref, "catalogName", ""), r.text(ref, "entryName", "")
	given := Values{}
	for _, a := range ref.kid("ParameterAssignments").all("ParameterAssignment") {
		given[r.text(a, "parameterRef", "")] = r.text(a, "value", "")
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	for _, e := range l.catalogs[catalog].orNone() {
		if own, _ := e.raw("name"); own != name {
			continue
		}
		for _, kind := range kinds {
			if e.name == kind {
				inner := &scope{}
				err := inner.declare(e.kid("ParameterDeclarations"), given)
				if err != nil {
					err = ref.wrong("%s %q: %w", catalog, name, err)
				}
				return e, inner, err
			}
		}
	}
	return nil, nil, ref.wrong("there is no %s %q in the catalog %q", strings.Join(kinds, " or "), name, catalog)
}

// entity makes one entity, which is nowhere yet.
func (l *loader) entity(w *World, o *node) error {
	r := reader{sc: &l.sc}
	name := r.text(o, "name", "")
	var body *node
	sc := &l.sc
	for _, kind := range []string{"Vehicle", "Pedestrian", "MiscObject"} {
		if k := o.kid(kind); k != nil {
			body = k
		}
	}
	if ref := o.kid("CatalogReference"); body == nil && ref != nil {
		var err error
		if body, sc, err = l.refer(ref, &l.sc, "Vehicle", "Pedestrian", "MiscObject"); err != nil {
			return err
		}
	}
	if body == nil {
		return o.wrong("entity %q is no vehicle, pedestrian or object", name)
	}
	b := reader{sc: sc}
	size, centre := body.kid("BoundingBox", "Dimensions"), body.kid("BoundingBox", "Center")
	e := &entity{
		name: name, kind: kindOf(body, &b), gone: true,
		long: b.need(size, "length"), wide: b.need(size, "width"), ahead: b.number(centre, "x", 0), left: b.number(centre, "y", 0),
	}
	if body.name == "Vehicle" {
		e.spec = specOf(body, e, &b)
	}
	if err := errors.Join(r.err, b.err); err != nil {
		return fmt.Errorf("entity %q: %w", name, err)
	}
	if !(e.long > 0) || !(e.wide > 0) {
		return body.wrong("is %g m by %g m", e.long, e.wide)
	}
	if w.find(name) != nil {
		return o.wrong("there are two entities %q", name)
	}
	w.entities = append(w.entities, e)
	e.id = uint32(len(w.entities))
	if name == "Ego" {
		w.ego = e
		if e.spec == nil {
			return o.wrong("the vehicle under test is no vehicle")
		}
	}
	return nil
}

func kindOf(body *node, r *reader) scene.Kind {
	switch body.name {
	case "Pedestrian":
		return scene.Pedestrian
	case "MiscObject":
		return scene.Obstacle
	}
	switch r.text(body, "vehicleCategory", "") {
	case "truck", "semitrailer", "trailer":
		return scene.Truck
	case "van":
		return scene.Van
	case "bus":
		return scene.Bus
	case "motorbike":
		return scene.Motorcycle
	case "bicycle":
		return scene.Bicycle
	case "tram", "train":
		return scene.Tram
	}
	return scene.Car
}

// What no road car does better, m/s² and rad/s, whatever a catalog says: a dry road holds so much.
const (
	bestBrake     = 9.0
	bestAccel     = 3.5
	bestSteerRate = 0.7
)

// specOf makes the vehicle's body of its entry.
func specOf(body *node, e *entity, r *reader) *vehicle.Spec {
	limits := body.kid("Performance")
	front, rear := body.kid("Axles", "FrontAxle"), body.kid("Axles", "RearAxle")
	base := r.number(front, "positionX", 0.6*e.long) - r.number(rear, "positionX", 0)
	return &vehicle.Spec{
		Length: e.long, Width: e.wide, Wheelbase: max(base, 0.1), RearOverhang: e.long/2 - e.ahead,
		MaxSteer: min(r.number(front, "maxSteering", 0.5), 1.2), MaxSteerRate: bestSteerRate, MaxSpeed: r.number(limits, "maxSpeed", 70),
		MaxAccel: min(r.number(limits, "maxAcceleration", bestAccel), bestAccel),
		MaxBrake: min(r.number(limits, "maxDeceleration", bestBrake), bestBrake), MaxJerk: 4, MaxBrakeJerk: 30,
	}
}

// everyone is who may use the lanes that things are looked for on.
const everyone = ^lane.Users(0)
