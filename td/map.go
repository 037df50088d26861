package td

import (
	"iter"
	"slices"
)

// Map is a JSON object whose names keep their order. The zero Map is empty and ready; copying one shares it.
type Map[T any] struct {
	names  []string
	values map[string]T
}

// Len is how many names the map has.
func (m Map[T]) Len() int { return len(m.names) }

// Get returns the value of name and whether there is one.
func (m Map[T]) Get(name string) (T, bool) {
	v, ok := m.values[name]
	return v, ok
}

// Set gives name a value; a new name goes to the end.
func (m *Map[T]) Set(name string, v T) {
	if m.values == nil {
		m.values = make(map[string]T)
	}
	if _, ok := m.values[name]; !ok {
		m.names = append(m.names, name)
	}
	m.values[name] = v
}

// All yields names and values in order.
func (m Map[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, n := range m.names {
			if !yield(n, m.values[n]) {
				return
			}
		}
	}
}

// Delete takes name out; the others keep their order.
func (m *Map[T]) Delete(name string) {
	if _, ok := m.values[name]; ok {
		delete(m.values, name)
		m.names = slices.DeleteFunc(m.names, func(n string) bool { return n == name })
	}
}

// clone is a Map that shares nothing with m but what value leaves shared.
func (m Map[T]) clone(value func(T) T) Map[T] {
	c := Map[T]{names: slices.Clone(m.names)}
	if m.values != nil {
		c.values = make(map[string]T, len(m.values))
	}
	for name, v := range m.values {
		c.values[name] = value(v)
	}
	return c
}
