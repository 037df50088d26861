package engine

import (
	"container/heap"

	"hutong/thing"
)

// timer is something the Engine will do for a rule at a moment. Those of one moment are done in the order they were made.
type timer struct {
	at    thing.Time
	order uint64
	place int // in the heap; -1 when it is not there
	rule  *live
	do    func()
}

// timers is a heap, the next one first.
type timers struct {
	list  []*timer
	count uint64
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (t *timers) Len() int { return len(t.list) }

func (t *timers) Less(i, j int) bool {
	a, b := t.list[i], t.list[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}

func (t *timers) Swap(i, j int) {
	t.list[i], t.list[j] = t.list[j], t.list[i]
	t.list[i].place, t.list[j].place = i, j
}

func (t *timers) Push(x any) {
	last := x.(*timer)
	last.place = len(t.list)
	t.list = append(t.list, last)
}

func (t *timers) Pop() any {
	last := t.list[len(t.list)-1]
	t.list[len(t.list)-1] = nil
	t.list = t.list[:len(t.list)-1]
	last.place = -1
	return last
}

func (t *timers) add(at thing.Time, r *live, do func()) *timer {
	t.count++
	x := &timer{at: at, order: t.count, rule: r, do: do}
	heap.Push(t, x)
	return x
}

// next is when the first timer is due, 0 when there is none.
func (t *timers) next() thing.Time {
	if len(t.list) == 0 {
		return 0
	}
	return t.list[0].at
}

// due does what has come due by now. What that adds waits for the next Step, so that a Step ends.
func (e *Engine) due() {
	last := e.timers.count
	for {
		at := e.timers.next()
		if at == 0 || at > e.now || e.timers.list[0].order > last {
			return
		}
		t := heap.Pop(&e.timers).(*timer)
		delete(t.rule.timers, t)
		t.do()
	}
}

// stop takes a timer back; one that is done or nil is left alone.
func (e *Engine) stop(t *timer) {
	if t != nil && t.place >= 0 {
		heap.Remove(&e.timers, t.place)
		delete(t.rule.timers, t)
	}
}
