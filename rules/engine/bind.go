package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hutong/condition"
	"hutong/rules/text"
	"hutong/thing"
)

// Directory is what rules need to know of Things.
type Directory interface {
	// Thing returns the Thing with this id, and whether there is one.
	Thing(id thing.ID) (*thing.Thing, bool)
	// Things returns all of them.
	Things() []*thing.Thing
}

// Lookup finds Things by what people write. Its tables are built when first asked for, from one look at the directory.
type Lookup struct {
	dir     Directory
	byTitle map[string][]*thing.Thing
	byPlace map[thing.PlaceID][]*thing.Thing // a Thing is under each place that holds it
	exprs   map[string]*condition.Expr       // by text, points and type
	indexes map[string]map[string]int        // by the names in them
	decls   map[decl]*decl
	shapes  map[shapeKey]*shape
}

func NewLookup(d Directory) *Lookup { return &Lookup{dir: d} }

// compile is condition.Compile, but what was compiled before is shared: a thousand rooms often have one rule a thousand
// times, and what all of them share stays near the processor.
func (l *Lookup) compile(source string, env condition.Env, want thing.Type) (*condition.Expr, error) {
	key := fmt.Appendf(nil, "%s %v", want, env.Sun)
	for _, name := range slices.Sorted(maps.Keys(env.Points)) {
		key = fmt.Appendf(key, " %q %s", name, env.Points[name])
	}
	key = fmt.Append(key, "\n", source)
	if x := l.exprs[string(key)]; x != nil {
		return x, nil
	}
	x, err := condition.Compile(source, env, want)
	if err != nil {
		return nil, err
	}
	if l.exprs == nil {
		l.exprs = map[string]*condition.Expr{}
	}
	l.exprs[string(key)] = x
	return x, nil
}

// index gives the place of each name, one map to all rules that name their points alike.
func (l *Lookup) index(decls []text.Point) map[string]int {
	var key []byte
	for _, d := range decls {
		key = append(append(key, d.Name...), ' ')
	}
	if x, ok := l.indexes[string(key)]; ok {
		return x
	}
	x := make(map[string]int, len(decls))
	for i, d := range decls {
		x[d.Name] = i
	}
	if l.indexes == nil {
		l.indexes = map[string]map[string]int{}
	}
	l.indexes[string(key)] = x
	return x
}

func (l *Lookup) tables() {
	if l.byTitle != nil {
		return
	}
	l.byTitle, l.byPlace = map[string][]*thing.Thing{}, map[thing.PlaceID][]*thing.Thing{}
	for _, t := range l.dir.Things() {
		l.byTitle[t.Title] = append(l.byTitle[t.Title], t)
		for p := t.Place; ; p = p.Parent() {
			l.byPlace[p] = append(l.byPlace[p], t)
			if p == "" {
				break
			}
		}
	}
}

// find returns the Things a declaration may mean; those of a place only when they have the property, action or event.
func (l *Lookup) find(d text.Point) []*thing.Thing {
	place, placed := placeOf(d.Place)
	if d.Thing != "" {
		if t, ok := l.dir.Thing(thing.ID(d.Thing)); ok {
			if placed && !t.Place.Within(place) {
				return nil
			}
			return []*thing.Thing{t}
		}
		l.tables()
		var list []*thing.Thing
		for _, t := range l.byTitle[d.Thing] {
			if !placed || t.Place.Within(place) {
				list = append(list, t)
			}
		}
		return list
	}
	l.tables()
	var list []*thing.Thing
	for _, t := range l.byPlace[place] {
		if _, ok := t.Find(d.Kind, d.What); ok {
			list = append(list, t)
		}
	}
	return list
}

func placeOf(s string) (thing.PlaceID, bool) {
	path := thing.ParsePlace(s)
	if len(path) == 0 {
		return "", false
	}
	return path[len(path)-1].ID, true
}

// member is one affordance behind a point.
type member struct {
	ref   thing.Ref
	point *thing.Point
}

// point is a declared point joined to its Things. With of, several members make one value.
type point struct {
	decl    *decl
	typ     thing.Type
	members []member
}

// decl is what of a declaration is asked of a point when its Things are found.
type decl struct {
	name string
	kind thing.Kind
	of   string
}

// decl gives one copy to all points declared alike.
func (l *Lookup) decl(p text.Point) *decl {
	d := decl{p.Name, p.Kind, p.Of}
	same := l.decls[d]
	if same == nil {
		same = &d
		if l.decls == nil {
			l.decls = map[decl]*decl{}
		}
		l.decls[d] = same
	}
	return same
}

// bind joins d to its Things. The problem is nil when that worked.
func (l *Lookup) bind(d text.Point) (point, *text.Problem) {
	p := point{decl: l.decl(d)}
	bad := func(waiting bool, format string, args ...any) (point, *text.Problem) {
		return p, &text.Problem{Line: d.Line, Column: d.Column, Path: d.Path, Reason: fmt.Sprintf(format, args...), Waiting: waiting}
	}
	things := l.find(d)
	noun := bareNouns[d.Kind]
	switch {
	case len(things) == 0 && d.Thing != "" && d.Place != "":
		return bad(true, "there is no Thing %q in %s", d.Thing, d.Place)
	case len(things) == 0 && d.Thing != "":
		return bad(true, "there is no Thing %q", d.Thing)
	case len(things) == 0:
		return bad(true, "there is no Thing with %s %q in %s", noun, d.What, d.Place)
	case len(things) > 1 && d.Thing != "":
		return bad(false, "%d Things are called %q; name it by its id, such as %s", len(things), d.Thing, things[0].ID)
	}
	for _, t := range things {
		x, ok := t.Find(d.Kind, d.What)
		if !ok {
			return bad(false, "%s has no %s %q; it has %s", title(t), noun, d.What, namesOf(t, d.Kind))
		}
		if len(p.members) > 0 && x.Type != p.members[0].point.Type {
			return bad(false, "%s is %s in one Thing and %s in another (%s); name the Things one by one",
				d.What, p.members[0].point.Type, x.Type, title(t))
		}
		p.members = append(p.members, member{thing.Ref{Thing: t.ID, Kind: d.Kind, Name: x.Name}, x})
	}
	p.typ = p.members[0].point.Type
	number := p.typ == thing.Number || p.typ == thing.Integer
	switch d.Of {
	case "any", "all", "count":
		if p.typ != thing.Boolean {
			return bad(false, "of: %s wants true or false from each Thing; %s is %s", d.Of, d.What, article(p.typ))
		}
		if d.Of == "count" {
			p.typ = thing.Number
		}
	case "avg", "min", "max", "sum":
		if !number {
			return bad(false, "of: %s wants a number from each Thing; %s is %s", d.Of, d.What, article(p.typ))
		}
		p.typ = thing.Number
	}
	return p, nil
}

// unreadable says why the point has no value to read, "" when it has one.
func (p *point) unreadable() string {
	switch {
	case p.decl.kind == thing.Action:
		return fmt.Sprintf("%s is an action; it can be invoked but has no value", p.decl.name)
	case len(p.members) > 1 && p.decl.of == "" && p.decl.kind == thing.Property:
		return fmt.Sprintf("%s means %d Things; say how they become one value with of: any, all, count, avg, min, max or sum",
			p.decl.name, len(p.members))
	case len(p.members) > 0 && p.members[0].point.WriteOnly:
		return fmt.Sprintf("%s can be written but not read", p.decl.name)
	}
	return ""
}

var (
	bareNouns = [...]string{thing.Property: "property", thing.Action: "action", thing.Event: "event"}
	nouns     = [...]string{thing.Property: "a property", thing.Action: "an action", thing.Event: "an event"}
)

func title(t *thing.Thing) string {
	if t.Title != "" {
		return fmt.Sprintf("%q", t.Title)
	}
	return string(t.ID)
}

func namesOf(t *thing.Thing, kind thing.Kind) string {
	list := t.Points
	if kind == thing.Action {
		list = t.Actions
	}
	var names []string
	for _, p := range list {
		if p.Kind != kind {
			continue
		}
		if len(names) == 12 {
			names = append(names, "...")
			break
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func article(t thing.Type) string {
	switch t {
	case thing.Any:
		return "of any type"
	case thing.Boolean:
		return "true or false"
	case thing.Text:
		return "a text"
	case thing.Integer, thing.Object, thing.Array:
		return "an " + t.String()
	}
	return "a " + t.String()
}
