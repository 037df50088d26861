package hass

import (
	"net/url"
	"strings"

	"hutong/binding/hass/discovery"
	"hutong/binding/hass/jinja"
)

// about is what an announcement says of the device an entity belongs to.
type about struct {
	ids       []string // identifiers and connections; empty for an entity without a device
	name      string
	area      string
	maker     string
	model     string
	software  string
	hardware  string
	serial    string
	support   string // an absolute URL
	simulated bool
}

// maxIdentifiers is the most identifiers and connections of one device that are looked at.
const maxIdentifiers = 32

func (b *builder) about() about {
	c, o := b.Inside("device"), b.Inside("origin")
	a := about{
		name: c.Text("name"), area: c.Text("suggested_area"), maker: c.Text("manufacturer"), model: c.Text("model"),
		software: c.Text("sw_version"), hardware: c.Text("hw_version"), serial: c.Text("serial_number"),
		simulated: o.Text("name") == SimulatedOrigin,
	}
	for _, id := range c.Texts("identifiers") {
		if id != "" && len(a.ids) < maxIdentifiers {
			a.ids = append(a.ids, id)
		}
	}
	connections, _ := c.Get("connections")
	for _, pair := range connections.Items() {
		if it := pair.Items(); len(it) == 2 && len(a.ids) < maxIdentifiers {
			kind, id := it[0].String(), it[1].String()
			if kind == "mac" {
				id = strings.ToLower(id)
			}
			a.ids = append(a.ids, kind+":"+id)
		}
	}
	for _, page := range []string{c.Text("configuration_url"), o.Text("support_url")} {
		if u, err := url.Parse(page); a.support == "" && err == nil && u.IsAbs() && u.Host != "" {
			a.support = page
		}
	}
	return a
}

// presence is how an entity tells whether it can be reached.
type presence struct {
	mode   string // all, any or latest
	topics []signal
}

// signal is one availability topic.
type signal struct {
	topic      string
	template   *jinja.Template
	here, gone string // the payloads that mean available and not available
}

func (b *builder) presence() presence {
	p := presence{mode: b.TextOr("availability_mode", "latest")}
	one := func(c *builder, topicKey, templateKey string) {
		s := signal{
			topic: c.topic(topicKey), template: c.template(templateKey),
			here: c.TextOr("payload_available", "online"), gone: c.TextOr("payload_not_available", "offline"),
		}
		if s.topic != "" && len(p.topics) < 16 {
			b.e.says = append(b.e.says, s.topic)
			p.topics = append(p.topics, s)
		}
	}
	list, _ := b.Get("availability")
	for _, it := range list.Items() {
		c := &builder{Config: discovery.Of(it), e: b.e}
		one(c, "topic", "value_template")
		for _, err := range c.errs {
			b.fail("availability", err)
		}
	}
	if len(p.topics) == 0 {
		one(b, "availability_topic", "availability_template")
	}
	return p
}
