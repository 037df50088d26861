package sim

import (
	"encoding/json"
	"math"
)

// doc is a device's state: named values in a fixed order, as one JSON object or one at a time.
type doc struct {
	names  []string
	values map[string]any
	dirty  map[string]bool
}

func newDoc() *doc { return &doc{values: map[string]any{}, dirty: map[string]bool{}} }

// set gives name a value; a value that differs makes the name dirty.
func (d *doc) set(name string, v any) {
	old, known := d.values[name]
	if !known {
		d.names = append(d.names, name)
	}
	if known && old == v {
		return
	}
	d.values[name] = v
	d.dirty[name] = true
}

// number sets name to f with that many decimals.
func (d *doc) number(name string, f float64, decimals int) {
	scale := math.Pow(10, float64(decimals))
	d.set(name, math.Round(f*scale)/scale)
}

func (d *doc) bool(name string) bool { b, _ := d.values[name].(bool); return b }

func (d *doc) float(name string) float64 {
	switch v := d.values[name].(type) {
	case float64:
		return v
	case int:
		return float64(v)
	}
	return 0
}

func (d *doc) text(name string) string { s, _ := d.values[name].(string); return s }

// take returns the dirty names in order and makes them clean.
func (d *doc) take() []string {
	var list []string
	for _, n := range d.names {
		if d.dirty[n] {
			list = append(list, n)
		}
	}
	clear(d.dirty)
	return list
}

// one is the JSON of one value.
func (d *doc) one(name string) []byte { return encode(d.values[name]) }

// all is the JSON object of every value, in order.
func (d *doc) all() []byte {
	out := []byte{'{'}
	for i, n := range d.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, encode(n)...)
		out = append(out, ':')
		out = append(out, encode(d.values[n])...)
	}
	return append(out, '}')
}

// encode is the JSON of v; everything the quarter holds marshals.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("sim: " + err.Error())
	}
	return data
}
