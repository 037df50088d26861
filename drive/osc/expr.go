package osc

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// evaluate computes an arithmetic expression of OpenSCENARIO, the inside of ${...} (version 1.3, section 9.2): numbers,
// $parameters, pi, + - * / %, parentheses and functions. Parameters are looked up as it goes.
func evaluate(text string, look func(name string) (string, bool)) (float64, error) {
	e := expression{text: text, look: look}
	v, err := e.sum(0)
	if err == nil {
		if e.space(); e.at < len(e.text) {
			err = fmt.Errorf("%q is left over", e.text[e.at:])
		} else if math.IsNaN(v) || math.IsInf(v, 0) {
			err = errors.New("the result is not a finite number")
		}
	}
	if err != nil {
		return 0, fmt.Errorf("${%s}: %w", text, err)
	}
	return v, nil
}

type expression struct {
	text string
	at   int
	look func(string) (string, bool)
}

func (e *expression) space() {
	for e.at < len(e.text) && (e.text[e.at] == ' ' || e.text[e.at] == '\t' || e.text[e.at] == '\n') {
		e.at++
	}
}

// next tells whether one of the characters follows, and steps over it.
func (e *expression) next(any string) byte {
	e.space()
	if e.at < len(e.text) {
		for i := range len(any) {
			if e.text[e.at] == any[i] {
				e.at++
				return any[i]
			}
		}
	}
	return 0
}

func (e *expression) sum(depth int) (float64, error) {
	v, err := e.product(depth)
	for err == nil {
		var w float64
		switch e.next("+-") {
		case '+':
			w, err = e.product(depth)
			v += w
		case '-':
			w, err = e.product(depth)
			v -= w
		default:
			return v, nil
		}
	}
	return v, err
}

func (e *expression) product(depth int) (float64, error) {
	v, err := e.factor(depth)
	for err == nil {
		var w float64
		switch e.next("*/%") {
		case '*':
			w, err = e.factor(depth)
			v *= w
		case '/':
			w, err = e.factor(depth)
			v /= w
		case '%':
			w, err = e.factor(depth)
			v = math.Mod(v, w)
		default:
			return v, nil
		}
	}
	return v, err
}

func (e *expression) factor(depth int) (float64, error) {
	if depth > 50 {
		return 0, errors.New("it is nested too deeply")
	}
	if e.next("-") != 0 {
		v, err := e.factor(depth + 1)
		return -v, err
	}
	if e.next("+") != 0 {
		return e.factor(depth + 1)
	}
	if e.next("(") != 0 {
		v, err := e.sum(depth + 1)
		if err == nil && e.next(")") == 0 {
			err = errors.New("a ) is missing")
		}
		return v, err
	}
	if e.next("$") != 0 {
		name := e.word()
		text, ok := e.look(name)
		if !ok {
			return 0, fmt.Errorf("there is no parameter $%s", name)
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("$%s is %q, not a number", name, text)
		}
		return v, nil
	}
	if e.at < len(e.text) && (e.text[e.at] >= '0' && e.text[e.at] <= '9' || e.text[e.at] == '.') {
		return e.number()
	}
	name := e.word()
	if name == "pi" {
		return math.Pi, nil
	}
	if name == "" || e.next("(") == 0 {
		return 0, fmt.Errorf("a value is missing at character %d", e.at)
	}
	var args []float64
	for {
		v, err := e.sum(depth + 1)
		if err != nil {
			return 0, err
		}
		args = append(args, v)
		if e.next(",") == 0 {
			break
		}
	}
	if e.next(")") == 0 {
		return 0, errors.New("a ) is missing")
	}
	return call(name, args)
}

func (e *expression) number() (float64, error) {
	start := e.at
	for e.at < len(e.text) {
		c := e.text[e.at]
		exponent := e.at > start && (e.text[e.at-1] == 'e' || e.text[e.at-1] == 'E')
		if c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || exponent && (c == '+' || c == '-') {
			e.at++
			continue
		}
		break
	}
	return strconv.ParseFloat(e.text[start:e.at], 64)
}

func (e *expression) word() string {
	e.space()
	start := e.at
	for e.at < len(e.text) {
		c := e.text[e.at]
		if c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			e.at++
			continue
		}
		break
	}
	return e.text[start:e.at]
}

func call(name string, args []float64) (float64, error) {
	one := map[string]func(float64) float64{
		"sqrt": math.Sqrt, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "asin": math.Asin, "acos": math.Acos,
		"atan": math.Atan, "abs": math.Abs, "floor": math.Floor, "ceil": math.Ceil, "round": math.Round,
		"sign": func(x float64) float64 {
			if x == 0 {
				return 0
			}
			return math.Copysign(1, x)
		},
	}
	two := map[string]func(a, b float64) float64{"pow": math.Pow, "max": math.Max, "min": math.Min}
	switch {
	case one[name] != nil && len(args) == 1:
		return one[name](args[0]), nil
	case two[name] != nil && len(args) == 2:
		return two[name](args[0], args[1]), nil
	}
	return 0, fmt.Errorf("there is no function %s of %d arguments", name, len(args))
}
