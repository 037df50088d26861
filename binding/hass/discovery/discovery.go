// Package discovery reads the announcements of Home Assistant's MQTT discovery: topics, abbreviations, the base topic
// "~", device-based announcements. It knows nothing of what the entities mean.
package discovery

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"hutong/binding/hass/jinja/py"
)

// maxPayload is the most bytes of one announcement.
const maxPayload = 512 << 10

// Config is an announcement, or a part of one, with long names. The zero Config is empty.
type Config struct{ value py.Value }

// Of makes a Config of a dict; any other value gives an empty one.
func Of(v py.Value) Config { return Config{v} }

// Get is the value of key and whether there is one.
func (c Config) Get(key string) (py.Value, bool) { return c.value.Get(key) }

// Entries yields keys and values in order.
func (c Config) Entries() iter.Seq2[string, py.Value] { return c.value.Entries() }

// Inside is the object called key; an empty Config when there is none.
func (c Config) Inside(key string) Config {
	v, _ := c.value.Get(key)
	return Config{v}
}

// Text is the value of key as Home Assistant reads a string: anything printed as Python prints it; "" for none.
func (c Config) Text(key string) string {
	v, ok := c.Get(key)
	if !ok || v.Kind() == py.KindNone {
		return ""
	}
	return v.String()
}

// TextOr is Text, or missing when there is no value.
func (c Config) TextOr(key, missing string) string {
	if v, ok := c.Get(key); ok && v.Kind() != py.KindNone {
		return v.String()
	}
	return missing
}

// Has says whether key has a value that is not null.
func (c Config) Has(key string) bool {
	v, ok := c.Get(key)
	return ok && v.Kind() != py.KindNone
}

// Flag reads a boolean as Home Assistant does, which takes words for it too.
func (c Config) Flag(key string, missing bool) bool {
	switch strings.ToLower(c.Text(key)) {
	case "true", "1", "yes", "on", "enable":
		return true
	case "false", "0", "no", "off", "disable":
		return false
	}
	return missing
}

// Number is the value of key as a number.
func (c Config) Number(key string, missing float64) float64 {
	v, ok := c.Get(key)
	if !ok {
		return missing
	}
	if f, ok := py.FloatOf(v); ok && !math.IsNaN(f) && !math.IsInf(f, 0) && v.Kind() != py.KindBool {
		return f
	}
	return missing
}

// Texts is a list of strings; a single string is a list of one.
func (c Config) Texts(key string) []string {
	v, ok := c.Get(key)
	if !ok || v.Kind() == py.KindNone {
		return nil
	}
	if v.Kind() != py.KindList {
		return []string{v.String()}
	}
	var list []string
	for _, it := range v.Items() {
		if s := it.String(); !slices.Contains(list, s) && len(list) < maxOptions {
			list = append(list, s)
		}
	}
	return list
}

// maxOptions is the most options one entity may list, maxComponents the most entities one announcement.
const (
	maxOptions    = 1000
	maxComponents = 1000
)

// renamed is a dict with its short names made long; of two names for one thing the long one wins.
func renamed(v py.Value, short map[string]string) py.Value {
	if v.Kind() != py.KindDict {
		return v
	}
	var items []py.Var
	for name, x := range v.Entries() {
		if long, ok := short[name]; ok {
			if _, both := v.Get(long); both {
				continue
			}
			name = long
		}
		items = append(items, py.Var{Name: name, Value: x})
	}
	return py.Dict(items...)
}

// with is a dict with one name set anew.
func with(v py.Value, name string, x py.Value) py.Value {
	items := []py.Var{}
	for n, old := range v.Entries() {
		if n != name {
			items = append(items, py.Var{Name: n, Value: old})
		}
	}
	return py.Dict(append(items, py.Var{Name: name, Value: x})...)
}

// expanded is a component's payload with long names and with "~" replaced by the base topic.
func expanded(v py.Value) Config {
	v = renamed(v, abbreviations)
	for name, short := range map[string]map[string]string{"device": deviceAbbreviations, "origin": originAbbreviations} {
		if x, ok := v.Get(name); ok {
			v = with(v, name, renamed(x, short))
		}
	}
	base, _ := v.Get("~")
	if list, ok := v.Get("availability"); ok {
		if list.Kind() == py.KindDict {
			list = py.List(list)
		}
		items := make([]py.Value, 0, len(list.Items()))
		for _, it := range list.Items() {
			items = append(items, based(renamed(it, abbreviations), base.Text()))
		}
		v = with(v, "availability", py.List(items...))
	}
	return Config{based(v, base.Text())}
}

// based replaces "~" at the start or end of topics.
func based(v py.Value, base string) py.Value {
	if base == "" || v.Kind() != py.KindDict {
		return v
	}
	var items []py.Var
	for name, x := range v.Entries() {
		if s := x.Text(); strings.HasSuffix(name, "topic") && s != "" {
			if rest, ok := strings.CutPrefix(s, "~"); ok {
				s = base + rest
			}
			if rest, ok := strings.CutSuffix(s, "~"); ok {
				s = rest + base
			}
			x = py.Text(s)
		}
		items = append(items, py.Var{Name: name, Value: x})
	}
	return py.Dict(items...)
}

// place says which announcement a topic carries: prefix/component/[node/]object/config.
type place struct {
	component, node, object string
}

func parseTopic(prefix, topic string) (place, bool) {
	rest, ok := strings.CutPrefix(topic, prefix+"/")
	rest, ok2 := strings.CutSuffix(rest, "/config")
	parts := strings.Split(rest, "/")
	if !ok || !ok2 || slices.Contains(parts, "") {
		return place{}, false
	}
	switch len(parts) {
	case 2:
		return place{parts[0], "", parts[1]}, true
	case 3:
		return place{parts[0], parts[1], parts[2]}, true
	}
	return place{}, false
}

// Part is one entity of an announcement.
type Part struct {
	Key       string // names the entity for good: the topic, and "#" and its key in a device-based announcement
	Component string // such as "sensor"
	Object    string // the last level of the topic, or the key
	Config    Config
	Gone      bool // it is to be removed
	Migrate   bool // it is removed because a device-based announcement takes its place
}

// Matches says whether topic is one of announcements under prefix.
func Matches(prefix, topic string) bool {
	_, ok := parseTopic(prefix, topic)
	return ok
}

// Split reads an announcement into its entities. The error says what is wrong with all of it; what is wrong inside one
// entity is left to who understands entities.
func Split(prefix, topic string, payload []byte) ([]Part, error) {
	at, ok := parseTopic(prefix, topic)
	if !ok {
		return nil, fmt.Errorf("topic %q: want %s/COMPONENT/[NODE/]OBJECT/config", topic, prefix)
	}
	if len(payload) > maxPayload {
		return nil, fmt.Errorf("announcement of %d bytes: at most %d are allowed", len(payload), maxPayload)
	}
	v, err := py.ParseJSON(payload)
	if err != nil {
		return nil, fmt.Errorf("announcement: %w", err)
	}
	if v.Kind() != py.KindDict {
		return nil, errors.New("announcement: want a JSON object")
	}
	c := expanded(v)
	if c.Flag("migrate_discovery", false) {
		return []Part{{Key: topic, Component: at.component, Object: at.object, Gone: true, Migrate: true}}, nil
	}
	if at.component != "device" {
		return []Part{{Key: topic, Component: at.component, Object: at.object, Config: c}}, nil
	}
	return splitDevice(topic, c)
}

// splitDevice reads a device-based announcement: what it says at the top holds for every component that does not
// say otherwise.
func splitDevice(topic string, c Config) ([]Part, error) {
	components, ok := c.Get("components")
	if !ok || components.Kind() != py.KindDict {
		return nil, errors.New("device announcement: want an object of components (components, cmps)")
	}
	if !c.Has("device") || !c.Has("origin") {
		return nil, errors.New("device announcement: want device (dev) and origin (o)")
	}
	var list []Part
	for key, v := range components.Entries() {
		if len(list) == maxComponents {
			return nil, fmt.Errorf("device announcement: more than %d components", maxComponents)
		}
		if base, ok := c.Get("~"); ok && v.Kind() == py.KindDict {
			if _, own := v.Get("~"); !own {
				v = with(v, "~", base)
			}
		}
		x := expanded(v)
		platform := x.Text("platform")
		if platform == "" {
			return nil, fmt.Errorf("device announcement: component %q names no platform (platform, p)", key)
		}
		p := Part{Key: topic + "#" + key, Component: platform, Object: key}
		n := 0
		for name := range x.Entries() {
			if name != "platform" && name != "~" {
				n++
			}
		}
		if p.Gone = n == 0; !p.Gone {
			p.Config = inherited(x, c)
		}
		list = append(list, p)
	}
	return list, nil
}

// inherited is a component's payload completed by that of its device.
func inherited(x, device Config) Config {
	v := x.value
	for name, common := range device.Entries() {
		if _, own := v.Get(name); !own && name != "components" && name != "~" {
			v = with(v, name, common)
		}
	}
	return Config{v}
}
