// Package bindingtest proves that a binding keeps the contract of package binding, against a Hub that remembers.
package bindingtest

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"hutong/binding"
	"hutong/td"
	"hutong/thing"
)

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

// Hub is a binding.Hub that remembers everything it is told. Its zero value is not ready; use NewHub. All methods may
// be called from any goroutine.
type Hub struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced with every change
	devices map[thing.ID]*Device
	points  []thing.Ref // by Handle-1
	reports []Report
	refuse  error
	gate    chan struct{} // Wait blocks on it; nil for no blocking
	waits   int
}

// Report is one report with the name of its point.
type Report struct {
	Ref thing.Ref
	thing.Report
}

// Device is what the Hub knows of one announced Thing.
type Device struct {
	hub       *Hub
	compiled  *thing.Thing
	TD        *td.Thing
	Announced int  // how often
	Offline   bool // as last told
	Withdrawn bool
}

// NewHub makes an empty Hub.
func NewHub() *Hub {
	return &Hub{changed: make(chan struct{}), devices: make(map[thing.ID]*Device)}
}

var _ binding.Hub = (*Hub)(nil)

// tell wakes who waits in Until. The caller holds mu.
func (h *Hub) tell() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// Announce implements binding.Hub; it refuses what the real one would.
func (h *Hub) Announce(d *td.Thing) (binding.Device, error) {
	if _, err := td.Parse(d.JSON()); err != nil {
		return nil, err
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	x, err := d.Compile()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	dev := &Device{hub: h, compiled: x, TD: d, Announced: 1}
	if old := h.devices[x.ID]; old != nil {
		dev.Announced, dev.Offline = old.Announced+1, old.Offline && !old.Withdrawn
	}
	h.devices[x.ID] = dev
	h.tell()
	return dev, nil
}

// Again implements binding.Hub.
func (h *Hub) Again(id thing.ID, text []byte) (binding.Device, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	dev := h.devices[id]
	if dev == nil || dev.Withdrawn || string(dev.TD.JSON()) != string(text) {
		return nil, false
	}
	dev.Announced++
	h.tell()
	return dev, true
}

// Report implements binding.Hub.
func (h *Hub) Report(batch []thing.Report) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range batch {
		if r.Point == 0 || int(r.Point) > len(h.points) {
			continue
		}
		ref := h.points[r.Point-1]
		dev := h.devices[ref.Thing]
		if dev == nil || dev.Withdrawn {
			continue
		}
		p, ok := dev.compiled.Find(ref.Kind, ref.Name)
		if !ok {
			continue
		}
		v, err := p.Accept(r.Value)
		if r.Value = v; err != nil {
			r.Quality = thing.Bad
		}
		h.reports = append(h.reports, Report{ref, r})
	}
	h.tell()
	return uint64(len(h.reports))
}

// Wait implements binding.Hub: at once, or as Hold and Refuse have it.
func (h *Hub) Wait(uint64) error {
	h.mu.Lock()
	gate := h.gate
	h.waits++
	h.tell()
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refuse
}

// Hold makes every Wait block until release is called.
func (h *Hub) Hold() (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	gate := make(chan struct{})
	h.gate = gate
	return sync.OnceFunc(func() {
		h.mu.Lock()
		h.gate = nil
		h.mu.Unlock()
		close(gate)
	})
}

// Refuse makes every Wait fail, as with a full disk, or succeed again.
func (h *Hub) Refuse(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse = nil; on {
		h.refuse = errors.New("no space left on device")
	}
}

// Waits is how often Wait has been called.
func (h *Hub) Waits() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waits
}

// Device is what is known of the Thing of that id; false when it was never announced.
func (h *Hub) Device(id thing.ID) (Device, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.devices[id]; d != nil {
		return *d, true
	}
	return Device{}, false
}

// Reports are all reports so far of one property or event, in order.
func (h *Hub) Reports(ref thing.Ref) []Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.reports), func(r Report) bool { return r.Ref != ref })
}

// Until waits until ok is true, looking again after each call the binding makes and now and then, and fails t when it
// takes longer than 10 s.
func (h *Hub) Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-again.C:
		case <-late:
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// UntilAnnounced waits for the Thing of that id.
func (h *Hub) UntilAnnounced(t testing.TB, id thing.ID) {
	t.Helper()
	h.Until(t, string(id)+" is announced", func() bool {
		d, ok := h.Device(id)
		return ok && !d.Withdrawn
	})
}

// UntilValue waits until the newest report of ref says v.
func (h *Hub) UntilValue(t testing.TB, ref thing.Ref, v thing.Value) {
	t.Helper()
	h.Until(t, ref.String()+" is "+v.Describe(), func() bool {
		list := h.Reports(ref)
		return len(list) > 0 && list[len(list)-1].Value.Equal(v)
	})
}

// Thing implements binding.Device.
func (d *Device) Thing() *thing.Thing { return d.compiled }

// Handle implements binding.Device.
func (d *Device) Handle(kind thing.Kind, name string) (thing.Handle, bool) {
	if _, ok := d.compiled.Find(kind, name); !ok || kind == thing.Action {
		return 0, false
	}
	d.hub.mu.Lock()
	defer d.hub.mu.Unlock()
	ref := thing.Ref{Thing: d.compiled.ID, Kind: kind, Name: name}
	if i := slices.Index(d.hub.points, ref); i >= 0 {
		return thing.Handle(i + 1), true
	}
	d.hub.points = append(d.hub.points, ref)
	return thing.Handle(len(d.hub.points)), true
}

// Online implements binding.Device.
func (d *Device) Online(online bool) {
	d.hub.mu.Lock()
	defer d.hub.mu.Unlock()
	d.Offline = !online
	d.hub.tell()
}

// Withdraw implements binding.Device.
func (d *Device) Withdraw() {
	d.hub.mu.Lock()
	defer d.hub.mu.Unlock()
	d.Withdrawn = true
	d.hub.tell()
}
