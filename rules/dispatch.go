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
