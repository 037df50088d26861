package mqttwot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unique"

	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// plan is what the forms of a TD come to: what is listened to, and where Commands go.
type plan struct {
	id        thing.ID
	inlets    []inlet
	outlets   outlets
	takes     []string // all topics where the device takes orders
	links     []string // topics of links
	available []availability
	responses []string
	several   bool // some form names several topics
}

// inlet is a topic where a device publishes one affordance.
type inlet struct {
	topic  string
	kind   thing.Kind
	name   string
	format *format
}

// outlet is where a Command is published.
type outlet struct {
	kind     thing.Kind
	name     string
	topic    string
	qos      byte
	retain   bool
	format   *format
	response string  // topic of the answer; "" when none is awaited
	output   *format // nil when none is awaited
}

// outlets are sorted by kind and name.
type outlets []outlet

func (l outlets) search(ref thing.Ref) (int, bool) {
	return slices.BinarySearchFunc(l, ref, func(o outlet, ref thing.Ref) int {
		return cmp.Or(cmp.Compare(o.kind, ref.Kind), cmp.Compare(o.name, ref.Name))
	})
}

// of is where a Command for ref goes; nil for nowhere.
func (l outlets) of(ref thing.Ref) *outlet {
	if i, ok := l.search(ref); ok {
		return &l[i]
	}
	return nil
}

// availability is where a device says that it is there.
type availability struct {
	Topic   string `json:"topic"`
	Online  string `json:"online"`
	Offline string `json:"offline"`
}

const maxAvailability = 16

// planOf reads the forms of d. The error is a *td.Error that says which one cannot be followed.
func planOf(d *td.Thing) (*plan, error) {
	id := thing.ID(strings.Clone(d.ID)) // not a piece of the whole description
	p := &plan{id: id}
	if err := p.readAvailability(d); err != nil {
		return nil, err
	}
	for ref, i := range d.Interactions() {
		ref = thing.Ref{Thing: id, Kind: ref.Kind, Name: unique.Make(ref.Name).Value()}
		for n, f := range i.Forms {
			at := fmt.Sprintf("/%s/%s/forms/%d", ref.Kind, escape.Replace(ref.Name), n)
			if err := p.readForm(d, ref, i, f, at); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range d.Links {
		if strings.HasPrefix(l.Href, "mqtt://") || strings.HasPrefix(l.Href, "mqtts://") {
			p.links = append(p.links, pathTopic(l.Href)...)
		}
	}
	return p, nil
}

// says are the topics where the device speaks.
func (p *plan) says() []string {
	list := append(slices.Clone(p.responses), p.links...)
	for _, i := range p.inlets {
		list = append(list, i.topic)
	}
	for _, a := range p.available {
		list = append(list, a.Topic)
	}
	return list
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

func (p *plan) readForm(d *td.Thing, ref thing.Ref, i *td.Interaction, f *td.Form, at string) error {
	target, err := d.Target(i, f, nil)
	topics, terms := topicsOf(f)
	here := terms || strings.HasPrefix(target, "mqtt://") || strings.HasPrefix(target, "mqtts://")
	in, out := direction(d, ref, f)
	if !here || !in && !out { // another binding's, or an operation that needs nothing said
		return nil
	}
	if len(topics) == 0 {
		if err != nil {
			return &td.Error{Pointer: at + "/href", Reason: err.Error()}
		}
		topics = pathTopic(target)
	}
	if err := checkTopics(topics, at); err != nil {
		return err
	}
	p.several = p.several || len(topics) > 1
	read, write, answer := schemas(d, ref)
	if in {
		format, err := formatOf(f.Media(), read, at)
		if err != nil {
			return err
		}
		for _, t := range topics {
			p.inlets = append(p.inlets, inlet{t, ref.Kind, ref.Name, format})
		}
	}
	if out {
		p.takes = append(p.takes, topics...)
	}
	if out && p.outlets.of(ref) == nil { // the first form that can
		return p.addOutlet(ref, f, at, topics[0], write, answer)
	}
	return nil
}

func (p *plan) addOutlet(ref thing.Ref, f *td.Form, at, topic string, write, answer *td.Schema) (err error) {
	o := outlet{kind: ref.Kind, name: ref.Name, topic: topic, qos: 1}
	if o.format, err = formatOf(f.Media(), write, at); err != nil {
		return err
	}
	if raw, ok := extra(f.Extra, "mqv:qos"); ok {
		n, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 8)
		if err != nil || n > 2 {
			return &td.Error{Pointer: at + "/mqv:qos", Reason: fmt.Sprintf("%s is no QoS", raw), Mend: "write 0, 1 or 2"}
		}
		o.qos = byte(n)
	}
	if raw, ok := extra(f.Extra, "mqv:retain"); ok {
		if err := json.Unmarshal(raw, &o.retain); err != nil {
			return &td.Error{Pointer: at + "/mqv:retain", Reason: fmt.Sprintf("%s is no boolean", raw), Mend: "write true or false"}
		}
	}
	if response, ok := f.Text("mqv:responseTopic"); ok {
		if err := checkTopics([]string{response}, at); err != nil {
			return err
		}
		if o.output, err = formatOf(f.Answer(), answer, at); err != nil {
			return err
		}
		o.response = strings.Clone(response)
		p.responses = append(p.responses, o.response)
	}
	i, _ := p.outlets.search(ref)
	p.outlets = slices.Insert(p.outlets, i, o)
	return nil
}

// topicsOf are the topics that the terms of f name; terms says whether f has any term of the MQTT binding.
func topicsOf(f *td.Form) (topics []string, terms bool) {
	for _, m := range f.Extra {
		terms = terms || strings.HasPrefix(m.Name, "mqv:")
	}
	for _, name := range []string{"mqv:topic", "mqv:filter"} {
		if raw, ok := extra(f.Extra, name); ok {
			var one string
			var many []string
			if json.Unmarshal(raw, &one) == nil {
				topics = append(topics, one)
			} else if json.Unmarshal(raw, &many) == nil {
				topics = append(topics, many...)
			}
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), terms
}

// pathTopic is the topic in "mqtt://host/topic".
func pathTopic(target string) []string {
	_, rest, _ := strings.Cut(target, "://")
	_, path, _ := strings.Cut(rest, "/")
	topic, err := url.PathUnescape(path)
	if err != nil || topic == "" {
		return nil
	}
	return []string{strings.Clone(topic)}
}

func checkTopics(topics []string, at string) error {
	if len(topics) == 0 {
		return &td.Error{Pointer: at, Reason: "the form names no topic", Mend: `add "mqv:topic"`}
	}
	for _, t := range topics {
		switch {
		case !mqtt.ValidTopic(t):
			return &td.Error{Pointer: at, Reason: fmt.Sprintf("%.80q is no topic to publish to", t), Mend: "name one without wildcards"}
		case strings.HasPrefix(t, "$"), strings.HasPrefix(t, announceTopic), strings.HasPrefix(t, refusedTopic):
			return &td.Error{Pointer: at, Reason: fmt.Sprintf("%.80q is not for values", t), Mend: "name a topic of the device's own"}
		}
	}
	return nil
}

// direction says whether the device publishes to the topic of f, and whether the hub does.
func direction(d *td.Thing, ref thing.Ref, f *td.Form) (in, out bool) {
	packet, _ := f.Text("mqv:controlPacket")
	packet = strings.TrimPrefix(packet, "mqv:")
	if len(f.Op) == 0 && packet != "" && ref.Kind == thing.Property {
		return packet == "subscribe", packet == "publish"
	}
	p, _ := d.Properties.Get(ref.Name)
	for _, op := range f.Ops(ref.Kind, p) {
		switch op {
		case "readproperty", "observeproperty", "subscribeevent":
			in = true
		case "writeproperty", "invokeaction":
			out = true
		}
	}
	return in, out
}

// schemas are those of what the device publishes, of what is published to it, and of its answer; nil for any value.
func schemas(d *td.Thing, ref thing.Ref) (read, write, answer *td.Schema) {
	switch ref.Kind {
	case thing.Property:
		if p, ok := d.Properties.Get(ref.Name); ok {
			return &p.Schema, &p.Schema, nil
		}
	case thing.Action:
		if a, ok := d.Actions.Get(ref.Name); ok {
			return nil, a.Input, a.Output
		}
	case thing.Event:
		if e, ok := d.Events.Get(ref.Name); ok {
			return e.Data, nil, nil
		}
	}
	return nil, nil, nil
}

func (p *plan) readAvailability(d *td.Thing) error {
	const name = "hutong:availability"
	raw, ok := extra(d.Extra, name)
	if !ok {
		return nil
	}
	var one availability
	if json.Unmarshal(raw, &one) == nil {
		p.available = []availability{one}
	} else if err := json.Unmarshal(raw, &p.available); err != nil || len(p.available) > maxAvailability {
		return &td.Error{Pointer: "/" + name, Reason: "not understood", Mend: `write {"topic","online","offline"} or a short list of such`}
	}
	for i := range p.available {
		a := &p.available[i]
		if a.Online == "" && a.Offline == "" {
			a.Online, a.Offline = "online", "offline"
		}
		if err := checkTopics([]string{a.Topic}, "/"+name); err != nil {
			return err
		}
	}
	return nil
}

func extra(list []td.Member, name string) (json.RawMessage, bool) {
	i := slices.IndexFunc(list, func(m td.Member) bool { return m.Name == name })
	if i < 0 {
		return nil, false
	}
	return list[i].Value, true
}
