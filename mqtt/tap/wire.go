package tap

import (
	"bytes"
	"slices"

	"hutong/mqtt/wire"
)

// FromWire copies the properties of a PUBLISH or a will that concern its readers; nil when there are none.
func FromWire(p *wire.Properties) *Properties {
	if p == nil {
		return nil
	}
	m := &Properties{
		ContentType: p.ContentType, ResponseTopic: p.ResponseTopic, CorrelationData: bytes.Clone(p.CorrelationData),
		PayloadUTF8: p.PayloadFormat == 1, Expiry: p.MessageExpiry, User: slices.Clone(p.User),
	}
	if p.Has(wire.MessageExpiry) && m.Expiry == 0 {
		m.Expiry = 1 // it may be seen now and not kept; a second is as near as whole seconds come
	}
	if m.ContentType == "" && m.ResponseTopic == "" && m.CorrelationData == nil && !m.PayloadUTF8 && m.Expiry == 0 && m.User == nil {
		return nil
	}
	return m
}

// ToWire fills p from m and returns it; nil when there is nothing to say.
func (m *Properties) ToWire(p *wire.Properties) *wire.Properties {
	if m == nil {
		return nil
	}
	*p = wire.Properties{
		ContentType: m.ContentType, ResponseTopic: m.ResponseTopic, CorrelationData: m.CorrelationData,
		MessageExpiry: m.Expiry, User: m.User,
	}
	if m.PayloadUTF8 {
		p.PayloadFormat = 1
		p.Set(wire.PayloadFormat)
	}
	if m.ContentType != "" {
		p.Set(wire.ContentType)
	}
	if m.ResponseTopic != "" {
		p.Set(wire.ResponseTopic)
	}
	if m.CorrelationData != nil {
		p.Set(wire.CorrelationData)
	}
	if m.Expiry > 0 {
		p.Set(wire.MessageExpiry)
	}
	return p
}
