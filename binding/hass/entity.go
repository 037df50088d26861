package hass

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"hutong/binding/hass/discovery"
	"hutong/binding/hass/jinja"
	"hutong/binding/hass/jinja/py"
	"hutong/mqtt"
	"hutong/td"
	"hutong/thing"
)

// entity is one announced component, understood.
type entity struct {
	discovery.Part
	name     string // "" for an entity that is its device
	unique   string
	about    about
	alone    bool // it belongs to no device
	points   []*point
	presence presence
	says     []string      // topics where it speaks
	takes    []string      // and where it takes orders
	expire   time.Duration // after which a value without a message is not known any more; 0 for never
}

// point is one affordance of an entity.
type point struct {
	kind    thing.Kind
	aspect  string // "" for the entity's main affordance
	title   string
	types   []string
	schema  *td.Schema // of a property, of an event's data, of an action's input; nil for none
	reads   []*source
	write   writer
	to      *command      // what write publishes to, for the form
	assumed bool          // nothing will confirm what is written
	off     time.Duration // after which true becomes false by itself; 0 for never
	extra   []td.Member

	name string // within the Thing; given by the device
}

// writer makes the messages that carry out a write or an invocation, in order.
type writer func(in thing.Value) ([]*mqtt.Message, error)

// source is where a point's value comes from: a topic, and what to do with its payload.
type source struct {
	topic    string
	template *jinja.Template // nil: the payload itself
	path     []string        // keys below value_json, when that is all the template does; else nil
	json     bool            // path is used
	decode   decoder
	fresh    bool // a retained message says nothing, as with events
}

// command is where commands of one kind go.
type command struct {
	topic    string
	template *jinja.Template
	qos      byte
	retain   bool
	env      *py.Env
}

// message is what Home Assistant would publish for value; vars are what a command template sees beside "value".
func (c *command) message(value py.Value, vars ...py.Var) ([]*mqtt.Message, error) {
	text := value.String()
	if c.template != nil {
		var err error
		if text, err = c.template.Render(c.env, append([]py.Var{{Name: "value", Value: value}}, vars...)...); err != nil {
			return nil, fmt.Errorf("command template: %w", err)
		}
		text = strings.TrimSpace(text)
	}
	return []*mqtt.Message{{Topic: c.topic, Payload: []byte(text), QoS: c.qos, Retain: c.retain}}, nil
}

// builder makes the points of one entity. What is wrong is gathered in errs.
type builder struct {
	discovery.Config
	e    *entity
	env  *py.Env
	errs []error
}

// understand makes an entity of an announcement's part. An error names the member that is wrong.
func understand(p discovery.Part, env *py.Env) (*entity, error) {
	b := &builder{Config: p.Config, env: env}
	b.e = &entity{
		Part: p, name: p.Config.Text("name"), unique: p.Config.Text("unique_id"),
		expire: time.Duration(p.Config.Number("expire_after", 0) * float64(time.Second)),
	}
	b.e.about = b.about()
	b.e.alone = len(b.e.about.ids) == 0
	b.e.presence = b.presence()
	build, ok := components[p.Component]
	if !ok {
		build = (*builder).generic
	}
	build(b)
	b.attributes()
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	if len(b.e.points) == 0 {
		return nil, errors.New("it names no topic to read from or to write to")
	}
	return b.e, nil
}

func (b *builder) fail(key string, err error) {
	if len(b.errs) < 8 {
		b.errs = append(b.errs, fmt.Errorf("%s: %w", key, err))
	}
}

// topic reads a topic; one that nobody can publish to is refused.
func (b *builder) topic(key string) string {
	s := b.Text(key)
	if s != "" && !mqtt.ValidTopic(s) {
		b.fail(key, fmt.Errorf("%.80q is not a topic: wildcards are not allowed, nor more than 200 levels", s))
		return ""
	}
	return s
}

func (b *builder) template(key string) *jinja.Template {
	s := b.Text(key)
	if s == "" || strings.HasSuffix(key, "topic") {
		return nil
	}
	t, err := jinja.Parse(strings.TrimSpace(s))
	if err != nil {
		b.fail(key, err)
		return nil
	}
	return t
}

// read is where a point's value comes from: a topic and a template, each named by its key. nil when there is no
// topic.
func (b *builder) read(topicKey, templateKey string, decode decoder) []*source {
	topic := b.topic(topicKey)
	if topic == "" {
		return nil
	}
	b.e.says = append(b.e.says, topic)
	s := &source{topic: topic, template: b.template(templateKey), decode: decode}
	if s.template != nil {
		if f := s.template.Field(); len(f) > 1 && f[0] == "value_json" {
			s.path, s.json = f[1:], true
		}
	}
	return []*source{s}
}

// member is a source that is a member of the JSON payload of a topic.
func (b *builder) member(topicKey string, decode decoder, path ...string) []*source {
	topic := b.topic(topicKey)
	if topic == "" {
		return nil
	}
	b.e.says = append(b.e.says, topic)
	return []*source{{topic: topic, path: path, json: true, decode: decode}}
}

// command is where commands go, nil when there is no topic.
func (b *builder) command(topicKey, templateKey string) *command {
	topic := b.topic(topicKey)
	if topic == "" {
		return nil
	}
	b.e.takes = append(b.e.takes, topic)
	return &command{topic, b.template(templateKey), byte(min(max(b.Number("qos", 0), 0), 2)), b.Flag("retain", false), b.env}
}

// add takes a point that can be read or written; any other is left out.
func (b *builder) add(p *point) *point {
	if len(p.reads) == 0 && p.write == nil {
		return p
	}
	if p.kind == thing.Property && p.write != nil && (len(p.reads) == 0 || b.Flag("optimistic", false)) {
		p.assumed = true
	}
	b.e.points = append(b.e.points, p)
	return p
}

// property adds one that is read and, when to is there, written with what encode makes of the value.
func (b *builder) property(aspect string, schema *td.Schema, reads []*source, to *command, encode func(v thing.Value) py.Value) *point {
	p := &point{kind: thing.Property, aspect: aspect, schema: schema, reads: reads, to: to}
	if to != nil {
		p.write = func(v thing.Value) ([]*mqtt.Message, error) { return to.message(encode(v)) }
	}
	return b.add(p)
}

// action adds one without input that publishes a fixed payload.
func (b *builder) action(aspect, title string, to *command, payload string) {
	if to == nil {
		return
	}
	p := &point{kind: thing.Action, aspect: aspect, title: title, to: to}
	p.write = func(thing.Value) ([]*mqtt.Message, error) { return to.message(py.Text(payload)) }
	b.add(p)
}

// event adds one.
func (b *builder) event(data *td.Schema, reads []*source) {
	for _, s := range reads {
		s.fresh = true
	}
	b.add(&point{kind: thing.Event, schema: data, reads: reads})
}

// attributes adds the JSON attributes any component may have.
func (b *builder) attributes() {
	if reads := b.read("json_attributes_topic", "json_attributes_template", decodeJSON); reads != nil {
		b.add(&point{kind: thing.Property, aspect: "attributes", title: "attributes", schema: &td.Schema{Type: "object"}, reads: reads})
	}
}

// title is what to call a point on a screen.
func (e *entity) title(p *point) string {
	base, what := e.name, p.title
	if base == "" {
		base = words(e.Object)
	}
	if what == "" {
		what = words(p.aspect)
	}
	switch {
	case what == "":
		return capital(base)
	case e.name == "" && e.Object == e.Component:
		return capital(what)
	}
	return capital(base) + " " + what
}

func words(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "_", " ")) }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
