package condition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// facet is the side of a point, or of the moment, that a variable holds.
type facet uint8

const (
	value facet = iota
	changed
	before
	known
	since
	now
	secondOfDay
	hour
	minute
	weekday
	weekend
	day
	month
	year
	sunUp
	sunElevation
	trigger
)

// slot says what one CEL variable stands for: a facet of a point, or of the moment when point is "".
type slot struct {
	point string
	facet facet
}

type moment struct {
	facet facet
	typ   *cel.Type
}

// moments are the words without arguments, each a variable once rewritten.
var moments = map[string]moment{
	"now": {now, cel.TimestampType}, "hour": {hour, cel.DoubleType}, "minute": {minute, cel.DoubleType},
	"weekday": {weekday, cel.StringType}, "weekend": {weekend, cel.BoolType}, "day": {day, cel.DoubleType},
	"month": {month, cel.DoubleType}, "year": {year, cel.DoubleType},
	"sun_up": {sunUp, cel.BoolType}, "sun_elevation": {sunElevation, cel.DoubleType},
}

// rewrite turns the words of this package into plain CEL over variables, and every number into a double, between
// parsing and checking. Variables it makes start with "@", which no text can.
type rewrite struct {
	ast      *ast.AST
	make     ast.ExprFactory
	env      Env
	nextID   int64
	slots    map[string]slot
	types    map[string]*cel.Type
	clock    bool
	problems Problems
}

func newRewrite(a *ast.AST, env Env) *rewrite {
	return &rewrite{
		ast: a, make: ast.NewExprFactory(), env: env, nextID: ast.MaxID(a) + 1,
		slots: map[string]slot{}, types: map[string]*cel.Type{},
	}
}

func (r *rewrite) run() { ast.PostOrderVisit(r.ast.Expr(), ast.NewExprVisitor(r.visit)) }

func (r *rewrite) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Int:
			e.SetKindCase(r.make.NewLiteral(e.ID(), types.Double(v)))
		case types.Uint:
			e.SetKindCase(r.make.NewLiteral(e.ID(), types.Double(v)))
		}
	case ast.IdentKind:
		r.ident(e)
	case ast.CallKind:
		r.call(e)
	}
}

func (r *rewrite) ident(e ast.Expr) {
	name := e.AsIdent()
	if t, ok := r.env.Points[name]; ok {
		r.declare(name, slot{name, value}, celType(t))
	} else if name == "trigger" {
		r.declare(name, slot{"", trigger}, cel.StringType)
	}
}

func (r *rewrite) call(e ast.Expr) {
	c := e.AsCall()
	name, args := c.FunctionName(), c.Args()
	switch {
	case name == operators.Modulo:
		e.SetKindCase(r.make.NewCall(e.ID(), modulo, args...))
	case name == operators.Index:
		r.index(args[1])
	case name == "size":
		r.size(e)
	case c.IsMemberFunction():
	case name == "between":
		r.between(e, args)
	case name == "held":
		r.held(e, args)
	case name == "changed" || name == "prev" || name == "known" || name == "age":
		r.point(e, name, args)
	default:
		if m, ok := moments[name]; ok {
			r.moment(e, name, m, args)
		}
	}
}

// index gives a literal place in a list its whole number back.
func (r *rewrite) index(e ast.Expr) {
	if e.Kind() != ast.LiteralKind {
		return
	}
	if d, ok := e.AsLiteral().(types.Double); ok && d == types.Double(int64(d)) {
		e.SetKindCase(r.make.NewLiteral(e.ID(), types.Int(d)))
	}
}

func (r *rewrite) size(e ast.Expr) {
	inner := r.make.CopyExpr(e)
	id := r.id(e)
	c := inner.AsCall()
	if c.IsMemberFunction() {
		inner = r.make.NewMemberCall(id, "size", c.Target(), c.Args()...)
	} else {
		inner = r.make.NewCall(id, "size", c.Args()...)
	}
	e.SetKindCase(r.make.NewCall(e.ID(), "double", inner))
}

func (r *rewrite) moment(e ast.Expr, name string, m moment, args []ast.Expr) {
	if len(args) > 0 {
		r.refuse(e, "%s() takes nothing between its brackets", name)
		return
	}
	if !r.env.Sun && (m.facet == sunUp || m.facet == sunElevation) {
		r.refuse(e, "%s() needs to know where the hub stands; give it a latitude and longitude", name)
		return
	}
	r.clock = true
	e.SetKindCase(r.variable(e.ID(), slot{"", m.facet}, "@"+name, m.typ))
}

func (r *rewrite) between(e ast.Expr, args []ast.Expr) {
	if len(args) != 2 {
		r.refuse(e, `between wants two times of day, such as between("22:00", "06:00")`)
		return
	}
	var at [2]int
	for i, a := range args {
		text, ok := literalText(a)
		sec, fits := ParseTimeOfDay(text)
		if !ok || !fits {
			r.refuse(a, `between wants times of day such as "18:30", written out`)
			return
		}
		at[i] = sec
	}
	r.clock = true
	side := func(op string, sec int) ast.Expr {
		return r.make.NewCall(r.id(e), op, r.variable(r.id(e), slot{"", secondOfDay}, "@second", cel.DoubleType),
			r.make.NewLiteral(r.id(e), types.Double(sec)))
	}
	join := operators.LogicalAnd
	if at[1] <= at[0] { // over midnight
		join = operators.LogicalOr
	}
	e.SetKindCase(r.make.NewCall(e.ID(), join, side(operators.GreaterEquals, at[0]), side(operators.Less, at[1])))
}

func (r *rewrite) held(e ast.Expr, args []ast.Expr) {
	if len(args) != 2 {
		r.refuse(e, `held wants a point and a time, such as held(door, "5m")`)
		return
	}
	name, ok := r.pointName(args[0], "held")
	if !ok {
		return
	}
	text, _ := literalText(args[1])
	d, err := ParseDuration(text)
	if err != nil {
		r.refuse(args[1], `held wants how long as a text, such as "5m": %s`, err)
		return
	}
	r.clock = true
	e.SetKindCase(r.make.NewCall(e.ID(), operators.GreaterEquals, r.age(e, r.id(e), name),
		r.make.NewCall(r.id(e), "duration", r.make.NewLiteral(r.id(e), types.String(d.String())))))
}

func (r *rewrite) age(e ast.Expr, id int64, name string) ast.Expr {
	r.clock = true
	return r.make.NewCall(id, operators.Subtract,
		r.variable(r.id(e), slot{"", now}, "@now", cel.TimestampType),
		r.variable(r.id(e), slot{name, since}, "@since:"+name, cel.TimestampType))
}

func (r *rewrite) point(e ast.Expr, word string, args []ast.Expr) {
	if len(args) != 1 {
		r.refuse(e, "%s wants one point, such as %s(door)", word, word)
		return
	}
	name, ok := r.pointName(args[0], word)
	if !ok {
		return
	}
	switch word {
	case "changed":
		e.SetKindCase(r.variable(e.ID(), slot{name, changed}, "@changed:"+name, cel.BoolType))
	case "known":
		e.SetKindCase(r.variable(e.ID(), slot{name, known}, "@known:"+name, cel.BoolType))
	case "prev":
		e.SetKindCase(r.variable(e.ID(), slot{name, before}, "@prev:"+name, celType(r.env.Points[name])))
	case "age":
		e.SetKindCase(r.age(e, e.ID(), name))
	}
}

func (r *rewrite) pointName(e ast.Expr, word string) (string, bool) {
	if e.Kind() == ast.IdentKind {
		if _, ok := r.env.Points[e.AsIdent()]; ok {
			return e.AsIdent(), true
		}
		r.refuse(e, "%s", noPoint(e.AsIdent(), r.env))
		return "", false
	}
	r.refuse(e, "%s wants the name of a point", word)
	return "", false
}

// variable declares name and returns an identifier of it.
func (r *rewrite) variable(id int64, s slot, name string, t *cel.Type) ast.Expr {
	r.declare(name, s, t)
	return r.make.NewIdent(id, name)
}

func (r *rewrite) declare(name string, s slot, t *cel.Type) {
	r.slots[name], r.types[name] = s, t
}

// id is a new expression id at the place of e, so that errors point at what the person wrote.
func (r *rewrite) id(e ast.Expr) int64 {
	id := r.nextID
	r.nextID++
	if where, ok := r.ast.SourceInfo().GetOffsetRange(e.ID()); ok {
		r.ast.SourceInfo().SetOffsetRange(id, where)
	}
	return id
}

func (r *rewrite) refuse(e ast.Expr, format string, args ...any) {
	at := r.ast.SourceInfo().GetStartLocation(e.ID())
	r.problems = append(r.problems, Problem{max(at.Line(), 1), max(at.Column(), 0) + 1, fmt.Sprintf(format, args...)})
}

func (r *rewrite) variables() []cel.EnvOption {
	var list []cel.EnvOption
	for name, t := range r.types {
		list = append(list, cel.Variable(name, t))
	}
	return list
}

func (r *rewrite) names() []string {
	var list []string
	for _, s := range r.slots {
		if s.point != "" && !slices.Contains(list, s.point) {
			list = append(list, s.point)
		}
	}
	slices.Sort(list)
	return list
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// ParseTimeOfDay reads "18:30" or "18:30:15" as seconds since midnight.
func ParseTimeOfDay(s string) (second int, ok bool) {
	for _, layout := range [...]string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return t.Hour()*3600 + t.Minute()*60 + t.Second(), true
		}
	}
	return 0, false
}

// ParseDuration reads "90s", "5m", "1h30m" or "2d": more than zero, at most 366 days.
func ParseDuration(s string) (time.Duration, error) {
	var days time.Duration
	rest := s
	if n, after, ok := strings.Cut(s, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil || count > 366 {
			return 0, fmt.Errorf("%.40q is not a length of time such as 90s, 5m, 1h30m or 2d", s)
		}
		days, rest = time.Duration(count)*24*time.Hour, after
	}
	var d time.Duration
	if rest != "" || days == 0 {
		var err error
		if d, err = time.ParseDuration(rest); err != nil {
			return 0, fmt.Errorf("%.40q is not a length of time such as 90s, 5m, 1h30m or 2d", s)
		}
	}
	if d < 0 || d > 366*24*time.Hour || d+days <= 0 || d+days > 366*24*time.Hour {
		return 0, fmt.Errorf("%.40q must be more than nothing and at most 366 days", s)
	}
	return d + days, nil
}
