package hass

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"hutong/td"
	"hutong/thing"
)

// mqvNS is the vocabulary of the W3C WoT MQTT binding template.
const mqvNS = "https://www.w3.org/2019/wot/mqtt#"

// describe writes the Thing Description of a device whose points have names.
func describe(id thing.ID, order []*entity, href string) *td.Thing {
	a := gathered(order)
	t := td.NewThing(string(id), a.name)
	t.Context = json.RawMessage(`["` + td.Context + `",{"hutong":"` + td.HutongNS + `","mqv":"` + mqvNS + `"}]`)
	t.Support = a.support
	if a.software != "" {
		t.Version = json.RawMessage(`{"instance":` + string(quote(a.software)) + `}`)
	}
	for _, m := range [...]struct{ name, text string }{
		{"hutong:place", a.area},
		{"hutong:manufacturer", a.maker},
		{"hutong:model", a.model},
		{"hutong:hardwareVersion", a.hardware},
		{"hutong:serialNumber", a.serial},
	} {
		if m.text != "" {
			t.Extra = append(t.Extra, td.Text(m.name, m.text))
		}
	}
	if a.simulated {
		t.Extra = append(t.Extra, td.Member{Name: "hutong:simulated", Value: json.RawMessage("true")})
	}
	for _, e := range order {
		if kind := "hutong:" + camel(e.Component); (rank(e.Component) < rank("sensor")) && !slices.Contains(t.Types, kind) {
			t.Types = append(t.Types, kind)
		}
		for _, p := range e.points {
			describePoint(t, e, p, href)
		}
	}
	return t
}

// gathered is what the entities together say of their device.
func gathered(order []*entity) about {
	var a about
	for _, e := range order {
		x := e.about
		for _, f := range [...]struct{ to, from *string }{
			{&a.name, &x.name},
			{&a.area, &x.area},
			{&a.maker, &x.maker},
			{&a.model, &x.model},
			{&a.software, &x.software},
			{&a.hardware, &x.hardware},
			{&a.serial, &x.serial},
			{&a.support, &x.support},
		} {
			if *f.to == "" {
				*f.to = *f.from
			}
		}
		a.simulated = a.simulated || x.simulated
	}
	if a.name == "" {
		e := order[0]
		if a.name = e.name; a.name == "" {
			a.name = capital(words(e.Object))
		}
	}
	return a
}

// describePoint puts one point of e into t.
func describePoint(t *td.Thing, e *entity, p *point, href string) {
	i := td.Interaction{Title: e.title(p), Types: p.types, Forms: forms(p, href)}
	extra := slices.Concat(p.extra, e.hints())
	switch p.kind {
	case thing.Property:
		x := &td.Property{Interaction: i, Schema: *p.schema}
		x.ReadOnly = p.write == nil
		x.WriteOnly = x.WriteOnly || len(p.reads) == 0 && !p.assumed
		x.Observable = !x.WriteOnly
		x.Extra = extra
		t.Properties.Set(p.name, x)
	case thing.Action:
		t.Actions.Set(p.name, &td.Action{Interaction: i, Input: p.schema, Extra: extra})
	case thing.Event:
		t.Events.Set(p.name, &td.Event{Interaction: i, Data: p.schema, Extra: extra})
	}
}

// hints are what the announcement says for screens.
func (e *entity) hints() []td.Member {
	var list []td.Member
	for _, key := range [...][2]string{{"entity_category", "hutong:category"}, {"icon", "hutong:icon"}} {
		if s := e.Config.Text(key[0]); s != "" {
			list = append(list, td.Text(key[1], s))
		}
	}
	if !e.Config.Flag("enabled_by_default", true) {
		list = append(list, td.Member{Name: "hutong:hidden", Value: json.RawMessage("true")})
	}
	return list
}

// forms say how to reach a point over MQTT: what to subscribe to, what to publish to, and the templates between.
func forms(p *point, href string) []*td.Form {
	var list []*td.Form
	for _, s := range p.reads {
		ops := []string{"observeproperty", "unobserveproperty"}
		if p.kind == thing.Event {
			ops = []string{"subscribeevent", "unsubscribeevent"}
		}
		f := form(href, s.topic, ops, "subscribe")
		f.Extra = append(f.Extra, td.Text("mqv:filter", s.topic))
		switch {
		case s.template != nil:
			f.Extra = append(f.Extra, td.Text("hutong:valueTemplate", s.template.Source()))
		case s.json:
			f.Extra = append(f.Extra, td.Text("hutong:valueTemplate", "{{ value_json['"+strings.Join(s.path, "']['")+"'] }}"))
		}
		list = append(list, f)
	}
	if p.to != nil {
		op := "writeproperty"
		if p.kind == thing.Action {
			op = "invokeaction"
		}
		f := form(href, p.to.topic, []string{op}, "publish")
		f.Extra = append(f.Extra, td.Text("mqv:topic", p.to.topic))
		if p.to.qos > 0 {
			f.Extra = append(f.Extra, td.Text("mqv:qos", string('0'+p.to.qos)))
		}
		if p.to.retain {
			f.Extra = append(f.Extra, td.Member{Name: "mqv:retain", Value: json.RawMessage("true")})
		}
		if p.to.template != nil {
			f.Extra = append(f.Extra, td.Text("hutong:commandTemplate", p.to.template.Source()))
		}
		list = append(list, f)
	}
	return list
}

func form(href, topic string, ops []string, packet string) *td.Form {
	levels := strings.Split(topic, "/")
	for i, l := range levels {
		levels[i] = url.PathEscape(l)
	}
	f := &td.Form{Href: href + "/" + strings.Join(levels, "/"), Op: ops, ContentType: "text/plain"}
	f.Extra = append(f.Extra, td.Text("mqv:controlPacket", packet))
	return f
}
