package jinja

import (
	"fmt"

	"hutong/binding/hass/jinja/py"
)

type parser struct {
	t     *Template
	toks  []token
	next  int
	depth int
	loops int
}

func (p *parser) fail(tok token, format string, args ...any) {
	panic(py.Failure{Pos: tok.pos, Reason: fmt.Sprintf(format, args...)})
}

func (p *parser) peek() token { return p.toks[p.next] }

func (p *parser) take() token {
	tok := p.toks[p.next]
	if tok.kind != tokEOF {
		p.next++
	}
	return tok
}

// is says whether the next token is that operator.
func (p *parser) is(op string) bool {
	tok := p.peek()
	return tok.kind == tokOp && tok.text == op
}

// word says whether the next token is that name.
func (p *parser) word(name string) bool {
	tok := p.peek()
	return tok.kind == tokName && tok.text == name
}

func (p *parser) accept(op string) bool {
	if p.is(op) {
		p.next++
		return true
	}
	return false
}

func (p *parser) acceptWord(name string) bool {
	if p.word(name) {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(op string) {
	if !p.accept(op) {
		p.fail(p.peek(), "want %q, got %q", op, p.peek().show())
	}
}

func (p *parser) expectWord(name string) {
	if !p.acceptWord(name) {
		p.fail(p.peek(), "want %q, got %q", name, p.peek().show())
	}
}

func (p *parser) ident() token {
	tok := p.take()
	if tok.kind != tokName {
		p.fail(tok, "want a name, got %q", tok.show())
	}
	return tok
}

func (p *parser) closeBlock() {
	if tok := p.take(); tok.kind != tokBlockClose {
		p.fail(tok, "want %%}, got %q", tok.show())
	}
}

func (t token) show() string {
	if t.kind == tokEOF {
		return "the end"
	}
	return t.text
}

// deeper counts nesting, so that hostile sources end in an error and not in a deep stack.
func (p *parser) deeper() {
	if p.depth++; p.depth > py.MaxDepth {
		p.fail(p.peek(), "nested more than %d deep", py.MaxDepth)
	}
}

// closing is the name of the tag the parser stopped at.
func (p *parser) closing() string {
	if p.peek().kind == tokBlockOpen && p.next+1 < len(p.toks) {
		return p.toks[p.next+1].text
	}
	return p.peek().show()
}

// block reads statements until the end or a tag that none of them opens.
func (p *parser) block() []stmt {
	p.deeper()
	defer func() { p.depth-- }()
	var list []stmt
	for {
		switch tok := p.peek(); tok.kind {
		case tokText:
			p.next++
			list = append(list, &textStmt{tok.text})
		case tokVarOpen:
			p.next++
			e := p.tuple()
			if end := p.take(); end.kind != tokVarClose {
				p.fail(end, "want }}, got %q", end.show())
			}
			list = append(list, &outputStmt{e})
		case tokBlockOpen:
			s := p.statement()
			if s == nil {
				return list
			}
			list = append(list, s)
		default:
			return list
		}
	}
}

// statement reads one tag and what belongs to it; nil, with nothing taken, for a tag that closes something.
func (p *parser) statement() stmt {
	p.next++
	tok := p.ident()
	switch tok.text {
	case "set":
		return p.set()
	case "if":
		return p.ifTag()
	case "for":
		return p.forTag(tok)
	case "with":
		return p.with()
	case "macro":
		return p.macro(tok)
	case "filter":
		fs := p.filterChain()
		p.closeBlock()
		body := p.block()
		p.end("endfilter")
		return &filterStmt{fs, body}
	case "do":
		e := p.tuple()
		p.closeBlock()
		return &doStmt{e}
	case "break", "continue":
		if p.loops == 0 {
			p.fail(tok, "%s outside a for loop", tok.text)
		}
		p.closeBlock()
		if tok.text == "break" {
			return &jumpStmt{leave}
		}
		return &jumpStmt{again}
	case "elif", "else", "endif", "endfor", "endset", "endwith", "endmacro", "endfilter":
		p.next -= 2
		return nil
	}
	p.fail(tok, "tag %q is not supported", tok.text)
	return nil
}

// end takes the closing tag of that name.
func (p *parser) end(name string) {
	if tok := p.take(); tok.kind != tokBlockOpen {
		p.fail(tok, "want {%% %s %%}, got %q", name, tok.show())
	}
	p.expectWord(name)
	if name == "endmacro" && p.peek().kind == tokName {
		p.next++
	}
	p.closeBlock()
}

func (p *parser) set() stmt {
	s := &setStmt{targets: p.target(true)}
	if p.accept("=") {
		s.value = p.tuple()
		p.closeBlock()
		return s
	}
	if p.is("|") {
		p.next++
		s.filters = p.filterChain()
	}
	p.closeBlock()
	s.body = p.block()
	p.end("endset")
	return s
}

// target reads a name, name.attr where attr is allowed, or a tuple of them.
func (p *parser) target(attr bool) target {
	first := p.oneTarget(attr)
	if !p.is(",") {
		return first
	}
	t := target{pos: first.pos, items: []target{first}}
	for p.accept(",") {
		if p.peek().kind != tokName && !p.is("(") || p.word("in") {
			break
		}
		t.items = append(t.items, p.oneTarget(attr))
	}
	return t
}

func (p *parser) oneTarget(attr bool) target {
	p.deeper()
	defer func() { p.depth-- }()
	if p.accept("(") {
		t := p.target(attr)
		p.expect(")")
		return t
	}
	tok := p.ident()
	switch tok.text {
	case "true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "is", "in":
		p.fail(tok, "cannot assign to %q", tok.text)
	}
	t := target{pos: pos(tok.pos), name: tok.text}
	if attr && p.accept(".") {
		t.attr = p.ident().text
	}
	return t
}

func (p *parser) ifTag() stmt {
	s := &ifStmt{}
	for {
		s.conds = append(s.conds, p.tupleNoIf())
		p.closeBlock()
		s.bodies = append(s.bodies, p.block())
		switch p.closing() {
		case "elif":
			p.next += 2
			continue
		case "else":
			p.next += 2
			p.closeBlock()
			s.other = p.block()
		}
		p.end("endif")
		return s
	}
}

func (p *parser) forTag(tok token) stmt {
	s := &forStmt{pos: pos(tok.pos), targets: p.target(false)}
	p.expectWord("in")
	s.items = p.tupleNoIf()
	if p.acceptWord("if") {
		s.cond = p.expression()
	}
	s.recursive = p.acceptWord("recursive")
	p.closeBlock()
	p.loops++
	s.body = p.block()
	p.loops--
	if p.closing() == "else" {
		p.next += 2
		p.closeBlock()
		s.other = p.block()
	}
	p.end("endfor")
	return s
}

func (p *parser) with() stmt {
	s := &withStmt{}
	for p.peek().kind != tokBlockClose {
		if len(s.targets) > 0 {
			p.expect(",")
		}
		s.targets = append(s.targets, p.oneTarget(false))
		p.expect("=")
		s.values = append(s.values, p.expression())
	}
	p.closeBlock()
	s.body = p.block()
	p.end("endwith")
	return s
}

func (p *parser) macro(tok token) stmt {
	s := &macroStmt{pos: pos(tok.pos), name: p.ident().text}
	p.expect("(")
	for !p.accept(")") {
		if len(s.params) > 0 {
			p.expect(",")
		}
		name := p.ident()
		s.params = append(s.params, name.text)
		if p.accept("=") {
			s.defaults = append(s.defaults, p.expression())
		} else if len(s.defaults) > 0 {
			p.fail(name, "parameter %q without a default follows one with a default", name.text)
		}
	}
	p.closeBlock()
	loops := p.loops
	p.loops = 0
	s.body = p.block()
	p.loops = loops
	p.end("endmacro")
	return s
}

// filterChain reads name(args) | name(args) ... with nothing before it.
func (p *parser) filterChain() []*filterExpr {
	list := []*filterExpr{p.filter(nil)}
	for p.accept("|") {
		list = append(list, p.filter(nil))
	}
	return list
}
