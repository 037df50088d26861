package condition

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"hutong/thing"
)

// Reading is what is known of one point when an expression is evaluated.
type Reading struct {
	Value     thing.Value
	Known     bool        // false makes whatever needs the value unknown
	Since     thing.Time  // when the value last became different; 0 when nobody knows
	Before    thing.Value // what it was before; for prev()
	HasBefore bool
	Changed   bool // whether this point is what set the rule off
}

// Sun is where the sun stands: its height above the horizon in degrees, and whether it has risen.
type Sun struct {
	Elevation float64
	Up        bool
}

// Input is everything an expression can see. Its methods are pure: they give one answer during one evaluation.
type Input interface {
	// Reading is the state of a point that the expression names.
	Reading(point string) Reading
	// Now is the moment, in the time zone in which people there read a clock.
	Now() time.Time
	// Sun is where the sun stands now; asked only where Env.Sun was true.
	Sun() Sun
	// Trigger is the name of the trigger that set the rule off, "" for none.
	Trigger() string
}

// Result is the answer of an expression. When Known is false, Value means nothing: either Err says what went wrong, or
// Unknown names the points, sorted, whose values would be needed to tell.
type Result struct {
	Value   thing.Value
	Known   bool
	Unknown []string
	Err     error
}

// True says whether the result is known to be true.
func (r Result) True() bool { return r.Known && r.Value.Bool() }

// Eval runs the expression. It takes bounded time whatever the values are.
func (x *Expr) Eval(in Input) Result {
	if x.quick != nil {
		if v, sure := x.quick(in); sure {
			if v, err := x.fit(v); err == nil {
				return Result{Value: v, Known: true}
			}
		}
	}
	return x.ask(in)
}

// ask has CEL answer.
func (x *Expr) ask(in Input) Result {
	act := &activation{expr: x, in: in, readings: make([]Reading, len(x.names))}
	for i, name := range x.names {
		act.readings[i] = in.Reading(name)
	}
	vars, err := cel.PartialVars(act, act.unknown()...)
	if err != nil {
		return Result{Err: err}
	}
	out, _, err := x.program.Eval(vars)
	if u, ok := out.(*types.Unknown); ok {
		return Result{Unknown: x.pointsOf(u)}
	}
	if err != nil {
		return Result{Err: errors.New(plain(err.Error(), Env{}))}
	}
	v, err := fromCEL(out, 0)
	if err == nil {
		v, err = x.fit(v)
	}
	return Result{Value: v, Known: err == nil, Err: err}
}

func (x *Expr) pointsOf(u *types.Unknown) []string {
	var list []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			if s := x.slots[t.Variable()]; s.point != "" && !slices.Contains(list, s.point) {
				list = append(list, s.point)
			}
		}
	}
	slices.Sort(list)
	return list
}

// activation answers CEL's questions about variables from an Input.
type activation struct {
	expr     *Expr
	in       Input
	readings []Reading // beside expr.names
}

func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) reading(point string) Reading {
	i, _ := slices.BinarySearch(a.expr.names, point)
	return a.readings[i]
}

// unknown lists the variables that have no value.
func (a *activation) unknown() []*cel.AttributePatternType {
	var list []*cel.AttributePatternType
	for name, s := range a.expr.slots {
		if s.point == "" {
			continue
		}
		r := a.reading(s.point)
		if s.facet == value && !r.Known || s.facet == since && (!r.Known || r.Since == 0) || s.facet == before && !r.HasBefore {
			list = append(list, cel.AttributePattern(name))
		}
	}
	return list
}

// ResolveName gives the value of a variable.
func (a *activation) ResolveName(name string) (any, bool) {
	s, ok := a.expr.slots[name]
	if !ok {
		return nil, false
	}
	if s.point == "" {
		return a.moment(s.facet), true
	}
	r := a.reading(s.point)
	switch s.facet {
	case changed:
		return r.Changed, true
	case known:
		return r.Known, true
	case since:
		return r.Since.Std(), true
	case before:
		return native(r.Before), true
	}
	return native(r.Value), true
}

func (a *activation) moment(f facet) any {
	t := a.in.Now()
	switch f {
	case secondOfDay:
		return float64(t.Hour()*3600 + t.Minute()*60 + t.Second())
	case hour:
		return float64(t.Hour())
	case minute:
		return float64(t.Minute())
	case weekday:
		return Weekdays[t.Weekday()]
	case weekend:
		return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	case day:
		return float64(t.Day())
	case month:
		return float64(t.Month())
	case year:
		return float64(t.Year())
	case sunUp:
		return a.in.Sun().Up
	case sunElevation:
		return a.in.Sun().Elevation
	case trigger:
		return a.in.Trigger()
	}
	return t
}

// Weekdays are the short names of the days, Sunday first as in package time.
var Weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// native is v as CEL sees it: every number a double.
func native(v thing.Value) any {
	switch v.Type() {
	case thing.Boolean:
		return v.Bool()
	case thing.Integer, thing.Number:
		return v.Float()
	case thing.Text:
		return v.Text()
	case thing.Object, thing.Array:
		var x any
		if err := json.Unmarshal([]byte(v.Document()), &x); err != nil {
			return types.NewErr("the value is not JSON: %v", err)
		}
		return x
	}
	return types.NullValue
}

// fit makes v a Value of the wanted type.
func (x *Expr) fit(v thing.Value) (thing.Value, error) {
	if v.IsNumber() && x.want == thing.Integer {
		f := math.Round(v.Float())
		if math.Abs(f) > 1<<53 {
			return thing.Value{}, fmt.Errorf("%g is too large for a whole number", f)
		}
		return thing.Int(int64(f)), nil
	}
	if x.want != thing.Any && v.Type() != x.want {
		return thing.Value{}, fmt.Errorf("this gave %s; %s is wanted here", v.Describe(), typeName(celType(x.want).String()))
	}
	return v, nil
}

func fromCEL(out ref.Val, depth int) (thing.Value, error) {
	switch v := out.(type) {
	case types.Bool:
		return thing.Bool(bool(v)), nil
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return thing.Value{}, errors.New("the result is not a number")
		}
		return thing.Float(float64(v)), nil
	case types.Int:
		return thing.Float(float64(v)), nil
	case types.String:
		return thing.String(string(v)), nil
	case types.Null:
		return thing.Null(), nil
	case types.Timestamp:
		return thing.String(v.Format(time.RFC3339)), nil
	case types.Duration:
		return thing.String(v.Duration.String()), nil
	}
	if depth > maxDepth {
		return thing.Value{}, errors.New("the result is nested too deeply")
	}
	x, err := plainJSON(out, depth)
	if err != nil {
		return thing.Value{}, err
	}
	return thing.Of(x)
}

func plainJSON(out ref.Val, depth int) (any, error) {
	switch v := out.(type) {
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			x, err := fromCEL(it.Next(), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	case traits.Mapper:
		object := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			name, ok := k.(types.String)
			if !ok {
				return nil, errors.New("the names in an object must be texts")
			}
			x, err := fromCEL(v.Get(k), depth+1)
			if err != nil {
				return nil, err
			}
			object[string(name)] = x
		}
		return object, nil
	}
	return nil, fmt.Errorf("%s cannot be a value", typeName(out.Type().TypeName()))
}
