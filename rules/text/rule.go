// Package text reads what people write: the YAML of a rule or a scene, strictly, with the place of every mistake. It knows
// nothing of Things; package engine joins the two.
package text

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hutong/condition"
	"hutong/rules/schedule"
	"hutong/thing"
)

// Mode says what happens when a rule is set off while it still runs.
type Mode string

// The four modes.
const (
	Single   Mode = "single"   // the new one is passed over
	Restart  Mode = "restart"  // the old run is cancelled
	Queued   Mode = "queued"   // the new one waits, up to Max of them
	Parallel Mode = "parallel" // both run, up to Max at once
)

// Rule is the text of a rule, read but not yet joined to any Thing. It does not change once parsed.
type Rule struct {
	*Head
	Description string
	Points      []Point
	When        []Trigger
	Guard       *Text
	Then        []Step
}

// Head is what is asked of a rule most often.
type Head struct {
	ID        string
	Title     string
	Enabled   bool
	Mode      Mode
	Max       int
	PerMinute int // runs a minute, after which the rule is taken for a loop and parked
	Version   string
}

type Point struct {
	At
	Name  string
	Kind  thing.Kind
	What  string // name of the property, action or event
	Thing string // id or title
	Place string
	Of    string // how many become one
}

type Trigger struct {
	At
	Kind  string // change, event, time, every, cron, sun, start
	Name  string
	Point Text
	To    []Literal
	From  []Literal
	Above *float64
	Below *float64
	Slack float64
	Hold  time.Duration
	Times []schedule.Schedule // all but Sun, which needs the hub's position
	Sun   *schedule.Sun
}

var (
	IDPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	// reserved words mean something in an expression already.
	reserved = strings.Fields(`true false null in as break const continue else for function if import let loop package
		namespace return var void while trigger now hour minute weekday weekend day month year sun_up sun_elevation between
		held changed prev known age has all exists exists_one map filter size abs round floor ceil min max int uint double
		string bool bytes list type dyn duration timestamp matches`)
)

const (
	maxPoints   = 200
	maxTriggers = 100
)

// Version is the short name of a text: two files with the same version are the same.
func Version(source []byte) string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:8])
}

// Parse reads the text of rule id. The Rule is nil when the problems leave nothing to use.
func Parse(id string, source []byte) (*Rule, Problems) {
	r, top, ok := open(source)
	if !ok {
		return nil, r.problems
	}
	rule := &Rule{Head: &Head{ID: id, Title: id, Enabled: true, Mode: Single, Max: 10, PerMinute: 120, Version: Version(source)}}
	seen := map[string]bool{}
	for _, f := range r.object(top, "", "id", "title", "description", "enabled", "mode", "max", "max_per_minute", "points", "when", "if", "then") {
		seen[f.name] = true
		r.ruleField(rule, f)
	}
	start := At{top.Line, top.Column, ""}
	if len(r.problems) == 0 {
		if !seen["when"] {
			r.refuse(start, "when is missing: say what sets the rule off")
		}
		if !seen["then"] {
			r.refuse(start, "then is missing: say what the rule does")
		}
	}
	r.problems.Sort()
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return rule, nil
}

func (r *reader) ruleField(rule *Rule, f field) {
	switch f.name {
	case "id":
		if t := r.text(f, 64); t.S != rule.ID && rule.ID != "" {
			r.refuse(f.at(), "the id %q is not the file's name, %q", t.S, rule.ID)
		}
	case "title":
		rule.Title = r.text(f, 200).S
	case "description":
		rule.Description = r.text(f, 4000).S
	case "enabled":
		rule.Enabled = r.boolean(f)
	case "mode":
		rule.Mode = Mode(r.word(f, string(Single), string(Restart), string(Queued), string(Parallel)))
	case "max":
		rule.Max = r.integer(f, 1, 100)
	case "max_per_minute":
		rule.PerMinute = r.integer(f, 1, 6000)
	case "points":
		rule.Points = r.points(f)
	case "when":
		rule.When = r.triggers(f)
	case "if":
		t := r.text(f, condition.MaxSource)
		rule.Guard = &t
	case "then":
		rule.Then = r.steps(f, 0)
	}
}

func (r *reader) points(f field) []Point {
	var list []Point
	for _, p := range r.object(f.node, f.path) {
		switch {
		case !namePattern.MatchString(p.name):
			r.refuse(p.key, "%.70q cannot name a point; use a to z, digits and _, a letter first", p.name)
		case slices.Contains(reserved, p.name):
			r.refuse(p.key, "%q means something in expressions already; choose another name", p.name)
		case len(list) == maxPoints:
			r.refuse(p.key, "more than %d points in one rule", maxPoints)
			return list
		default:
			list = append(list, r.point(p))
		}
	}
	return list
}

func (r *reader) point(f field) Point {
	d := Point{At: f.at(), Name: f.name}
	if s := f.node.Value; s != "" { // "urn:...#/properties/on"
		ref, err := thing.ParseRef(s)
		if err != nil {
			r.refuse(d.At, "%s", err)
		}
		d.Thing, d.Kind, d.What = string(ref.Thing), ref.Kind, ref.Name
		return d
	}
	for _, m := range r.object(f.node, f.path, "thing", "place", "property", "action", "event", "of") {
		switch m.name {
		case "thing":
			d.Thing = r.text(m, 1000).S
		case "place":
			d.Place = r.text(m, 1000).S
		case "of":
			d.Of = r.word(m, "any", "all", "count", "avg", "min", "max", "sum")
		default:
			if d.What != "" {
				r.refuse(m.key, "one of property, action and event is enough")
			}
			d.What = r.text(m, 1000).S
			d.Kind = map[string]thing.Kind{"property": thing.Property, "action": thing.Action, "event": thing.Event}[m.name]
		}
	}
	if d.What == "" {
		r.refuse(d.At, "say which property, action or event of the Thing is meant")
	}
	if d.Thing == "" && d.Place == "" {
		r.refuse(d.At, "say where the point is: a thing (its id or title), a place, or both")
	}
	if d.Of != "" && d.Kind != thing.Property {
		r.refuse(d.At, "of: works on properties only")
	}
	return d
}

func (r *reader) triggers(f field) []Trigger {
	items := r.list(f, false)
	if len(items) == 0 && len(r.problems) == 0 || len(items) > maxTriggers {
		r.refuse(f.at(), "want between 1 and %d triggers", maxTriggers)
	}
	var list []Trigger
	for _, item := range items {
		list = append(list, r.trigger(item))
	}
	return list
}

// triggerFields lists, for each kind of trigger, what else may be said.
var triggerFields = map[string]string{
	"change": "to from above below hysteresis for", "event": "is", "time": "on", "every": "", "cron": "", "sun": "offset on", "start": "",
}

const triggerKinds = "change, event, time, every, cron, sun or start"

func (r *reader) trigger(f field) Trigger {
	d := Trigger{At: f.at()}
	fields := r.object(f.node, f.path)
	for _, m := range fields {
		if _, ok := triggerFields[m.name]; ok && d.Kind == "" {
			d.Kind = m.name
		} else if ok {
			r.refuse(m.key, "one trigger is one of %s; begin another with -", triggerKinds)
			return d
		}
	}
	if d.Kind == "" {
		if f.node.Kind == yaml.MappingNode {
			r.refuse(d.At, "say what sets the rule off: %s", triggerKinds)
		}
		return d
	}
	allowed := append([]string{d.Kind, "name"}, strings.Fields(triggerFields[d.Kind])...)
	var days schedule.Days
	for _, m := range fields {
		if !slices.Contains(allowed, m.name) {
			r.refuse(m.key, "%q is not known here; known are %s", m.name, strings.Join(allowed, ", "))
		} else if m.name == "on" {
			days = r.days(m)
		}
	}
	for _, m := range fields {
		r.triggerField(&d, m, days)
	}
	r.sensible(&d)
	return d
}

func (r *reader) triggerField(d *Trigger, m field, days schedule.Days) {
	switch m.name {
	case "name":
		d.Name = r.text(m, 100).S
	case "change", "event":
		d.Point = r.text(m, 64)
	case "to", "is":
		d.To = r.values(m)
	case "from":
		d.From = r.values(m)
	case "above":
		x := r.number(m)
		d.Above = &x
	case "below":
		x := r.number(m)
		d.Below = &x
	case "hysteresis":
		if d.Slack = r.number(m); d.Slack < 0 {
			r.refuse(m.at(), "hysteresis cannot be below 0")
		}
	case "for":
		d.Hold = r.duration(m)
	case "time":
		for _, x := range r.list(m, true) {
			sec, ok := condition.ParseTimeOfDay(x.node.Value)
			if !ok {
				r.refuse(x.at(), `want a time of day such as "18:30", got %s`, describe(x.node))
			}
			d.Times = append(d.Times, schedule.Daily{Second: sec, Days: days})
		}
	case "every":
		p := r.duration(m)
		if p < time.Second || p > 24*time.Hour {
			r.refuse(m.at(), "every: wants from 1s to 1d")
			p = time.Second
		}
		d.Times = []schedule.Schedule{schedule.Every{Period: p}}
	case "cron":
		c, err := schedule.ParseCron(m.node.Value)
		if err != nil {
			r.refuse(m.at(), "%s", err)
		}
		d.Times = []schedule.Schedule{c}
	case "sun":
		d.Sun = sunOr(d.Sun)
		d.Sun.Set, d.Sun.Days = r.word(m, "sunrise", "sunset") == "sunset", days
	case "offset":
		d.Sun = sunOr(d.Sun)
		s, late := strings.CutPrefix(m.node.Value, "-")
		off, err := condition.ParseDuration(strings.TrimPrefix(s, "+"))
		if err != nil || off > 12*time.Hour {
			r.refuse(m.at(), "want a length of time such as 20m or -1h, at most 12h, got %s", describe(m.node))
		}
		if late {
			off = -off
		}
		d.Sun.Offset = off
	case "start":
		if !r.boolean(m) {
			r.refuse(m.at(), "start: can only be true; leave the trigger out otherwise")
		}
	}
}

func sunOr(s *schedule.Sun) *schedule.Sun {
	if s == nil {
		return &schedule.Sun{}
	}
	return s
}

// sensible refuses what could never happen.
func (r *reader) sensible(d *Trigger) {
	if (d.Above != nil || d.Below != nil) && (d.To != nil || d.From != nil) {
		r.refuse(d.At, "to and from do not go with above and below")
	}
	if d.Above != nil && d.Below != nil && *d.Above >= *d.Below {
		r.refuse(d.At, "above %g and below %g: no number is both", *d.Above, *d.Below)
	}
	if d.Slack > 0 && d.Above == nil && d.Below == nil {
		r.refuse(d.At, "hysteresis goes with above or below")
	}
}

func (r *reader) days(f field) schedule.Days {
	var words []string
	for _, x := range r.list(f, true) {
		words = append(words, x.node.Value)
	}
	d, err := schedule.ParseDays(words)
	if err != nil {
		r.refuse(f.at(), "%s", err)
	}
	return d
}

func (r *reader) values(f field) []Literal {
	list := []Literal{}
	for _, x := range r.list(f, true) {
		list = append(list, r.value(x))
	}
	if len(list) == 0 {
		r.refuse(f.at(), "%s: wants a value or a list of them", f.name)
	}
	return list
}

// CheckID says what is wrong with the id of a rule or a scene.
func CheckID(id string) error {
	if !IDPattern.MatchString(id) {
		return fmt.Errorf("id %.70q: want 1 to 64 of a to z, 0 to 9, - and _, beginning with a letter or digit", id)
	}
	return nil
}
