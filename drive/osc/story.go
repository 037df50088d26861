package osc

import (
	"fmt"
	"slices"
)

// part is an element of the storyboard: a story, act, group of manoeuvres, manoeuvre, event or action. It begins, runs
// until all within it is over, and is complete.
type part struct {
	kind, name string
	start      trigger
	stop       *trigger // of acts and the storyboard
	kids       []*part
	actors     []string // of a group
	override   bool     // an event that ends the others of its manoeuvre
	do         action   // of actions

	begun, over     bool
	beganAt, overAt int // ticks
	waits           []func() bool
	everywhere      bool
}

// storyboard understands the whole of it; its first part stands for the storyboard itself.
func (l *loader) storyboard(n *node) (*part, error) {
	if n == nil {
		return nil, fmt.Errorf("there is no storyboard")
	}
	board := &part{kind: "storyboard", begun: true}
	for _, s := range n.all("Story") {
		sc := &scope{vars: cloned(l.sc.vars)}
		if err := sc.declare(s.kid("ParameterDeclarations"), nil); err != nil {
			return nil, err
		}
		story, err := l.part(s, "story", sc)
		if err != nil {
			return nil, err
		}
		for _, a := range s.all("Act") {
			act, err := l.act(a, sc)
			if err != nil {
				return nil, err
			}
			story.kids = append(story.kids, act)
		}
		board.kids = append(board.kids, story)
	}
	stop, err := l.trigger(n.kid("StopTrigger"), &l.sc)
	if err != nil {
		return nil, err
	}
	if stop.groups != nil {
		board.stop = &stop
	}
	return board, nil
}

func cloned(v Values) Values {
	c := Values{}
	for name, x := range v {
		c[name] = x
	}
	return c
}

// part makes one with its name and start trigger.
func (l *loader) part(n *node, kind string, sc *scope) (*part, error) {
	r := reader{sc: sc}
	p := &part{kind: kind, name: r.text(n, "name", "")}
	var err error
	if start := n.kid("StartTrigger"); start != nil && kind != "story" {
		p.start, err = l.trigger(start, sc)
	}
	if err == nil {
		err = r.err
	}
	return p, err
}

func (l *loader) act(n *node, sc *scope) (*part, error) {
	act, err := l.part(n, "act", sc)
	if err != nil {
		return nil, err
	}
	if s := n.kid("StopTrigger"); s != nil {
		stop, err := l.trigger(s, sc)
		if err != nil {
			return nil, err
		}
		act.stop = &stop
	}
	for _, g := range n.all("ManeuverGroup") {
		group, err := l.part(g, "maneuverGroup", sc)
		if err != nil {
			return nil, err
		}
		r := reader{sc: sc}
		for _, e := range g.kid("Actors").all("EntityRef") {
			group.actors = append(group.actors, r.text(e, "entityRef", ""))
		}
		if r.err != nil {
			return nil, r.err
		}
		for _, m := range g.kids {
			inner := sc
			switch m.name {
			case "Maneuver":
			case "CatalogReference":
				if m, inner, err = l.refer(m, sc, "Maneuver"); err != nil {
					return nil, err
				}
			default:
				continue
			}
			made, err := l.maneuver(m, inner, group.actors)
			if err != nil {
				return nil, err
			}
			group.kids = append(group.kids, made)
		}
		act.kids = append(act.kids, group)
	}
	return act, nil
}

func (l *loader) maneuver(n *node, sc *scope, actors []string) (*part, error) {
	m, err := l.part(n, "maneuver", sc)
	if err != nil {
		return nil, err
	}
	for _, v := range n.all("Event") {
		event, err := l.part(v, "event", sc)
		if err != nil {
			return nil, err
		}
		r := reader{sc: sc}
		priority := r.text(v, "priority", "parallel")
		event.override = priority == "override" || priority == "overwrite"
		if times := r.whole(v, "maximumExecutionCount", 1); times > 1 {
			r.fail(v.wrong("to be played more than once is not played"))
		}
		for _, a := range v.all("Action") {
			action, err := l.part(a, "action", sc)
			if err != nil {
				return nil, err
			}
			if action.do, err = l.action(a, sc); err != nil {
				return nil, err
			}
			action.actors = actors
			if a.kid("GlobalAction") != nil {
				action.actors = nil
			}
			action.everywhere = a.kid("GlobalAction") != nil
			event.kids = append(event.kids, action)
		}
		if r.err != nil {
			return nil, r.err
		}
		m.kids = append(m.kids, event)
	}
	return m, nil
}

// step lets the part and all within it begin and end as it is time. up is the part it is in.
func (p *part) step(w *World, up *part) error {
	if p.over {
		return nil
	}
	if p.stop != nil && p.kind == "act" && p.begun {
		stop, err := p.stop.met(w)
		if err != nil {
			return err
		}
		if stop {
			p.end(w)
			return nil
		}
	}
	if !p.begun {
		start, err := p.start.met(w)
		if err != nil || !start {
			return err
		}
		p.begun, p.beganAt = true, w.tick
		if p.override {
			for _, other := range up.kids {
				if other != p && other.begun && !other.over {
					other.end(w)
				}
			}
		}
		if p.do != nil {
			if err := p.act(w); err != nil {
				return err
			}
		}
	}
	over := true
	for _, k := range p.kids {
		if err := k.step(w, p); err != nil {
			return err
		}
		over = over && k.over
	}
	p.waits = slices.DeleteFunc(p.waits, func(done func() bool) bool { return done() })
	if over && len(p.waits) == 0 && p.kind != "storyboard" {
		p.over, p.overAt = true, w.tick
	}
	return nil
}

// act begins an action for all its actors.
func (p *part) act(w *World) error {
	if p.everywhere {
		_, err := p.do(w, nil)
		return err
	}
	for _, name := range p.actors {
		e := w.find(name)
		if e == nil {
			return fmt.Errorf("there is no entity %q to play %q", name, p.name)
		}
		done, err := p.do(w, e)
		if err != nil {
			return err
		}
		if done != nil {
			p.waits = append(p.waits, done)
		}
	}
	return nil
}

// end makes an end of the part and all within it, and of what it makes entities do.
func (p *part) end(w *World) {
	if p.over {
		return
	}
	p.over, p.overAt, p.waits = true, w.tick, nil
	for _, k := range p.kids {
		k.end(w)
	}
}

// inState tells whether any part of that kind and name is in a state; those that are passed through hold for the tick
// in which they come, and the next.
func (p *part) inState(kind, name, state string, tick int) (bool, error) {
	found, is := false, false
	var look func(p *part) error
	look = func(p *part) error {
		if p.kind == kind && p.name == name {
			found = true
			now, err := p.state(state, tick)
			if err != nil {
				return err
			}
			is = is || now
		}
		for _, k := range p.kids {
			if err := look(k); err != nil {
				return err
			}
		}
		return nil
	}
	if err := look(p); err != nil {
		return false, err
	}
	if !found {
		return false, fmt.Errorf("the storyboard has no %s %q", kind, name)
	}
	return is, nil
}

func (p *part) state(state string, tick int) (bool, error) {
	switch state {
	case "startTransition":
		return p.begun && tick-p.beganAt <= 1, nil
	case "runningState":
		return p.begun && !p.over, nil
	case "endTransition", "stopTransition":
		return p.over && tick-p.overAt <= 1, nil
	case "completeState":
		return p.over, nil
	case "standbyState":
		return !p.begun, nil
	case "skipTransition":
		return false, nil
	}
	return false, fmt.Errorf("there is no state %q", state)
}
