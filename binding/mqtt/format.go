package mqttwot

import (
	"errors"
	"fmt"
	"mime"
	"strings"

	"hutong/mqtt"
	"hutong/td"
	"hutong/td/judge"
	"hutong/thing"
)

// format is how the values of one form look on the wire.
type format struct {
	bare   bool         // text without quotes, instead of JSON
	schema *td.Schema   // nil for any value
	quick  *judge.Judge // of the schema
	judged bool         // whether the schema says more than type and enum, which the hub judges itself
}

// formatOf is the format of a content type.
func formatOf(media string, s *td.Schema, at string) (*format, error) {
	f := &format{schema: s, quick: judge.New(s), judged: s != nil && demanding(s)}
	kind, _, err := mime.ParseMediaType(media)
	switch {
	case err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
	case err == nil && strings.HasPrefix(kind, "text/"):
		f.bare = true
	default:
		return f, &td.Error{
			Pointer: at + "/contentType", Reason: fmt.Sprintf("%.80q is not understood", media),
			Mend: "use application/json or text/plain",
		}
	}
	return f, nil
}

// demanding says whether s has a term beside those that thing.Point knows.
func demanding(s *td.Schema) bool {
	limits := s.Minimum + s.Maximum + s.ExclusiveMinimum + s.ExclusiveMaximum + s.MultipleOf + s.MinLength + s.MaxLength
	return limits != "" || len(s.Const) > 0 || len(s.OneOf) > 0 || s.Pattern != "" || s.Type == "object" || s.Type == "array"
}

// decode reads a payload. The error says why it does not fit; the value then is as far as it could be read.
func (f *format) decode(payload []byte) (thing.Value, error) {
	if len(payload) == 0 && !f.emptyText() {
		return thing.Null(), nil
	}
	if !f.bare && len(payload) > 0 && payload[0] == '{' {
		if text := string(payload); f.quick.Fits(text) {
			return thing.Document(text), nil
		}
	}
	v, err := f.parse(payload)
	if err != nil {
		return thing.Null(), err
	}
	if f.judged {
		err = f.schema.Check(v.AppendJSON(nil))
	}
	return v, err
}

// emptyText says whether an empty payload is an empty text.
func (f *format) emptyText() bool { return f.bare && f.schema != nil && f.schema.Type == "string" }

func (f *format) parse(payload []byte) (thing.Value, error) {
	if !f.bare {
		return thing.ParseJSON(payload)
	}
	if len(payload) > thing.MaxJSON {
		return thing.Null(), fmt.Errorf("text of %d bytes: at most %d are allowed", len(payload), thing.MaxJSON)
	}
	if f.schema != nil && f.schema.Type != "" && f.schema.Type != "string" {
		return thing.ParseJSON(payload)
	}
	return thing.String(strings.ToValidUTF8(string(payload), "\uFFFD")), nil
}

// encode writes v, which must fit the schema.
func (f *format) encode(v thing.Value) ([]byte, error) {
	text := v.AppendJSON(nil)
	if f.schema != nil {
		if err := f.schema.Check(text); err != nil && !v.IsNull() {
			return nil, err
		} else if err != nil {
			return nil, errors.New("a value is needed")
		}
	}
	switch {
	case f.schema == nil && v.IsNull():
		return nil, nil // an action without input
	case f.bare && v.Type() == thing.Text:
		return []byte(v.Text()), nil
	}
	return text, nil
}

// message is what carries v to the device.
func (o *outlet) message(v thing.Value) (*mqtt.Message, error) {
	payload, err := o.format.encode(v)
	if err != nil {
		return nil, err
	}
	return &mqtt.Message{Topic: o.topic, Payload: payload, QoS: o.qos, Retain: o.retain}, nil
}
