package binding

import (
	"fmt"
	"runtime/debug"

	"hutong/thing"
)

// Ready says whether Now can carry out cmd without waiting for anything.
func (s *Supervisor) Ready(cmd *thing.Command) bool {
	b, err := s.owner(cmd.Ref.Thing)
	if err != nil {
		return false
	}
	p, ok := b.Binding.(Prompt)
	return ok && p.Ready(cmd)
}

// Now carries out cmds, for each of which Ready was true, in order, and puts into errs what came of each.
func (s *Supervisor) Now(cmds []thing.Command, errs []error) {
	var of *supervised
	from := 0
	for i := range cmds {
		b, err := s.owner(cmds[i].Ref.Thing)
		if b != of || err != nil {
			s.now(of, cmds[from:i], errs[from:i])
			of, from = b, i
		}
		if err != nil {
			errs[i] = err
			from = i + 1
		}
	}
	s.now(of, cmds[from:], errs[from:])
}

// now has b carry out cmds. A panic in it is the error of all of them.
func (s *Supervisor) now(b *supervised, cmds []thing.Command, errs []error) {
	if len(cmds) == 0 {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("binding panicked", "binding", b.name, "command", cmds[0].ID, "panic", p, "stack", string(debug.Stack()))
			for i := range errs {
				errs[i] = fmt.Errorf("binding %s: panic: %v", b.name, p)
			}
		}
	}()
	p, ok := b.Binding.(Prompt)
	if !ok {
		panic("it is not prompt")
	}
	p.Now(cmds, errs)
}
