package osc

import (
	"fmt"
	"math"

	"hutong/drive/geom"
)

// trigger tells whether it is time; the zero trigger always says so.
type trigger struct{ groups [][]*condition }

// condition is one condition, with its edge and its delay.
type condition struct {
	holds func(w *World) (bool, error)
	edge  string
	delay float64

	known  bool
	before bool
	past   []moment // when it changed, or when its edge came
}

type moment struct {
	at    float64
	holds bool
}

func (l *loader) trigger(n *node, sc *scope) (trigger, error) {
	var t trigger
	for _, g := range n.all("ConditionGroup") {
		var group []*condition
		for _, c := range g.all("Condition") {
			made, err := l.condition(c, sc)
			if err != nil {
				return t, err
			}
			group = append(group, made)
		}
		t.groups = append(t.groups, group)
	}
	return t, nil
}

// met asks every condition, so that each sees its own edges, and tells whether all of one group are met.
func (t *trigger) met(w *World) (bool, error) {
	if t.groups == nil {
		return true, nil
	}
	met := false
	for _, g := range t.groups {
		all := len(g) > 0
		for _, c := range g {
			ok, err := c.met(w)
			if err != nil {
				return false, err
			}
			all = all && ok
		}
		met = met || all
	}
	return met, nil
}

func (c *condition) met(w *World) (bool, error) {
	holds, err := c.holds(w)
	if err != nil {
		return false, err
	}
	rose, fell := c.known && holds && !c.before, c.known && !holds && c.before
	changed := !c.known || holds != c.before
	c.known, c.before = true, holds
	switch c.edge {
	case "rising":
		holds = rose
	case "falling":
		holds = fell
	case "risingOrFalling":
		holds = rose || fell
	}
	if c.delay <= 0 {
		return holds, nil
	}
	if c.edge == "none" || c.edge == "" {
		if changed {
			c.past = append(c.past, moment{w.time, holds})
		}
		then := false // what held delay ago
		for _, m := range c.past {
			if m.at <= w.time-c.delay+1e-9 {
				then = m.holds
			}
		}
		return then, nil
	}
	if holds {
		c.past = append(c.past, moment{w.time, true})
	}
	for i, m := range c.past { // an edge that came delay ago
		if m.at <= w.time-c.delay+1e-9 {
			c.past = append(c.past[:i], c.past[i+1:]...)
			return true, nil
		}
	}
	return false, nil
}

func (l *loader) condition(n *node, sc *scope) (*condition, error) {
	r := reader{sc: sc}
	c := &condition{edge: r.text(n, "conditionEdge", "none"), delay: r.number(n, "delay", 0)}
	k, err := n.only()
	if err != nil {
		return nil, n.wrong("%w", err)
	}
	switch k.name {
	case "ByValueCondition":
		c.holds, err = l.byValue(k, sc)
	case "ByEntityCondition":
		c.holds, err = l.byEntity(k, sc)
	default:
		err = k.wrong("is not played")
	}
	if err == nil {
		err = r.err
	}
	return c, err
}

func (l *loader) byValue(n *node, sc *scope) (func(*World) (bool, error), error) {
	k, err := n.only()
	if err != nil {
		return nil, n.wrong("%w", err)
	}
	r := reader{sc: sc}
	rule, value := r.text(k, "rule", ""), r.text(k, "value", "")
	switch k.name {
	case "SimulationTimeCondition":
		limit := r.need(k, "value")
		return func(w *World) (bool, error) { return stands(w.time, rule, limit) }, r.err
	case "VariableCondition", "ParameterCondition":
		name := r.text(k, "variableRef", r.text(k, "parameterRef", ""))
		return func(w *World) (bool, error) {
			v, ok := w.variables[name]
			if !ok {
				v, ok = w.parameters[name]
			}
			if !ok {
				return false, k.wrong("there is no %q", name)
			}
			return compare(v, rule, value)
		}, r.err
	case "StoryboardElementStateCondition":
		kind, name, state := r.text(k, "storyboardElementType", ""), r.text(k, "storyboardElementRef", ""), r.text(k, "state", "")
		return func(w *World) (bool, error) { return w.story.inState(kind, name, state, w.tick) }, r.err
	}
	return nil, k.wrong("is not played")
}

// stands is compare of numbers that are known to be some. Equal is what differs by less than a millionth.
func stands(a float64, rule string, b float64) (bool, error) {
	switch rule {
	case "lessThan":
		return a < b, nil
	case "lessOrEqual":
		return a <= b+1e-9, nil
	case "greaterThan":
		return a > b, nil
	case "greaterOrEqual":
		return a >= b-1e-9, nil
	case "equalTo":
		return math.Abs(a-b) < 1e-6, nil
	case "notEqualTo":
		return math.Abs(a-b) >= 1e-6, nil
	}
	return false, fmt.Errorf("there is no rule %q", rule)
}

// about tells something of one entity.
type about func(w *World, e *entity) (bool, error)

func (l *loader) byEntity(n *node, sc *scope) (func(*World) (bool, error), error) {
	r := reader{sc: sc}
	who := n.kid("TriggeringEntities")
	every := r.text(who, "triggeringEntitiesRule", "any") == "all"
	var names []string
	for _, e := range who.all("EntityRef") {
		names = append(names, r.text(e, "entityRef", ""))
	}
	k, err := n.kid("EntityCondition").only()
	if err != nil {
		return nil, n.wrong("%w", err)
	}
	ask, err := l.entityCondition(k, sc)
	if err == nil {
		err = r.err
	}
	return func(w *World) (bool, error) {
		for _, name := range names {
			e := w.find(name)
			if e == nil {
				return false, n.wrong("there is no entity %q", name)
			}
			ok, err := ask(w, e)
			if err != nil {
				return false, k.wrong("%w", err)
			}
			if ok != every {
				return ok, nil
			}
		}
		return every && len(names) > 0, nil
	}, err
}

func (l *loader) entityCondition(k *node, sc *scope) (about, error) {
	r := reader{sc: sc}
	rule, name := r.text(k, "rule", ""), r.text(k, "entityRef", "")
	value := r.number(k, "value", 0)
	var ask about
	switch k.name {
	case "CollisionCondition":
		name = r.text(k.kid("EntityRef"), "entityRef", "")
		ask = func(w *World, e *entity) (bool, error) {
			other := w.find(name)
			return other != nil && !other.gone && !e.gone && e.box().Overlaps(other.box()), nil
		}
	case "SpeedCondition":
		ask = func(_ *World, e *entity) (bool, error) { return stands(e.speed, rule, value) }
	case "StandStillCondition":
		long := r.need(k, "duration")
		ask = func(_ *World, e *entity) (bool, error) { return e.stood >= long-1e-9, nil }
	case "TraveledDistanceCondition":
		ask = func(_ *World, e *entity) (bool, error) { return e.travelled >= value, nil }
	case "RelativeSpeedCondition":
		ask = withOther(name, func(_ *World, e, other *entity) (bool, error) { return stands(e.speed-other.speed, rule, value) })
	case "RelativeDistanceCondition":
		apart := distance(&r, k)
		ask = withOther(name, func(_ *World, e, other *entity) (bool, error) { return stands(apart(e, other), rule, value) })
	case "TimeHeadwayCondition":
		apart := distance(&r, k)
		ask = withOther(name, func(_ *World, e, other *entity) (bool, error) {
			return stands(apart(e, other)/max(e.speed, 1e-3), rule, value)
		})
	case "AngleCondition":
		angle, slack := r.need(k, "angle"), r.number(k, "angleTolerance", 0)
		lateral := r.text(k, "angleType", "heading")
		if lateral != "heading" {
			return nil, k.wrong("the angle %q is not played", lateral)
		}
		ask = func(_ *World, e *entity) (bool, error) {
			return math.Abs(geom.Wrap(e.at.Heading-angle)) <= slack+1e-9, nil
		}
	case "ReachPositionCondition":
		near := r.need(k, "tolerance")
		at, err := l.position(k.kid("Position"), sc, 0)
		if err != nil {
			return nil, err
		}
		ask = func(w *World, e *entity) (bool, error) {
			p, err := at(w)
			return err == nil && p.pose.To(e.at.Vec) <= near, err
		}
	default:
		return nil, k.wrong("is not played")
	}
	return ask, r.err
}

// withOther asks about an entity and another one; where the other isn't there, the answer is no.
func withOther(name string, ask func(w *World, e, other *entity) (bool, error)) about {
	return func(w *World, e *entity) (bool, error) {
		other := w.find(name)
		if other == nil {
			return false, fmt.Errorf("there is no entity %q", name)
		}
		if other.gone || e.gone {
			return false, nil
		}
		return ask(w, e, other)
	}
}

// distance gives how far apart two entities are, as the condition wants it. Along and across are seen from the first
// entity, in road and lane coordinates too.
func distance(r *reader, k *node) func(e, other *entity) float64 {
	free := r.text(k, "freespace", "false") == "true"
	kind := r.text(k, "relativeDistanceType", "euclidianDistance")
	return func(e, other *entity) float64 {
		d := e.at.Local(other.at.Vec)
		long, wide := math.Abs(d.X), math.Abs(d.Y)
		if free {
			long, wide = gap(e.box(), other.box())
		}
		switch kind {
		case "longitudinal":
			return long
		case "lateral":
			return wide
		}
		if free {
			return e.box().Distance(other.box())
		}
		return e.at.To(other.at.Vec)
	}
}

// gap gives how far apart two boxes are along the first one, and across it.
func gap(a, b geom.Box) (along, across float64) {
	low, high := geom.Vec{X: math.Inf(1), Y: math.Inf(1)}, geom.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, c := range b.Corners() {
		v := a.Local(c)
		low, high = geom.Vec{X: min(low.X, v.X), Y: min(low.Y, v.Y)}, geom.Vec{X: max(high.X, v.X), Y: max(high.Y, v.Y)}
	}
	return max(0, low.X-a.Length/2, -a.Length/2-high.X), max(0, low.Y-a.Width/2, -a.Width/2-high.Y)
}
