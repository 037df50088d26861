package jinja

import "hutong/binding/hass/jinja/py"

// The syntax tree. Every node knows its place in the source, for errors.

type expr interface {
	eval(r *run) py.Value
	at() int
}

type stmt interface {
	exec(r *run) signal
}

// signal is what a statement asks of the loop around it.
type signal uint8

const (
	next  signal = iota
	again        // {% continue %}
	leave        // {% break %}
)

type pos int

func (p pos) at() int { return int(p) }

type (
	constExpr struct {
		pos
		value py.Value
	}
	nameExpr struct {
		pos
		name string
	}
	attrExpr struct {
		pos
		of   expr
		name string
	}
	indexExpr struct {
		pos
		of, key expr
	}
	sliceExpr struct {
		pos
		of             expr
		low, high, hop expr // nil for none
	}
	callExpr struct {
		pos
		fn   expr
		args callArgs
	}
	filterExpr struct {
		pos
		of   expr // nil in a filter block
		name string
		fn   py.Filter
		args callArgs
	}
	testExpr struct {
		pos
		of   expr
		fn   py.Test
		args callArgs
	}
	unaryExpr struct {
		pos
		op string
		x  expr
	}
	binaryExpr struct {
		pos
		op   string
		x, y expr
	}
	compareExpr struct {
		pos
		first expr
		ops   []string
		rest  []expr
	}
	logicExpr struct {
		pos
		or   bool
		x, y expr
	}
	ifExpr struct {
		pos
		cond, yes, no expr // no may be nil
	}
	listExpr struct {
		pos
		tuple bool
		items []expr
	}
	dictExpr struct {
		pos
		keys, values []expr
	}
)

// callArgs are the arguments of a call, filter or test as written.
type callArgs struct {
	list  []expr
	names []string
	named []expr
	star  expr // *args, nil for none
}

type (
	textStmt struct{ text string }

	outputStmt struct{ value expr }

	setStmt struct {
		targets target
		value   expr   // nil for a set block
		body    []stmt // of a set block
		filters []*filterExpr
	}
	ifStmt struct {
		conds  []expr
		bodies [][]stmt
		other  []stmt
	}
	forStmt struct {
		pos
		targets   target
		items     expr
		cond      expr // nil for none
		body      []stmt
		other     []stmt
		recursive bool
	}
	withStmt struct {
		targets []target
		values  []expr
		body    []stmt
	}
	macroStmt struct {
		pos
		name     string
		params   []string
		defaults []expr // for the last params
		body     []stmt
	}
	filterStmt struct {
		filters []*filterExpr
		body    []stmt
	}
	doStmt struct{ value expr }

	jumpStmt struct{ to signal }
)

// target is what {% set %} and {% for %} assign to: a name, an attribute of a namespace, or a tuple of targets.
type target struct {
	pos
	name  string
	attr  string // name.attr, "" for none
	items []target
}
