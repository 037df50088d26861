// Package condition compiles the expressions of rules: CEL (the Common Expression Language, github.com/google/cel-spec)
// over named points, checked against the types their Things declare before anything runs.
//
// Three things differ from plain CEL, so that people need not know what a double is and a rule never acts on what is not
// known. Every number is one type, so 3 and 3.0, a brightness and a temperature mix freely. A point whose value is not
// known makes the expression unknown rather than false, unless the rest decides it alone (false && unknown is false). And
// a few words look at time: now(), hour(), between("22:00", "06:00"), held(door, "5m"), changed(door), prev(door),
// age(door), known(door), sun_up(). See docs/rules.md.
//
// An expression reads nothing but its Input: the same Input gives the same Result, so a rule can be replayed.
package condition

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"hutong/thing"
)

// Limits of one expression. Work is counted in CEL's cost units, about one for each operation.
const (
	MaxSource = 4096  // bytes
	maxDepth  = 48    // nesting of the text
	maxCost   = 50000 // work of one evaluation
)

// Env says which points an expression may name, and the type of each.
type Env struct {
	Points map[string]thing.Type
	Sun    bool // true when the hub knows where it stands, so that sun_up() has an answer
}

// Problem is one thing wrong with an expression. Line and Column count from 1, within the text of the expression.
type Problem struct {
	Line, Column int
	Reason       string
}

// Problems is everything wrong with an expression, in the order of its text; never empty when it is an error.
type Problems []Problem

// Error lists the problems, one after another.
func (p Problems) Error() string {
	list := make([]string, len(p))
	for i, x := range p {
		list[i] = fmt.Sprintf("%d:%d: %s", x.Line, x.Column, x.Reason)
	}
	return strings.Join(list, "; ")
}

// Expr is a compiled expression. It does not change and may be evaluated from many goroutines at once.
type Expr struct {
	quick   operand // nil when only CEL can tell
	source  string
	want    thing.Type
	names   []string // points it reads, sorted
	slots   map[string]slot
	clock   bool
	program cel.Program
}

// Compile checks src against env and makes it ready to run. The result must be of type want; Any takes whatever comes,
// and Integer takes any number, which is rounded. The error is Problems.
func Compile(src string, env Env, want thing.Type) (*Expr, error) {
	if len(src) > MaxSource {
		return nil, Problems{{1, 1, fmt.Sprintf("the expression is %d bytes long; at most %d are allowed", len(src), MaxSource)}}
	}
	if strings.TrimSpace(src) == "" {
		return nil, Problems{{1, 1, "the expression is empty"}}
	}
	root, err := language()
	if err != nil {
		return nil, Problems{{1, 1, err.Error()}}
	}
	parsed, issues := root.Parse(src)
	if issues.Err() != nil {
		return nil, problems(issues, env)
	}
	rw := newRewrite(parsed.NativeRep(), env)
	rw.run()
	if len(rw.problems) > 0 {
		return nil, rw.problems
	}
	scope, err := root.Extend(rw.variables()...)
	if err != nil {
		return nil, Problems{{1, 1, err.Error()}}
	}
	checked, issues := scope.Check(parsed)
	if issues.Err() != nil {
		return nil, problems(issues, env)
	}
	if !yields(checked.OutputType(), want) {
		return nil, Problems{{1, 1, fmt.Sprintf("this gives %s; %s is wanted here", typeName(checked.OutputType().String()), typeName(celType(want).String()))}}
	}
	program, err := scope.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return nil, Problems{{1, 1, plain(err.Error(), env)}}
	}
	return &Expr{source: src, want: want, names: rw.names(), slots: rw.slots, clock: rw.clock, program: program, quick: quickly(checked.NativeRep().Expr(), rw.slots)}, nil
}

// Source is the text the expression was compiled from.
func (x *Expr) Source() string { return x.source }

// Names are the points the expression reads, sorted. They are not to be changed.
func (x *Expr) Names() []string { return x.names }

// UsesClock says whether the result may change though no point does.
func (x *Expr) UsesClock() bool { return x.clock }

func yields(got *cel.Type, want thing.Type) bool {
	if want == thing.Any || got.Kind() == cel.DynType.Kind() {
		return true
	}
	if want == thing.Integer || want == thing.Number {
		return got.Kind() == cel.DoubleType.Kind() || got.Kind() == cel.IntType.Kind()
	}
	return got.Kind() == celType(want).Kind()
}

func celType(t thing.Type) *cel.Type {
	switch t {
	case thing.Boolean:
		return cel.BoolType
	case thing.Integer, thing.Number:
		return cel.DoubleType
	case thing.Text:
		return cel.StringType
	case thing.Object:
		return cel.MapType(cel.StringType, cel.DynType)
	case thing.Array:
		return cel.ListType(cel.DynType)
	}
	return cel.DynType
}
