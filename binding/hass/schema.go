package hass

import (
	"encoding/json"
	"math"
	"strconv"

	"hutong/td"
)

// Schemas of what entities hold.

func textSchema() *td.Schema    { return &td.Schema{Type: "string"} }
func booleanSchema() *td.Schema { return &td.Schema{Type: "boolean"} }
func objectSchema() *td.Schema  { return &td.Schema{Type: "object"} }

// digits writes a number as JSON with the fewest digits; "" for one that JSON cannot say.
func digits(f float64) json.Number {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return ""
	}
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

// rangeSchema is a number between low and high in steps; NaN leaves a bound out, 0 the step.
func rangeSchema(kind string, low, high, step float64, unit string) *td.Schema {
	s := &td.Schema{Type: kind, Unit: unit, Minimum: digits(low), Maximum: digits(high)}
	if low > high {
		s.Minimum, s.Maximum = s.Maximum, s.Minimum
	}
	if step > 0 && !math.IsInf(step, 0) && math.IsNaN(low) || step > 0 && whole(low/step) {
		s.MultipleOf = digits(step)
	}
	return s
}

// whole says whether f is a whole number, but for the error of a division.
func whole(f float64) bool { return math.Abs(f-math.Round(f)) < 1e-9 }

func percentSchema() *td.Schema { return rangeSchema("integer", 0, 100, 0, "%") }

// enumSchema is one of words; any text when there are none.
func enumSchema(words ...string) *td.Schema {
	s := textSchema()
	seen := map[string]bool{}
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			s.Enum = append(s.Enum, quote(w))
		}
	}
	return s
}

func quote(s string) json.RawMessage {
	data, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return json.RawMessage(`""`)
	}
	return data
}

type memberSchema struct {
	name   string
	schema *td.Schema
}

// objectOf is an object with those members.
func objectOf(members ...memberSchema) *td.Schema {
	s := objectSchema()
	for _, m := range members {
		s.Properties.Set(m.name, m.schema)
	}
	return s
}
