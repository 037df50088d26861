package text

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hutong/condition"
)

// Step is one entry of then, as written.
type Step struct {
	At
	Kind     string
	Targets  []Target // set, calc, invoke
	Word     Text     // scene, notify, stop; the point of invoke
	Level    string
	Span     time.Duration // delay
	Timeout  time.Duration // wait
	CarryOn  bool          // if_fails: continue, on_timeout: continue
	Cond     *Text         // if, wait, while
	Times    int           // repeat
	Then     []Step
	Branches []Branch // choose
	Other    []Step
}

type Branch struct {
	Cond Text
	Then []Step
}

// Target is one point and what it is to become: a value, or an expression.
type Target struct {
	Point Text
	Lit   *Literal
	Calc  *Text
}

const (
	maxSteps    = 200 // in one list
	maxDeep     = 8   // lists within lists
	stepKinds   = "set, calc, invoke, scene, notify, delay, wait, if, choose, repeat or stop"
	maxText     = 2000
	maxRepeat   = 1000
	defaultWait = 24 * time.Hour
)

// stepFields lists, for each kind of step, what else may be said.
var stepFields = map[string]string{
	"set": "if_fails", "calc": "if_fails", "invoke": "with calc if_fails", "scene": "if_fails", "notify": "level", "delay": "",
	"wait": "timeout on_timeout", "if": "then else", "choose": "else", "repeat": "while then", "stop": "",
}

func (r *reader) steps(f field, depth int) []Step {
	if depth > maxDeep {
		r.refuse(f.at(), "steps nested more than %d deep", maxDeep)
		return nil
	}
	items := r.list(f, false)
	if f.node.Kind == yaml.SequenceNode && len(items) == 0 || len(items) > maxSteps {
		r.refuse(f.at(), "want between 1 and %d steps", maxSteps)
		return nil
	}
	var list []Step
	for _, item := range items {
		list = append(list, r.step(item, depth))
	}
	return list
}

func (r *reader) step(f field, depth int) Step {
	d := Step{At: f.at(), Level: "info", Timeout: defaultWait}
	fields := r.object(f.node, f.path)
	has := map[string]bool{}
	for _, m := range fields {
		has[m.name] = true
	}
	// The first name that can begin a step does; calc beside invoke or set is part of it.
	for _, m := range fields {
		_, ok := stepFields[m.name]
		if ok && (d.Kind == "" || d.Kind == "calc" && m.name == "invoke") {
			d.Kind = m.name
		}
	}
	if d.Kind == "" {
		if f.node.Kind == yaml.MappingNode {
			r.refuse(d.At, "say what is to be done: %s", stepKinds)
		}
		return d
	}
	allowed := d.Kind + " " + stepFields[d.Kind]
	for _, m := range fields {
		if strings.Contains(" "+allowed+" ", " "+m.name+" ") {
			r.stepField(&d, m, depth)
		} else if _, other := stepFields[m.name]; other {
			r.refuse(m.key, "one step does one thing (this one is %s); begin another with -", d.Kind)
		} else {
			r.refuse(m.key, "%q is not known here; known are %s", m.name, strings.ReplaceAll(strings.TrimSpace(allowed), " ", ", "))
		}
	}
	r.complete(&d, has)
	return d
}

// complete refuses a step that lacks what it cannot do without.
func (r *reader) complete(d *Step, has map[string]bool) {
	switch {
	case (d.Kind == "if" || d.Kind == "repeat") && !has["then"]:
		r.refuse(d.At, "%s wants then: with the steps to do", d.Kind)
	case d.Kind == "wait" && has["on_timeout"] && !has["timeout"]:
		r.refuse(d.At, "on_timeout wants a timeout")
	case d.Kind == "invoke" && has["with"] && has["calc"]:
		r.refuse(d.At, "an action takes one input: with or calc")
	}
}

func (r *reader) stepField(d *Step, m field, depth int) {
	switch m.name {
	case "set":
		d.Targets = r.targets(m, false)
	case "calc":
		if d.Kind == "invoke" {
			t := r.text(m, condition.MaxSource)
			d.target().Calc = &t
			return
		}
		d.Targets = r.targets(m, true)
	case "invoke":
		d.target().Point = r.text(m, 64)
	case "with":
		v := r.value(m)
		d.target().Lit = &v
	case "scene", "stop", "notify":
		d.Word = r.text(m, maxText)
	case "level":
		d.Level = r.word(m, "info", "warning", "alarm")
	case "if_fails":
		d.CarryOn = r.word(m, "stop", "continue") == "continue"
	case "on_timeout":
		d.CarryOn = r.word(m, "stop", "continue") == "continue"
	case "delay":
		d.Span = r.duration(m)
	case "timeout":
		d.Timeout = r.duration(m)
	case "if", "wait", "while":
		t := r.text(m, condition.MaxSource)
		d.Cond = &t
	case "repeat":
		d.Times = r.integer(m, 1, maxRepeat)
	case "then":
		d.Then = r.steps(m, depth+1)
	case "else":
		d.Other = r.steps(m, depth+1)
	case "choose":
		d.Branches = r.branches(m, depth)
	}
}

// target is the one target of an invoke, whose parts may come in any order.
func (d *Step) target() *Target {
	if len(d.Targets) == 0 {
		d.Targets = make([]Target, 1)
	}
	return &d.Targets[0]
}

func (r *reader) targets(f field, calc bool) []Target {
	var list []Target
	for _, m := range r.object(f.node, f.path) {
		t := Target{Point: Text{At: m.key, S: m.name, inner: m.key, indent: -1}}
		if calc {
			x := r.text(m, condition.MaxSource)
			t.Calc = &x
		} else {
			v := r.value(m)
			t.Lit = &v
		}
		list = append(list, t)
	}
	if f.node.Kind == yaml.MappingNode && len(f.node.Content) == 0 {
		r.refuse(f.at(), "say which point becomes what, such as %s: {lamp: true}", f.name)
	}
	return list
}

func (r *reader) branches(f field, depth int) []Branch {
	var list []Branch
	for _, item := range r.list(f, false) {
		var b Branch
		fields := r.object(item.node, item.path, "if", "then")
		for _, m := range fields {
			if m.name == "if" {
				b.Cond = r.text(m, condition.MaxSource)
			} else {
				b.Then = r.steps(m, depth+1)
			}
		}
		if len(fields) != 2 && item.node.Kind == yaml.MappingNode {
			r.refuse(item.at(), "each choice wants an if and a then")
		}
		list = append(list, b)
	}
	if f.node.Kind == yaml.SequenceNode && len(list) == 0 {
		r.refuse(f.at(), "choose wants a list of choices, each with an if and a then")
	}
	return list
}
