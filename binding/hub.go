package binding

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"

	"hutong/td"
	"hutong/thing"
)

// hub is the Hub of one binding.
type hub struct {
	s    *Supervisor
	name string
}

// hash tells descriptions apart within one process.
func hash(text []byte) uint64 { return maphash.Bytes(seed, text) }

var seed = maphash.MakeSeed()

func (s *Supervisor) stripe(id thing.ID) func() {
	m := &s.stripes[maphash.String(seed, string(id))%uint64(len(s.stripes))]
	m.Lock()
	return m.Unlock
}

// Announce implements Hub.
func (h *hub) Announce(d *td.Thing) (Device, error) {
	text := d.JSON()
	defer h.s.stripe(thing.ID(d.ID))()
	known, err := h.s.known(thing.ID(d.ID), h.name)
	if err != nil {
		return nil, err
	}
	if known != nil && known.text == hash(text) && known.binding == h.name {
		return h.s.seen(known, h.name), nil
	}
	if err := check(d, text); err != nil {
		return nil, err
	}
	x, err := d.Compile()
	if err != nil {
		return nil, err
	}
	x.Binding = h.name
	h.s.makes.share(x)
	return h.s.put(x, text, h, known)
}

// Again implements Hub.
func (h *hub) Again(id thing.ID, text []byte) (Device, bool) {
	defer h.s.stripe(id)()
	h.s.mu.Lock()
	o := h.s.owned[id]
	h.s.mu.Unlock()
	if o == nil || o.binding != h.name || o.text != hash(text) {
		return nil, false
	}
	return h.s.seen(o, h.name), true
}

// maxText is what td.Parse takes, so that what is kept can be read back.
const maxText = 1 << 20

func check(d *td.Thing, text []byte) error {
	if len(text) > maxText {
		return &td.Error{Reason: fmt.Sprintf("a description of %d bytes, at most %d are taken", len(text), maxText)}
	}
	return d.Check()
}

// known is the Thing of that id, nil for none; an error when another binding of this hub owns it, or when there is no
// room for one more.
func (s *Supervisor) known(id thing.ID, name string) (*owned, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.owned[id]
	switch {
	case !ok && len(s.owned) >= s.most:
		return nil, &td.Error{Reason: fmt.Sprintf("this hub has %d Things already", len(s.owned)), Mend: "withdraw some"}
	case !ok:
		return nil, nil
	case o.binding != name && s.find(o.binding) != nil:
		return nil, &td.Error{Pointer: "/id", Reason: fmt.Sprintf("%s belongs to a Thing of binding %s already", id, o.binding)}
	}
	return o, nil
}

// seen notes that a known Thing was announced again.
func (s *Supervisor) seen(o *owned, name string) *device {
	s.mu.Lock()
	back := o.lost
	o.lost, o.run = false, s.find(name).run
	s.mu.Unlock()
	if back {
		s.things.Online(o.device.thing.ID, true)
	}
	return o.device
}

// put keeps a new description on disk and then brings it to life. The caller holds the stripe of x.ID.
func (s *Supervisor) put(x *thing.Thing, text []byte, h *hub, known *owned) (Device, error) {
	if s.registry != nil {
		if err := s.registry.PutTD(x, text); err != nil {
			return nil, fmt.Errorf("%s: the description cannot be kept: %w", x.ID, err)
		}
	}
	if err := s.things.Add(x); err != nil {
		if known == nil && s.registry != nil {
			err = errors.Join(err, s.registry.DeleteTD(x.ID))
		}
		return nil, err
	}
	o := &owned{binding: h.name, text: hash(text), device: &device{hub: h, thing: x}}
	s.mu.Lock()
	if known != nil {
		o.lost = known.lost
		known.device.spent.Store(true)
	}
	s.owned[x.ID] = o
	s.mu.Unlock()
	return s.seen(o, h.name), nil
}

// Report implements Hub.
func (h *hub) Report(batch []thing.Report) uint64 { return h.s.values.Report(batch) }

// Wait implements Hub.
func (h *hub) Wait(pos uint64) error { return h.s.values.Wait(pos) }

// Forget withdraws a Thing for good whoever announced it, for one whose device will never speak again. An announcement
// brings it back. An id that is not there is no error.
func (s *Supervisor) Forget(id thing.ID) error {
	return s.forget(id, func(*owned) bool { return true })
}

// forget withdraws the Thing of that id if agreed says so.
func (s *Supervisor) forget(id thing.ID, agreed func(*owned) bool) error {
	defer s.stripe(id)()
	s.mu.Lock()
	o := s.owned[id]
	if o == nil || !agreed(o) {
		s.mu.Unlock()
		return nil
	}
	delete(s.owned, id)
	s.mu.Unlock()
	o.device.spent.Store(true)
	s.things.Remove(id)
	if s.registry == nil {
		return nil
	}
	if err := s.registry.DeleteTD(id); err != nil {
		return fmt.Errorf("%s: gone, but will be back after a restart: %w", id, err)
	}
	return nil
}

// device is the Device of one announced Thing.
type device struct {
	hub   *hub
	thing *thing.Thing
	spent atomic.Bool
}

// Thing implements Device.
func (d *device) Thing() *thing.Thing { return d.thing }

// Handle implements Device.
func (d *device) Handle(kind thing.Kind, name string) (thing.Handle, bool) {
	if d.spent.Load() {
		return 0, false
	}
	return d.hub.s.things.Handle(thing.Ref{Thing: d.thing.ID, Kind: kind, Name: name})
}

// Online implements Device.
func (d *device) Online(online bool) {
	if !d.spent.Load() {
		d.hub.s.things.Online(d.thing.ID, online)
	}
}

// Withdraw implements Device.
func (d *device) Withdraw() {
	if err := d.hub.s.forget(d.thing.ID, func(o *owned) bool { return o.device == d }); err != nil {
		d.hub.s.log.Error("withdraw", "binding", d.hub.name, "error", err)
	}
}
