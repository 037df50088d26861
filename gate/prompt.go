package gate

import (
	"fmt"

	"hutong/thing"
)

// Prompt is a Doer that can carry out some Commands without waiting for anything.
type Prompt interface {
	Doer
	// Ready says whether cmd is such a Command just now.
	Ready(cmd *thing.Command) bool
	// Now carries out cmds, for each of which Ready was true, in order, and puts into outs, which is as long, how each
	// ended.
	Now(cmds []thing.Command, outs []thing.Outcome)
}

// Prompt is Do for many Commands at once, as far as they need no waiting: it judges them, writes all verdicts down in
// one piece, and only then carries the allowed ones out, in order. How each ended goes into outs, which is as long. The
// Status stays "" where a Command is left to Do: it might have to wait, or an earlier one to the same Thing might.
func (g *Gate) Prompt(cmds []thing.Command, outs []thing.Outcome) {
	next, ok := g.Next.(Prompt)
	if !ok {
		return
	}
	asked := thing.At(g.Now())
	var left map[thing.ID]bool // Things with a Command that is left to Do
	entries := make([]Entry, 0, len(cmds))
	place := make([]int, 0, len(cmds)) // beside entries
	for i := range cmds {
		cmd := &cmds[i]
		x, ok := g.Things.Thing(cmd.Ref.Thing)
		if !ok || cmd.Ref.Kind == thing.Event || left[cmd.Ref.Thing] || !next.Ready(cmd) {
			if left == nil {
				left = map[thing.ID]bool{}
			}
			left[cmd.Ref.Thing] = true
			continue
		}
		op := Write
		if cmd.Ref.Kind == thing.Action {
			op = Invoke
		}
		v := g.judge(cmd, op, x)
		p, ok := x.Find(cmd.Ref.Kind, cmd.Ref.Name)
		entries, place = append(entries, entryOf(*cmd, v, !ok || p.WriteOnly)), append(place, i)
	}
	err := g.writeAll(entries)
	var refused bool
	for k := range entries {
		i, reason := place[k], entries[k].Reason
		cmd := &cmds[i]
		if entries[k].Allowed && err != nil && g.inClinic(cmd.Ref.Thing) {
			entries[k].Allowed, reason = false, unwritten(err)
		}
		if !entries[k].Allowed {
			outs[i] = thing.Outcome{Command: *cmd, Status: thing.Failed, Error: reason, Asked: asked, Ended: asked}
			refused = true
		}
	}
	if len(entries) == len(cmds) && !refused {
		next.Now(cmds, outs)
		return
	}
	allowed := make([]thing.Command, 0, len(entries))
	goes := place[:0] // beside allowed
	for k, i := range place {
		if entries[k].Allowed {
			allowed, goes = append(allowed, cmds[i]), append(goes, i)
		}
	}
	if len(allowed) == 0 {
		return
	}
	ended := make([]thing.Outcome, len(allowed))
	next.Now(allowed, ended)
	for k := range ended {
		outs[goes[k]] = ended[k]
	}
}

func unwritten(err error) string {
	return fmt.Sprintf("nothing is done in the clinic that cannot be written down: %v", err)
}

// writeAll writes entries down in one piece, except refusals that come too often.
func (g *Gate) writeAll(entries []Entry) error {
	if g.Audit == nil || len(entries) == 0 {
		return nil
	}
	now := g.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if !e.Allowed && !g.denials.AllowN(now, 1) {
			g.missed++
			continue
		}
		e.Time, e.Missed = now.UTC(), 0
		if len(list) == 0 {
			e.Missed = g.missed
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return nil
	}
	told := list[0].Missed
	if err := g.Audit.Append(list...); err != nil {
		g.missed += uint64(len(list))
		return err
	}
	g.missed -= told
	return nil
}
