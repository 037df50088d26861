package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hutong/condition"
	"hutong/rules/text"
	"hutong/thing"
)

const (
	maxOps      = 10000            // instructions in one run
	maxTogether = 500              // Commands of one step
	deadline    = 10 * time.Second // of a Command
	grace       = 5 * time.Second  // after a deadline, until a Command without an outcome counts as failed
	maxNotices  = 50               // in one run
	maxMessage  = 2000             // bytes of a notice
	glance      = time.Second      // how often a wait that reads the clock looks again
)

// run is one run of a rule: a place in its list of ops, and what it waits for there.
type run struct {
	rule    *live
	trace   *Trace
	changed int
	pc      int
	done    int // instructions so far
	told    int // notices so far
	counts  []int
	asked   []asked // Commands without an outcome yet, in their order
	failed  string
	waits   *condition.Expr
	timer   *timer // of a delay, a timeout or missing outcomes
	glance  *timer
	step    int // the step of the trace that is under way, -1 for none
	over    bool
}

// asked is a Command and its step in the trace.
type asked struct {
	id   string
	step int
}

func (x *run) view(e *Engine) view { return view{e, x.rule, x.changed, x.trace.Trigger.Name} }

// exec goes on with a run until it waits or ends.
func (e *Engine) exec(x *run) {
	x.trace.Result = Running
	for !x.over {
		if x.pc >= len(x.rule.ops) {
			e.finish(x, Done, "")
			return
		}
		if x.done++; x.done > maxOps {
			e.finish(x, Failed, fmt.Sprintf("it took more than %d steps", maxOps))
			return
		}
		o := &x.rule.ops[x.pc]
		x.pc++
		if e.do(x, o) {
			return
		}
	}
}

// do carries out one instruction and says whether the run must wait now.
func (e *Engine) do(x *run, o *op) (wait bool) {
	switch o.kind {
	case opCommands:
		return e.commands(x, o, o.targets)
	case opScene:
		return e.scene(x, o)
	case opNotify:
		return e.notify(x, o)
	case opDelay:
		x.step = x.trace.Add(Step{Path: o.step, Kind: "delay", Began: e.now, Text: o.span.String()})
		x.timer = e.timer(x.rule, e.now+thing.Time(o.span), func() { e.resume(x, "") })
		return true
	case opWait:
		return e.wait(x, o)
	case opIf:
		e.branch(x, o)
	case opJump:
		x.pc = o.jump
	case opReset:
		x.counts[o.counter] = 0
	case opRepeat:
		if x.counts[o.counter]++; x.counts[o.counter] > o.times {
			x.pc = o.jump
		}
	case opStop:
		e.note(x, o, Step{Text: o.message.parts[0]})
		e.finish(x, Stopped, o.message.parts[0])
		return true
	}
	return false
}

func (e *Engine) notify(x *run, o *op) bool {
	if x.told++; x.told > maxNotices {
		e.finish(x, Failed, fmt.Sprintf("%s: more than %d notices in one run", o.step, maxNotices))
		return true
	}
	text, err := e.say(x, &o.message)
	if err != nil {
		return e.fail(x, o, Step{Text: text}, err.Error())
	}
	e.note(x, o, Step{Text: text})
	e.out.Notices = append(e.out.Notices, Notice{Time: e.now, Rule: x.rule.head.ID, Trace: x.trace.ID, Level: o.level, Text: text})
	return false
}

// note puts a step that is over at once into the trace.
func (e *Engine) note(x *run, o *op, s Step) {
	s.Path, s.Kind, s.Began, s.Ended = o.step, o.word, e.now, e.now
	x.trace.Add(s)
}

// fail notes a step that could not be done, and says whether the run ends with it.
func (e *Engine) fail(x *run, o *op, s Step, why string) bool {
	s.Error, s.Status = why, thing.Failed
	e.note(x, o, s)
	if o.carryOn {
		return false
	}
	e.finish(x, Failed, o.step+": "+why)
	return true
}

// branch chooses; what is not known chooses neither way.
func (e *Engine) branch(x *run, o *op) {
	v := x.view(e)
	res := o.cond.Eval(v)
	s := Step{Answer: answer(res), Seen: v.seen(o.cond)}
	switch {
	case res.Err != nil:
		s.Error = res.Err.Error()
		x.pc = o.end
	case !res.Known:
		s.Text = "not known: " + strings.Join(res.Unknown, ", ")
		x.pc = o.end
	case !res.True():
		x.pc = o.jump
	}
	e.note(x, o, s)
}

func (e *Engine) scene(x *run, o *op) bool {
	box := e.scenes[o.scene]
	if box == nil {
		return e.fail(x, o, Step{Text: o.scene}, fmt.Sprintf("there is no scene %q that could be activated", o.scene))
	}
	e.note(x, o, Step{Text: o.scene})
	return e.commands(x, o, box.targets)
}

// commands gives out the Commands of one step and waits for all their outcomes.
func (e *Engine) commands(x *run, o *op, targets []target) bool {
	if len(targets) > maxTogether {
		return e.fail(x, o, Step{}, fmt.Sprintf("%d commands in one step; at most %d are allowed", len(targets), maxTogether))
	}
	x.asked, x.failed = x.asked[:0], ""
	for i := range targets {
		t := &targets[i]
		v := t.value
		if t.calc != nil {
			var why string
			if v, why = e.work(x, t); why != "" {
				x.failed = why
				e.note(x, o, Step{Ref: t.name, Status: thing.Failed, Error: why})
				continue
			}
		}
		e.ids++
		cmd := thing.Command{
			ID: x.trace.ID + "." + strconv.Itoa(x.done) + "." + strconv.Itoa(i), Ref: t.ref, Input: v, By: x.rule.by(),
			Cause: thing.Cause{Trace: x.trace.ID, Hops: x.trace.Trigger.Hops + 1}, Deadline: e.now + thing.Time(deadline),
		}
		s := Step{Path: o.step, Kind: o.word, Began: e.now, Command: cmd.ID, Ref: t.name, Input: ptr(v), Status: thing.Pending}
		if t.point.WriteOnly {
			s.Input = nil // a secret: it is not for reading, here neither
		}
		x.asked = append(x.asked, asked{cmd.ID, x.trace.Add(s)})
		e.pending[cmd.ID] = x
		e.out.Commands = append(e.out.Commands, cmd)
	}
	if len(x.asked) == 0 {
		return e.settle(x, o)
	}
	x.timer = e.timer(x.rule, e.now+thing.Time(deadline+grace), func() {
		for len(x.asked) > 0 {
			e.answered(x, x.asked[0].id, thing.Failed, "there was no answer in time")
		}
		e.resume(x, "")
	})
	return true
}

// work works out the value of a target; why says what stood in the way.
func (e *Engine) work(x *run, t *target) (v thing.Value, why string) {
	res := t.calc.Eval(x.view(e))
	switch {
	case res.Err != nil:
		return v, res.Err.Error()
	case !res.Known:
		return v, "not known: " + strings.Join(res.Unknown, ", ")
	}
	v, err := t.point.Accept(res.Value)
	if err != nil {
		return v, err.Error()
	}
	return v, ""
}

func (e *Engine) outcome(o *thing.Outcome) {
	x := e.pending[o.Command.ID]
	if x == nil || o.Status != thing.Completed && o.Status != thing.Failed {
		return
	}
	e.answered(x, o.Command.ID, o.Status, o.Error)
	if len(x.asked) == 0 {
		e.resume(x, "")
	}
}

// answered takes down the outcome of one Command of the step under way.
func (e *Engine) answered(x *run, id string, status thing.Status, why string) {
	i := slices.IndexFunc(x.asked, func(a asked) bool { return a.id == id })
	if step := x.asked[i].step; step >= 0 {
		s := &x.trace.Steps[step]
		s.Ended, s.Status, s.Error = e.now, status, why
	}
	x.asked = slices.Delete(x.asked, i, i+1)
	delete(e.pending, id)
	if status == thing.Failed && x.failed == "" {
		x.failed = why
		if why == "" {
			x.failed = "the command failed"
		}
	}
}

// settle ends a step of Commands, and says whether the run ends with it.
func (e *Engine) settle(x *run, o *op) bool {
	if x.failed != "" && !o.carryOn {
		e.finish(x, Failed, o.step+": "+x.failed)
		return true
	}
	return false
}

// resume goes on after a wait of any kind. Answer is what a wait came to, "" for other steps.
func (e *Engine) resume(x *run, answer string) {
	if x.over {
		return
	}
	e.stop(x.timer)
	e.stop(x.glance)
	x.timer, x.glance, x.waits = nil, nil, nil
	if x.step >= 0 {
		s := &x.trace.Steps[x.step]
		s.Ended, s.Answer = e.now, answer
	}
	x.step = -1
	o := &x.rule.ops[x.pc-1]
	if answer == "timeout" && !o.carryOn {
		e.finish(x, Stopped, o.step+": waited "+o.span.String()+" for nothing")
		return
	}
	if (o.kind == opCommands || o.kind == opScene) && e.settle(x, o) {
		return
	}
	e.exec(x)
}

// wait begins a wait step; a condition that is true already costs no time.
func (e *Engine) wait(x *run, o *op) bool {
	x.waits = o.cond
	x.step = x.trace.Add(Step{Path: o.step, Kind: "wait", Began: e.now, Text: o.cond.Source()})
	if o.cond.Eval(x.view(e)).True() {
		x.waits = nil
		if x.step >= 0 {
			s := &x.trace.Steps[x.step]
			s.Ended, s.Answer = e.now, "true"
		}
		x.step = -1
		return false
	}
	x.timer = e.timer(x.rule, e.now+thing.Time(o.span), func() { e.resume(x, "timeout") })
	if o.cond.UsesClock() {
		e.glance(x)
	}
	return true
}

// glance looks at a condition that may come true with time alone, again and again.
func (e *Engine) glance(x *run) {
	x.glance = e.timer(x.rule, e.now+thing.Time(glance), func() {
		if !x.over && x.waits != nil {
			e.glance(x)
			e.look(x, x.changed)
		}
	})
}

// look asks a waiting run's condition again.
func (e *Engine) look(x *run, changed int) {
	if x.over || x.waits == nil {
		return
	}
	v := x.view(e)
	v.changed = changed
	if x.waits.Eval(v).True() {
		e.resume(x, "true")
	}
}

// say fills in a message. What is not known is said to be so.
func (e *Engine) say(x *run, m *message) (string, error) {
	var b strings.Builder
	for i, part := range m.parts {
		b.WriteString(part)
		if i == len(m.exprs) {
			break
		}
		res := m.exprs[i].Eval(x.view(e))
		switch {
		case res.Err != nil:
			return b.String(), res.Err
		case !res.Known:
			b.WriteString("(unknown)")
		default:
			b.WriteString(show(res.Value))
		}
		if b.Len() > maxMessage {
			return strings.ToValidUTF8(b.String()[:maxMessage], ""), nil
		}
	}
	return b.String(), nil
}

// show is a value as people read it: numbers without needless digits, texts without quotes.
func show(v thing.Value) string {
	switch v.Type() {
	case thing.Text:
		return v.Text()
	case thing.Integer, thing.Number:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return string(v.AppendJSON(nil))
}

// finish ends a run, and begins the next that waits behind it.
func (e *Engine) finish(x *run, result Result, why string) {
	if x.over {
		return
	}
	x.over = true
	e.stop(x.timer)
	e.stop(x.glance)
	for _, a := range x.asked {
		delete(e.pending, a.id)
	}
	r := x.rule
	r.runs = slices.DeleteFunc(r.runs, func(y *run) bool { return y == x })
	e.end(x.trace, result, why)
	if r.head.Mode == text.Queued && len(r.runs) > 0 && r.runs[0].trace.Result == Waiting && result != Cancelled {
		e.exec(r.runs[0])
	}
}
