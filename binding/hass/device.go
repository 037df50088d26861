package hass

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/binding"
	"hutong/mqtt"
	"hutong/thing"
)

// announced is a device as the hub knows it.
type announced struct {
	id  thing.ID
	b   *Binding
	hub binding.Hub

	entities map[string]*entity // by key
	touched  time.Time
	waited   int

	mu      sync.Mutex
	device  binding.Device           // nil before the first announcement
	points  map[thing.Ref]*point     // by their names now
	handles map[*point]thing.Handle  // of those that report
	live    atomic.Pointer[listener] // who reports now
	detach  func()
}

func newAnnounced(b *Binding, hub binding.Hub, id thing.ID) *announced {
	return &announced{id: id, b: b, hub: hub, entities: map[string]*entity{}}
}

// announce tells the hub what the device is now, and listens to what it says.
func (d *announced) announce() error {
	order := d.ordered()
	named(order)
	described := describe(d.id, order, d.b.o.Href)
	points := map[thing.Ref]*point{}
	for _, e := range order {
		for _, p := range e.points {
			points[thing.Ref{Thing: d.id, Kind: p.kind, Name: p.name}] = p
		}
	}
	// A command may come as soon as the hub knows the Thing.
	before := d.know(points)
	device, err := d.hub.Announce(described)
	if err != nil {
		d.know(before)
		return err
	}
	handles := map[*point]thing.Handle{}
	for _, p := range points {
		if h, ok := device.Handle(p.kind, p.name); ok && p.kind != thing.Action {
			handles[p] = h
		}
	}
	d.mu.Lock()
	d.device, d.handles = device, handles
	d.mu.Unlock()
	return d.listen(device, order, handles)
}

// know sets what commands can be for, and returns what it was. Nothing at all makes the device unknown.
func (d *announced) know(points map[thing.Ref]*point) (before map[thing.Ref]*point) {
	d.mu.Lock()
	before, d.points = d.points, points
	d.mu.Unlock()
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	if points == nil {
		delete(d.b.devices, d.id)
	} else {
		d.b.devices[d.id] = d
	}
	return before
}

// listen attaches a new listener. While the broker hands it the retained messages the old one still takes the fresh
// ones, so that none is lost and none is reported twice.
func (d *announced) listen(device binding.Device, order []*entity, handles map[*point]thing.Handle) error {
	l := newListener(d, device, order, handles)
	d.live.CompareAndSwap(nil, l)
	var detach func()
	if len(l.topics) > 0 {
		var err error
		detach, err = d.b.o.Broker.Attach(l, slices.Sorted(maps.Keys(l.topics))...)
		if err != nil {
			return fmt.Errorf("listen to %s: %w", d.id, err)
		}
	}
	old, oldDetach := d.live.Swap(l), d.detach
	d.detach = detach
	if old != l {
		old.stop()
	}
	if oldDetach != nil {
		oldDetach()
	}
	return nil
}

// ordered are the entities in an order that does not depend on when they were announced.
func (d *announced) ordered() []*entity {
	return slices.SortedFunc(maps.Values(d.entities), func(x, y *entity) int {
		if c := rank(x.Component) - rank(y.Component); c != 0 {
			return c
		}
		return strings.Compare(x.Key, y.Key)
	})
}

// rank says which component keeps a name that several want: what is most of a device comes first.
func rank(component string) int {
	i := slices.Index([]string{
		"light", "switch", "climate", "cover", "lock", "fan", "vacuum", "humidifier", "valve", "water_heater", "siren", "alarm_control_panel",
		"lawn_mower", "sensor", "binary_sensor", "number", "select", "text", "event",
	}, component)
	if i < 0 {
		return 100
	}
	return i
}

// named gives every point its name within the Thing: OBJECT, or when that is taken OBJECT_COMPONENT, then with a number.
func named(order []*entity) {
	used := map[string]bool{}
	for _, e := range order {
		base := slug(e.Object)
		taken := func(base string) bool {
			return slices.ContainsFunc(e.points, func(p *point) bool { return used[p.full(base)] })
		}
		for n := 1; taken(base); n++ {
			base = slug(e.Object) + "_" + slug(e.Component)
			if n > 1 {
				base = fmt.Sprintf("%s_%d", base, n)
			}
		}
		for i, p := range e.points {
			p.name = p.full(base)
			for n := 2; used[p.name] && i > 0; n++ {
				p.name = fmt.Sprintf("%s_%d", p.full(base), n)
			}
			used[p.name] = true
		}
	}
}

// full is a point's name for an entity's base name.
func (p *point) full(base string) string {
	if p.aspect == "" {
		return base
	}
	return base + "_" + slug(p.aspect)
}

// slug makes a name that needs no escaping in URLs, pointers and expressions.
func slug(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !isNameByte(c) {
			b[i] = '_'
		}
	}
	if len(b) == 0 || b[0] >= '0' && b[0] <= '9' {
		b = append([]byte{'_'}, b...)
	}
	return string(b[:min(len(b), 200)])
}

// withdraw tells the hub that the device is gone.
func (d *announced) withdraw() {
	d.stop()
	d.b.mu.Lock()
	delete(d.b.devices, d.id)
	d.b.mu.Unlock()
	if d.device != nil {
		d.device.Withdraw()
	}
}

// stop ends listening.
func (d *announced) stop() {
	if l := d.live.Swap(nil); l != nil {
		l.stop()
	}
	if d.detach != nil {
		d.detach()
		d.detach = nil
	}
}

// do carries out a command.
func (d *announced) do(ctx context.Context, broker mqtt.Broker, cmd thing.Command) error {
	d.mu.Lock()
	p := d.points[cmd.Ref]
	handle, reports := d.handles[p]
	d.mu.Unlock()
	if p == nil {
		return errNoPoint
	}
	if p.write == nil {
		return errors.New("it can only be read")
	}
	if p.schema != nil && !(p.kind == thing.Action && cmd.Input.IsNull()) {
		if err := p.schema.Check(cmd.Input.AppendJSON(nil)); err != nil {
			return err
		}
	}
	messages, err := p.write(cmd.Input)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := broker.Publish(ctx, m); err != nil {
			return fmt.Errorf("publish %s: %w", m.Topic, err)
		}
	}
	if p.assumed && reports {
		d.hub.Report([]thing.Report{{Point: handle, Value: cmd.Input, Quality: thing.Uncertain, Device: thing.At(d.b.o.Now())}})
	}
	return nil
}

// cutKey splits an entity's key into the topic that announced it and its place there.
func cutKey(key string) (topic, component string, ok bool) { return strings.Cut(key, "#") }

// urn is the id of a Thing: identifier with what a URN (RFC 8141) does not allow written in hexadecimal.
func urn(identifier string) thing.ID {
	var b strings.Builder
	b.WriteString("urn:hutong:hass:")
	for i := range len(identifier) {
		c := identifier[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~:", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return thing.ID(b.String())
}
