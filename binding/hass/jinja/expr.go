package jinja

import (
	"strconv"
	"strings"

	"hutong/binding/hass/jinja/py"
)

// tuple reads an expression, or several with commas between as a tuple.
func (p *parser) tuple() expr { return p.tupleOf(p.expression) }

// tupleNoIf is tuple without a bare inline if: in {% for x in y if z %} the "if" belongs to the loop.
func (p *parser) tupleNoIf() expr { return p.tupleOf(p.or) }

func (p *parser) tupleOf(one func() expr) expr {
	first := one()
	if !p.is(",") {
		return first
	}
	t := &listExpr{pos: pos(first.at()), tuple: true, items: []expr{first}}
	for p.accept(",") {
		if p.endOfTuple() {
			break
		}
		t.items = append(t.items, one())
	}
	return t
}

func (p *parser) endOfTuple() bool {
	k := p.peek().kind
	return k == tokVarClose || k == tokBlockClose || k == tokEOF || p.is(")")
}

func (p *parser) expression() expr {
	p.deeper()
	defer func() { p.depth-- }()
	e := p.or()
	for p.word("if") {
		at := pos(p.take().pos)
		c := &ifExpr{pos: at, yes: e, cond: p.or()}
		if p.acceptWord("else") {
			c.no = p.expression()
		}
		e = c
	}
	return e
}

func (p *parser) or() expr {
	x := p.and()
	for p.word("or") {
		at := pos(p.take().pos)
		x = &logicExpr{pos: at, or: true, x: x, y: p.and()}
	}
	return x
}

func (p *parser) and() expr {
	x := p.not()
	for p.word("and") {
		at := pos(p.take().pos)
		x = &logicExpr{pos: at, x: x, y: p.not()}
	}
	return x
}

func (p *parser) not() expr {
	if !p.word("not") {
		return p.compare()
	}
	p.deeper()
	defer func() { p.depth-- }()
	at := pos(p.take().pos)
	return &unaryExpr{at, "not", p.not()}
}

func (p *parser) compare() expr {
	first := p.sum()
	c := &compareExpr{pos: pos(p.peek().pos), first: first}
	for {
		tok := p.peek()
		op := tok.text
		switch {
		case tok.kind == tokOp && (op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">="):
			p.next++
		case p.word("in"):
			p.next++
		case p.word("not") && p.toks[p.next+1].kind == tokName && p.toks[p.next+1].text == "in":
			op = "not in"
			p.next += 2
		default:
			if len(c.ops) == 0 {
				return first
			}
			return c
		}
		c.ops = append(c.ops, op)
		c.rest = append(c.rest, p.sum())
	}
}

func (p *parser) sum() expr {
	x := p.concat()
	for p.is("+") || p.is("-") {
		tok := p.take()
		x = &binaryExpr{pos(tok.pos), tok.text, x, p.concat()}
	}
	return x
}

func (p *parser) concat() expr {
	x := p.product()
	for p.is("~") {
		tok := p.take()
		x = &binaryExpr{pos(tok.pos), "~", x, p.product()}
	}
	return x
}

func (p *parser) product() expr {
	x := p.power()
	for p.is("*") || p.is("/") || p.is("//") || p.is("%") {
		tok := p.take()
		x = &binaryExpr{pos(tok.pos), tok.text, x, p.power()}
	}
	return x
}

func (p *parser) power() expr {
	x := p.unary(true)
	for p.is("**") {
		tok := p.take()
		x = &binaryExpr{pos(tok.pos), "**", x, p.unary(true)}
	}
	return x
}

func (p *parser) unary(filters bool) expr {
	p.deeper()
	defer func() { p.depth-- }()
	var x expr
	if p.is("-") || p.is("+") {
		tok := p.take()
		x = &unaryExpr{pos(tok.pos), tok.text, p.unary(false)}
	} else {
		x = p.primary()
	}
	x = p.postfix(x)
	if filters {
		x = p.piped(x)
	}
	return x
}

func (p *parser) primary() expr {
	tok := p.take()
	at := pos(tok.pos)
	switch {
	case tok.kind == tokName:
		return p.nameOrConst(tok)
	case tok.kind == tokString:
		text := tok.text
		for p.peek().kind == tokString {
			text += p.take().text
		}
		return &constExpr{at, py.Text(text)}
	case tok.kind == tokInt:
		i, err := strconv.ParseInt(tok.text, intBase(tok.text), 64)
		if err != nil {
			p.fail(tok, "integer %.40s does not fit 64 bits or is broken", tok.text)
		}
		return &constExpr{at, py.Int(i)}
	case tok.kind == tokFloat:
		f, _ := strconv.ParseFloat(tok.text, 64) // out of range is an infinity, as in Python
		return &constExpr{at, py.Float(f)}
	case tok.text == "(" && tok.kind == tokOp:
		if p.accept(")") {
			return &listExpr{pos: at, tuple: true}
		}
		e := p.tuple()
		p.expect(")")
		return e
	case tok.text == "[" && tok.kind == tokOp:
		l := &listExpr{pos: at}
		for !p.accept("]") {
			if len(l.items) > 0 {
				p.expect(",")
				if p.accept("]") {
					break
				}
			}
			l.items = append(l.items, p.expression())
		}
		return l
	case tok.text == "{" && tok.kind == tokOp:
		return p.dict(at)
	}
	p.fail(tok, "want a value, got %q", tok.show())
	return nil
}

func intBase(s string) int {
	if len(s) > 1 && s[0] == '0' && !strings.ContainsAny(s[1:2], "0123456789") {
		return 0
	}
	return 10
}

func (p *parser) nameOrConst(tok token) expr {
	at := pos(tok.pos)
	switch tok.text {
	case "true", "True":
		return &constExpr{at, py.Bool(true)}
	case "false", "False":
		return &constExpr{at, py.Bool(false)}
	case "none", "None":
		return &constExpr{at, py.None()}
	}
	return &nameExpr{at, tok.text}
}

func (p *parser) dict(at pos) expr {
	d := &dictExpr{pos: at}
	for !p.accept("}") {
		if len(d.keys) > 0 {
			p.expect(",")
			if p.accept("}") {
				break
			}
		}
		d.keys = append(d.keys, p.expression())
		p.expect(":")
		d.values = append(d.values, p.expression())
	}
	return d
}

func (p *parser) postfix(x expr) expr {
	for {
		switch tok := p.peek(); {
		case p.is("."):
			p.next++
			name := p.take()
			switch name.kind {
			case tokName:
				x = &attrExpr{pos(tok.pos), x, name.text}
			case tokInt:
				i, _ := strconv.ParseInt(name.text, 10, 64) // a wild number is out of range of any list
				x = &indexExpr{pos(tok.pos), x, &constExpr{pos(name.pos), py.Int(i)}}
			default:
				p.fail(name, "want a name after the dot, got %q", name.show())
			}
		case p.is("["):
			p.next++
			x = p.subscript(tok, x)
		case p.is("("):
			x = &callExpr{pos(tok.pos), x, p.args()}
		default:
			return x
		}
	}
}

func (p *parser) subscript(tok token, of expr) expr {
	part := func() expr {
		if p.is(":") || p.is("]") {
			return nil
		}
		return p.expression()
	}
	low := part()
	if low != nil && p.is(",") {
		t := &listExpr{pos: pos(low.at()), tuple: true, items: []expr{low}}
		for p.accept(",") {
			t.items = append(t.items, p.expression())
		}
		low = t
	}
	if !p.is(":") {
		if low == nil {
			p.fail(tok, "want a key between [ and ]")
		}
		p.expect("]")
		return &indexExpr{pos(tok.pos), of, low}
	}
	s := &sliceExpr{pos: pos(tok.pos), of: of, low: low}
	p.next++
	s.high = part()
	if p.accept(":") {
		s.hop = part()
	}
	p.expect("]")
	return s
}

// piped reads the filters, tests and calls that follow a value.
func (p *parser) piped(x expr) expr {
	for {
		switch tok := p.peek(); {
		case p.is("|"):
			p.next++
			x = p.filter(x)
		case p.word("is"):
			p.next++
			x = p.test(tok, x)
		case p.is("("):
			x = &callExpr{pos(tok.pos), x, p.args()}
		default:
			return x
		}
	}
}

func (p *parser) dotted() token {
	tok := p.ident()
	for p.is(".") {
		p.next++
		tok.text += "." + p.ident().text
	}
	return tok
}

func (p *parser) filter(of expr) *filterExpr {
	tok := p.dotted()
	f := &filterExpr{pos: pos(tok.pos), of: of, name: tok.text, fn: p.t.lib.Filters[tok.text]}
	if f.fn == nil {
		p.fail(tok, "no filter named %q", tok.text)
	}
	if p.is("(") {
		f.args = p.args()
	}
	return f
}

func (p *parser) test(is token, of expr) expr {
	not := p.acceptWord("not")
	tok := p.dotted()
	t := &testExpr{pos: pos(tok.pos), of: of, fn: p.t.lib.Tests[tok.text]}
	if t.fn == nil {
		p.fail(tok, "no test named %q", tok.text)
	}
	switch n := p.peek(); {
	case p.is("("):
		t.args = p.args()
	case n.kind == tokString, n.kind == tokInt, n.kind == tokFloat, p.is("["), p.is("{"), n.kind == tokName && !keyword(n.text):
		if n.text == "is" && n.kind == tokName {
			p.fail(n, "tests cannot be chained with is")
		}
		t.args.list = []expr{p.postfix(p.primary())}
	}
	if not {
		return &unaryExpr{pos(is.pos), "not", t}
	}
	return t
}

// keyword says whether a name after a test belongs to what is around it and is not the test's argument.
func keyword(s string) bool {
	switch s {
	case "else", "or", "and", "if", "in", "not", "recursive":
		return true
	}
	return false
}

func (p *parser) args() callArgs {
	p.deeper()
	defer func() { p.depth-- }()
	p.expect("(")
	var a callArgs
	for first := true; !p.accept(")"); first = false {
		if !first {
			p.expect(",")
			if p.accept(")") {
				break
			}
		}
		tok := p.peek()
		switch {
		case p.accept("*"):
			a.star = p.expression()
		case tok.kind == tokName && p.toks[p.next+1].kind == tokOp && p.toks[p.next+1].text == "=":
			p.next += 2
			a.names = append(a.names, tok.text)
			a.named = append(a.named, p.expression())
		case len(a.named) > 0:
			p.fail(tok, "an argument without a name follows one with a name")
		default:
			a.list = append(a.list, p.expression())
		}
	}
	return a
}
