package engine

import (
	"strconv"
	"time"

	"hutong/thing"
)

// AppendJSON appends the JSON of t: what encoding/json would read as t again. Every run of a rule writes one.
func (t *Trace) AppendJSON(b []byte) []byte {
	b = quote(append(b, `{"id":`...), t.ID)
	b = field(b, `,"rule":`, t.Rule)
	b = field(b, `,"scene":`, t.Scene)
	b = field(b, `,"version":`, t.Version)
	b = moment(b, `,"began":`, t.Began)
	if t.Ended != 0 {
		b = moment(b, `,"ended":`, t.Ended)
	}
	b = quote(append(b, `,"result":`...), string(t.Result))
	b = field(b, `,"reason":`, t.Reason)
	b = t.Trigger.append(append(b, `,"trigger":`...))
	if g := t.Guard; g != nil {
		b = quote(append(b, `,"guard":{"source":`...), g.Source)
		b = quote(append(b, `,"answer":`...), g.Answer)
		b = seen(b, g.Seen)
		b = append(field(b, `,"error":`, g.Error), '}')
	}
	for i := range t.Steps {
		if i == 0 {
			b = append(b, `,"steps":[`...)
		} else {
			b = append(b, ',')
		}
		b = t.Steps[i].append(b)
	}
	if len(t.Steps) > 0 {
		b = append(b, ']')
	}
	if t.More != 0 {
		b = number(b, `,"more":`, t.More)
	}
	if t.Alike != 0 {
		b = number(b, `,"alike":`, t.Alike)
	}
	return append(b, '}')
}

func (t *Trigger) append(b []byte) []byte {
	b = quote(append(b, `{"name":`...), t.Name)
	b = quote(append(b, `,"kind":`...), t.Kind)
	b = field(b, `,"point":`, t.Point)
	b = field(b, `,"ref":`, t.Ref)
	if t.Seq != 0 {
		b = number(b, `,"seq":`, t.Seq)
	}
	b = value(b, `,"value":`, t.Value)
	b = value(b, `,"before":`, t.Before)
	b = field(b, `,"by":`, t.By)
	b = field(b, `,"cause":`, t.Cause)
	if t.Hops != 0 {
		b = number(b, `,"hops":`, t.Hops)
	}
	return append(b, '}')
}

func (s *Step) append(b []byte) []byte {
	b = quote(append(b, `{"path":`...), s.Path)
	b = quote(append(b, `,"kind":`...), s.Kind)
	b = moment(b, `,"began":`, s.Began)
	if s.Ended != 0 {
		b = moment(b, `,"ended":`, s.Ended)
	}
	b = field(b, `,"command":`, s.Command)
	b = field(b, `,"ref":`, s.Ref)
	b = value(b, `,"input":`, s.Input)
	b = field(b, `,"text":`, s.Text)
	b = field(b, `,"status":`, string(s.Status))
	b = field(b, `,"answer":`, s.Answer)
	b = field(b, `,"error":`, s.Error)
	return append(seen(b, s.Seen), '}')
}

func seen(b []byte, list []Seen) []byte {
	for i := range list {
		s := &list[i]
		if i == 0 {
			b = append(b, `,"seen":[`...)
		} else {
			b = append(b, ',')
		}
		b = quote(append(b, `{"point":`...), s.Point)
		b = value(b, `,"value":`, &s.Value)
		b = strconv.AppendBool(append(b, `,"known":`...), s.Known)
		if s.Since != 0 {
			b = moment(b, `,"since":`, s.Since)
		}
		b = append(b, '}')
	}
	if len(list) > 0 {
		b = append(b, ']')
	}
	return b
}

// moment is empty for a time that is not known.
func moment(b []byte, name string, t thing.Time) []byte {
	b = append(append(b, name...), '"')
	if t != 0 {
		b = t.Std().AppendFormat(b, time.RFC3339Nano)
	}
	return append(b, '"')
}

func number[N uint64 | uint8 | int](b []byte, name string, n N) []byte {
	b = append(b, name...)
	if n < 0 {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return strconv.AppendUint(b, uint64(n), 10)
}

func value(b []byte, name string, v *thing.Value) []byte {
	if v == nil {
		return b
	}
	return v.AppendJSON(append(b, name...))
}

func field(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return quote(append(b, name...), s)
}

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte { return thing.String(s).AppendJSON(b) }
