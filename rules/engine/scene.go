package engine

import (
	"hutong/rules/text"
)

// Scene is a scene joined to its Things.
type Scene struct {
	text    *text.Scene
	points  []point
	targets []target
}

// JoinScene joins s to the Things behind l.
func JoinScene(s *text.Scene, l *Lookup) (*Scene, text.Problems) {
	f := &flattener{compiler: newCompiler(Setting{}, l, s.Points)}
	f.steps(s.Then)
	f.problems.Sort()
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	box := &Scene{text: s, points: f.points}
	for _, o := range f.ops {
		box.targets = append(box.targets, o.targets...)
	}
	return box, nil
}
