package condition

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"hutong/thing"
)

// An expression is answered without CEL where that is sure to give the same: points, or members of points that are
// objects, as they are, or compared with constants and joined by && || and !. Sure is false where anything is out of the
// ordinary: a value that is not known, a member that is not there, types that differ. Then CEL is asked.

// quick is an answer that is true or false.
type quick func(in Input) (answer, sure bool)

// operand is a value.
type operand func(in Input) (v thing.Value, sure bool)

// quickly is the value of e, nil when it takes CEL.
func quickly(e ast.Expr, slots map[string]slot) operand {
	if x := valueOf(e, slots); x != nil {
		return func(in Input) (thing.Value, bool) {
			v, sure := x(in)
			if v.IsNumber() {
				v = thing.Float(v.Float()) // CEL has but one kind
			}
			return v, sure && (v.IsNumber() || v.Type() == thing.Boolean || v.Type() == thing.Text)
		}
	}
	x := lower(e, slots)
	if x == nil {
		return nil
	}
	return func(in Input) (thing.Value, bool) {
		answer, sure := x(in)
		return thing.Bool(answer), sure
	}
}

// lower makes a quick of e, nil when it is more than that.
func lower(e ast.Expr, slots map[string]slot) quick {
	if e.Kind() != ast.CallKind {
		return truth(valueOf(e, slots))
	}
	c := e.AsCall()
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalNot:
		x := lower(args[0], slots)
		if x == nil {
			return nil
		}
		return func(in Input) (bool, bool) {
			a, sure := x(in)
			return !a, sure
		}
	case operators.LogicalAnd:
		return join(lower(args[0], slots), lower(args[1], slots), false)
	case operators.LogicalOr:
		return join(lower(args[0], slots), lower(args[1], slots), true)
	}
	if len(args) != 2 {
		return nil
	}
	return compare(c.FunctionName(), args[0], args[1], slots)
}

// join is && (decides on false) or || (decides on true): one side that decides is enough.
func join(x, y quick, decides bool) quick {
	if x == nil || y == nil {
		return nil
	}
	return func(in Input) (bool, bool) {
		a, sureA := x(in)
		if sureA && a == decides {
			return decides, true
		}
		b, sureB := y(in)
		if sureB && b == decides {
			return decides, true
		}
		return !decides, sureA && sureB
	}
}

func truth(x operand) quick {
	if x == nil {
		return nil
	}
	return func(in Input) (bool, bool) {
		v, sure := x(in)
		return v.Bool(), sure && v.Type() == thing.Boolean
	}
}

// compare is a value against a constant.
func compare(op string, left, right ast.Expr, slots map[string]slot) quick {
	if left.Kind() == ast.LiteralKind {
		turned, ok := map[string]string{
			operators.Less: operators.Greater, operators.Greater: operators.Less, operators.LessEquals: operators.GreaterEquals,
			operators.GreaterEquals: operators.LessEquals, operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
		}[op]
		if !ok {
			return nil
		}
		op, left, right = turned, right, left
	}
	x := valueOf(left, slots)
	if x == nil || right.Kind() != ast.LiteralKind {
		return nil
	}
	switch c := right.AsLiteral().(type) {
	case types.Double:
		return against(op, x, float64(c))
	case types.String:
		return same(op, x, thing.String(string(c)))
	case types.Bool:
		return same(op, x, thing.Bool(bool(c)))
	}
	return nil
}

func against(op string, x operand, c float64) quick {
	holds, ok := map[string]func(v float64) bool{
		operators.Less:          func(v float64) bool { return v < c },
		operators.LessEquals:    func(v float64) bool { return v <= c },
		operators.Greater:       func(v float64) bool { return v > c },
		operators.GreaterEquals: func(v float64) bool { return v >= c },
		operators.Equals:        func(v float64) bool { return v == c },
		operators.NotEquals:     func(v float64) bool { return v != c },
	}[op]
	if !ok {
		return nil
	}
	return func(in Input) (bool, bool) {
		v, sure := x(in)
		if !sure || !v.IsNumber() {
			return false, false
		}
		return holds(v.Float()), true
	}
}

func same(op string, x operand, c thing.Value) quick {
	if op != operators.Equals && op != operators.NotEquals {
		return nil
	}
	return func(in Input) (bool, bool) {
		v, sure := x(in)
		return (v == c) == (op == operators.Equals), sure && v.Type() == c.Type()
	}
}

// valueOf is a point, or a member of one; nil for anything else.
func valueOf(e ast.Expr, slots map[string]slot) operand {
	switch e.Kind() {
	case ast.IdentKind:
		s, ok := slots[e.AsIdent()]
		if !ok || s.point == "" || s.facet != value {
			return nil
		}
		return func(in Input) (thing.Value, bool) {
			r := in.Reading(s.point)
			return r.Value, r.Known
		}
	case ast.SelectKind:
		f := e.AsSelect()
		object := valueOf(f.Operand(), slots)
		if object == nil || f.IsTestOnly() {
			return nil
		}
		name := f.FieldName()
		return func(in Input) (thing.Value, bool) {
			v, sure := object(in)
			if !sure {
				return v, false
			}
			return v.Member(name)
		}
	}
	return nil
}
