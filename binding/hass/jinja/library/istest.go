package library

import (
	"strings"

	"hutong/binding/hass/jinja/py"
)

// Tests are Jinja's, with those Home Assistant adds.
var Tests = map[string]py.Test{
	"defined":   func(_ *py.Work, v py.Value, _ py.Args) bool { return v.Kind() != py.KindUndefined },
	"undefined": kindTest(py.KindUndefined), "none": kindTest(py.KindNone), "boolean": kindTest(py.KindBool),
	"true":    func(_ *py.Work, v py.Value, _ py.Args) bool { return v.Kind() == py.KindBool && v.Bool() },
	"false":   func(_ *py.Work, v py.Value, _ py.Args) bool { return v.Kind() == py.KindBool && !v.Bool() },
	"integer": kindTest(py.KindInt), "float": kindTest(py.KindFloat), "number": func(_ *py.Work, v py.Value, _ py.Args) bool { return v.IsNumber() },
	"string": kindTest(py.KindText), "string_like": kindTest(py.KindText), "mapping": kindTest(py.KindDict),
	"list": kindTest(py.KindList), "tuple": kindTest(py.KindTuple), "set": func(*py.Work, py.Value, py.Args) bool { return false },
	"sequence": kindTest(py.KindList, py.KindTuple, py.KindDict, py.KindText, py.KindUndefined),
	"iterable": kindTest(py.KindList, py.KindTuple, py.KindDict, py.KindText, py.KindUndefined),
	"callable": kindTest(py.KindFunc), "datetime": kindTest(py.KindDatetime),
	"is_number": func(_ *py.Work, v py.Value, _ py.Args) bool { return py.IsNumber(v) },
	"odd":       func(r *py.Work, v py.Value, _ py.Args) bool { return remainder(r, v, py.Int(2)) == 1 },
	"even":      func(r *py.Work, v py.Value, _ py.Args) bool { return remainder(r, v, py.Int(2)) == 0 },
	"divisibleby": func(r *py.Work, v py.Value, a py.Args) bool {
		return remainder(r, v, a.Need(r, 0, "num")) == 0
	},
	"lower": func(_ *py.Work, v py.Value, _ py.Args) bool {
		s := v.String()
		return s == strings.ToLower(s) && s != strings.ToUpper(s)
	},
	"upper": func(_ *py.Work, v py.Value, _ py.Args) bool {
		s := v.String()
		return s == strings.ToUpper(s) && s != strings.ToLower(s)
	},
	"in": func(r *py.Work, v py.Value, a py.Args) bool { return r.Contains(a.Need(r, 0, "seq"), v) },
	"sameas": func(r *py.Work, v py.Value, a py.Args) bool {
		w := a.Need(r, 0, "other")
		return v.Kind() == w.Kind() && py.Equal(v, w)
	},
	"eq": compareTest("=="), "==": compareTest("=="), "equalto": compareTest("=="),
	"ne": compareTest("!="), "!=": compareTest("!="), "lt": compareTest("<"), "<": compareTest("<"), "lessthan": compareTest("<"),
	"le": compareTest("<="), "<=": compareTest("<="), "gt": compareTest(">"), ">": compareTest(">"), "greaterthan": compareTest(">"),
	"ge": compareTest(">="), ">=": compareTest(">="),
	"contains": func(r *py.Work, v py.Value, a py.Args) bool { return r.Contains(v, a.Need(r, 0, "value")) },
	"match":    regexMatch, "search": regexSearch,
	"filter": func(r *py.Work, v py.Value, _ py.Args) bool { return r.Lib.Filters[v.Text()] != nil },
	"test":   func(r *py.Work, v py.Value, _ py.Args) bool { return r.Lib.Tests[v.Text()] != nil },
}

func kindTest(kinds ...py.Kind) py.Test {
	return func(_ *py.Work, v py.Value, _ py.Args) bool {
		for _, k := range kinds {
			if v.Kind() == k {
				return true
			}
		}
		return false
	}
}

func compareTest(op string) py.Test {
	return func(r *py.Work, v py.Value, a py.Args) bool { return r.Compare(op, v, a.Need(r, 0, "other")) }
}

func remainder(r *py.Work, v, by py.Value) float64 {
	if v.Kind() == py.KindText {
		r.Fail("want a number, got str")
	}
	m := r.Binary("%", v, by)
	return m.Number()
}
