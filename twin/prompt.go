package twin

import "hutong/thing"

// Prompt is a Doer that can carry out some Commands without waiting for anything.
type Prompt interface {
	Doer
	// Ready says whether cmd is such a Command just now.
	Ready(cmd *thing.Command) bool
	// Now carries out cmds, for each of which Ready was true, in order, and puts into errs, which is as long, what came
	// of each.
	Now(cmds []thing.Command, errs []error)
}

// Ready says whether Now can carry out cmd without waiting for anything.
func (t *Twin) Ready(cmd *thing.Command) bool {
	p, ok := t.doer.(Prompt)
	if !ok || !p.Ready(cmd) {
		return false
	}
	t.commands.mu.Lock()
	defer t.commands.mu.Unlock()
	_, known := t.commands.byID[cmd.ID]
	return !known && !t.commands.closed
}

// Now is Do for Commands for each of which Ready was true: it carries them out in order without waiting, and puts into
// outs, which is as long, how each ended. Only the gate may call it.
func (t *Twin) Now(cmds []thing.Command, outs []thing.Outcome) {
	p, ok := t.doer.(Prompt)
	if !ok {
		panic("twin: Now without a Prompt")
	}
	now := t.now()
	asked := thing.At(now)
	fit, place := make([]thing.Command, 0, len(cmds)), make([]int, 0, len(cmds))
	for i := range cmds {
		cmd, err := t.fit(fill(cmds[i], now))
		if err == nil && cmd.Deadline <= asked {
			err = errLate
		}
		outs[i] = thing.Outcome{Command: cmd, Status: thing.Completed, Asked: asked}
		if err != nil {
			outs[i].Status, outs[i].Error = thing.Failed, err.Error()
			continue
		}
		t.ask(cmd)
		fit, place = append(fit, cmd), append(place, i)
	}
	errs := make([]error, len(fit))
	p.Now(fit, errs)
	for k, err := range errs {
		if err != nil {
			t.unask(fit[k])
			outs[place[k]].Status, outs[place[k]].Error = thing.Failed, err.Error()
		}
	}
	t.commands.note(outs, len(fit), thing.At(t.now()))
}

// note remembers Commands that have ended as they began; so many of them were passed to the Doer.
func (c *commands) note(outs []thing.Outcome, passed int, now thing.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += uint64(passed)
	for i := range outs {
		o := &outs[i]
		o.Ended = now
		r := &record{outcome: *o}
		c.byID[o.Command.ID] = r
		c.byRef[o.Command.Ref] = append(c.byRef[o.Command.Ref], r)
		c.retire(r)
	}
}
