package hass

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"hutong/binding/hass/jinja/py"
	"hutong/thing"
)

// verdict is what becomes of a value a device sent.
type verdict uint8

const (
	skip    verdict = iota // it says nothing about this point
	take                   // it is the value
	unknown                // the device says that it does not know
	misfit                 // it does not fit the point's description
)

// decoder makes a point's value of what a template gave.
type decoder func(v py.Value) (thing.Value, verdict)

// none is how Home Assistant prints a value that is not known.
const none = "None"

// decodeNumber reads a number, or text that holds one.
func decodeNumber(v py.Value) (thing.Value, verdict) {
	switch v.Kind() {
	case py.KindInt:
		return thing.Int(v.Int()), take
	case py.KindFloat:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return thing.Float(f), take
		}
	case py.KindNone:
		return thing.Value{}, unknown
	case py.KindUndefined:
		return thing.Value{}, skip
	case py.KindText:
		s := strings.TrimSpace(v.Text())
		switch s {
		case "":
			return thing.Value{}, skip
		case none:
			return thing.Value{}, unknown
		}
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return thing.Int(i), take
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return thing.Float(f), take
		}
	}
	return thing.Value{}, misfit
}

// decodeWhole rounds a number as Home Assistant does where only whole ones make sense.
func decodeWhole(v py.Value) (thing.Value, verdict) {
	n, verdict := decodeNumber(v)
	if verdict == take {
		n = thing.Int(int64(math.RoundToEven(n.Float())))
	}
	return n, verdict
}

// decodeScaled maps a device's number from low..high to 0..100.
func decodeScaled(low, high float64) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		n, verdict := decodeNumber(v)
		if verdict == take {
			n = thing.Int(int64(math.Floor((n.Float() - low) * 100 / (high - low))))
		}
		return n, verdict
	}
}

// decodeText takes any value as Python prints it.
func decodeText(v py.Value) (thing.Value, verdict) {
	switch v.Kind() {
	case py.KindUndefined:
		return thing.Value{}, skip
	case py.KindNone:
		return thing.Value{}, unknown
	}
	s := v.String()
	if s == none {
		return thing.Value{}, unknown
	}
	return thing.String(s), take
}

// decodeState is decodeText for a state that is never empty.
func decodeState(v py.Value) (thing.Value, verdict) {
	x, verdict := decodeText(v)
	if verdict == take && x.Text() == "" {
		return x, skip
	}
	return x, verdict
}

// decodeBool knows the two texts that mean true and false.
func decodeBool(on, off string) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		if v.Kind() == py.KindUndefined {
			return thing.Value{}, skip
		}
		switch s := v.String(); s {
		case on:
			return thing.Bool(true), take
		case off:
			return thing.Bool(false), take
		case "":
			return thing.Value{}, skip
		case none:
			return thing.Value{}, unknown
		}
		return thing.Value{}, misfit
	}
}

// decodeWords knows what each text of a device means.
func decodeWords(words map[string]string) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		x, verdict := decodeState(v)
		if verdict != take {
			return x, verdict
		}
		if word, ok := words[x.Text()]; ok {
			return thing.String(word), take
		}
		return thing.Value{}, misfit
	}
}

// decodeJSON takes an object or a list, or text that holds one.
func decodeJSON(v py.Value) (thing.Value, verdict) {
	if v.Kind() == py.KindText {
		if v.Text() == "" || v.Text() == "{}" {
			return thing.Value{}, skip
		}
		if v.Text() == none {
			return thing.Value{}, unknown
		}
		parsed, err := py.ParseJSON([]byte(v.Text()))
		if err != nil {
			return thing.Value{}, misfit
		}
		v = parsed
	}
	switch v.Kind() {
	case py.KindUndefined:
		return thing.Value{}, skip
	case py.KindNone:
		return thing.Value{}, unknown
	case py.KindDict, py.KindList:
		return fromJinja(v)
	}
	return thing.Value{}, misfit
}

// fromJinja is v as the JSON value it is.
func fromJinja(v py.Value) (thing.Value, verdict) {
	data, err := v.AppendJSON(nil)
	if err != nil {
		return thing.Value{}, misfit
	}
	x, err := thing.ParseJSON(data)
	if err != nil {
		return thing.Value{}, misfit
	}
	return x, take
}

// toJinja is v as a template sees it.
func toJinja(v thing.Value) py.Value {
	switch v.Type() {
	case thing.Boolean:
		return py.Bool(v.Bool())
	case thing.Integer:
		return py.Int(v.Int())
	case thing.Number:
		return py.Float(v.Float())
	case thing.Text:
		return py.Text(v.Text())
	}
	x, err := py.ParseJSON(v.AppendJSON(nil))
	if err != nil {
		return py.None()
	}
	return x
}

// decodeBytes is base64 of anything, for images; text that is base64 already stays.
func decodeBytes(encoded bool) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		if encoded {
			return thing.String(v.Text()), take
		}
		return thing.String(base64.StdEncoding.EncodeToString([]byte(v.Text()))), take
	}
}

// decodeEvent takes an object with an event_type that is one of types.
func decodeEvent(types []string) decoder {
	known := map[string]bool{}
	for _, t := range types {
		known[t] = true
	}
	return func(v py.Value) (thing.Value, verdict) {
		x, verdict := decodeJSON(v)
		if verdict == unknown {
			return x, skip
		}
		if verdict != take {
			return x, verdict
		}
		parsed := toJinja(x)
		kind, ok := parsed.Get("event_type")
		if !ok || len(known) > 0 && !known[kind.String()] {
			return thing.Value{}, misfit
		}
		return x, take
	}
}

// decodeUpdate makes the object of an update: a version alone is the installed one.
func decodeUpdate(v py.Value) (thing.Value, verdict) {
	if v.Kind() != py.KindDict {
		s := v.String()
		if s == "" || s == "{}" {
			return thing.Value{}, skip
		}
		parsed, err := py.ParseJSON([]byte(s))
		if err != nil || parsed.Kind() != py.KindDict {
			parsed = py.Dict(py.Var{Name: "installed_version", Value: py.Text(s)})
		}
		v = parsed
	}
	return fromJinja(v)
}

// decodeTriple reads "a,b,c" as an object of whole numbers, or of numbers where whole is false.
func decodeTriple(whole bool, names ...string) decoder {
	return func(v py.Value) (thing.Value, verdict) {
		s := v.String()
		switch s {
		case "":
			return thing.Value{}, skip
		case none:
			return thing.Value{}, unknown
		}
		parts := strings.Split(s, ",")
		if len(parts) != len(names) {
			return thing.Value{}, misfit
		}
		items := make([]py.Var, len(names))
		for i, p := range parts {
			n, verdict := decodeNumber(py.Text(p))
			if verdict != take {
				return thing.Value{}, misfit
			}
			if whole {
				n = thing.Int(n.Int())
			}
			items[i] = py.Var{Name: names[i], Value: toJinja(n)}
		}
		return fromJinja(py.Dict(items...))
	}
}
