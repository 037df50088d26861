package rules

import (
	"context"
	"sync"
	"time"

	"hutong/thing"
)

// deadline is how long a Command may take; the Engine gives its Commands the same.
const deadline = 10 * time.Second

// maxQueued is how many Commands may wait or be under way at once; more are refused, and the run told so.
const maxQueued = 2048

// dispatcher passes Commands on: those for one Thing one after another in their order, those for different Things side
// by side, so that one slow device holds up no other.
type dispatcher struct {
	do   Commander
	done func(thing.Outcome) // called from any goroutine

	mu    sync.Mutex
	ctx   context.Context // nil until begun: Commands wait
	queue map[thing.ID][]thing.Command
	count int
	group sync.WaitGroup
}

// push takes cmd, false when too many are waiting. It does not block.
func (d *dispatcher) push(cmd thing.Command) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count >= maxQueued {
		return false
	}
	d.count++
	id := cmd.Ref.Thing
	list, busy := d.queue[id]
	d.queue[id] = append(list, cmd)
	if !busy && d.ctx != nil {
		d.group.Go(func() { d.work(d.ctx, id) })
	}
	return true
}

// carry takes Commands, and gives how those ended that need no waiting or are too many. It does not block.
func (d *dispatcher) carry(cmds []thing.Command, now thing.Time) (ended []thing.Outcome) {
	if len(cmds) == 0 {
		return nil
	}
	outs := make([]thing.Outcome, len(cmds))
	d.prompt(cmds, outs)
	ended = outs[:0]
	for i := range cmds {
		out := &outs[i]
		if out.Status == "" {
			if d.push(cmds[i]) {
				continue
			}
			*out = thing.Outcome{Status: thing.Failed, Error: "too many commands are waiting already", Asked: now, Ended: now}
		}
		out.Command = cmds[i]
		ended = append(ended, *out)
	}
	return ended
}

// prompt carries out what needs no waiting, unless Commands for the same Thing wait already.
func (d *dispatcher) prompt(cmds []thing.Command, outs []thing.Outcome) {
	p, ok := d.do.(Prompt)
	if !ok {
		return
	}
	d.mu.Lock()
	ready := d.ctx != nil && d.ctx.Err() == nil
	busy := false
	if ready && len(d.queue) > 0 {
		for i := range cmds {
			_, waits := d.queue[cmds[i].Ref.Thing]
			busy = busy || waits
		}
	}
	d.mu.Unlock()
	switch {
	case !ready:
	case !busy:
		p.Prompt(cmds, outs)
	default:
		d.promptRest(p, cmds, outs)
	}
}

// promptRest is prompt for those Things for which nothing waits.
func (d *dispatcher) promptRest(p Prompt, cmds []thing.Command, outs []thing.Outcome) {
	var rest []thing.Command
	var place []int
	d.mu.Lock()
	for i := range cmds {
		if _, waits := d.queue[cmds[i].Ref.Thing]; !waits {
			rest, place = append(rest, cmds[i]), append(place, i)
		}
	}
	d.mu.Unlock()
	if len(rest) == 0 {
		return
	}
	ended := make([]thing.Outcome, len(rest))
	p.Prompt(rest, ended)
	for k, i := range place {
		outs[i] = ended[k]
	}
}

// begin lets Commands go out until ctx ends.
func (d *dispatcher) begin(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx = ctx
	for id := range d.queue {
		d.group.Go(func() { d.work(ctx, id) })
	}
}

// work passes on the Commands of one Thing until there are none.
func (d *dispatcher) work(ctx context.Context, id thing.ID) {
	for {
		d.mu.Lock()
		list := d.queue[id]
		if len(list) == 0 {
			delete(d.queue, id)
			d.mu.Unlock()
			return
		}
		cmd := list[0]
		d.queue[id] = list[1:]
		d.mu.Unlock()

		out := d.one(ctx, cmd)
		d.mu.Lock()
		d.count--
		d.mu.Unlock()
		d.done(out)
	}
}

func (d *dispatcher) one(ctx context.Context, cmd thing.Command) thing.Outcome {
	if ctx.Err() != nil {
		return thing.Outcome{Command: cmd, Status: thing.Failed, Error: "the hub is stopping"}
	}
	until, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	out := d.do.Do(until, cmd)
	out.Command = cmd
	if out.Status != thing.Completed && out.Status != thing.Failed {
		out.Status, out.Error = thing.Failed, "it has not ended in time"
	}
	return out
}
