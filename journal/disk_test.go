package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
)

// disk is an FS in memory that knows what would outlast a power cut, and fails when told to.
type disk struct {
	mu      sync.Mutex
	files   map[string]*node
	durable map[string]*node // what the folder held at its last Sync
	room    int              // bytes that may still be written
	syncs   int
	onSync  func(n int) error // called for each file Sync, outside the lock
	short   bool              // Write reports fewer bytes and no error
}

type node struct {
	data   []byte // what a reader sees
	synced []byte // what a power cut leaves for sure
	lost   bool   // a Sync failed: later ones say yes and keep nothing (fsyncgate)
}

var (
	errNoSpace = fmt.Errorf("write: %w", syscall.ENOSPC)
	errSync    = errors.New("input/output error")
)

func newDisk() *disk {
	return &disk{files: map[string]*node{}, durable: map[string]*node{}, room: 1 << 40}
}

// powerCut is the disk after the plug was pulled: unsynced bytes survive in part, or as garbage, or not at all; those
// written over older ones by sectors, whichever the disk came to.
func (d *disk) powerCut(r *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newDisk()
	for name, n := range d.durable {
		data := slices.Clone(n.synced)
		arrives := r.IntN(3) // none of them, about half, all
		for at := 0; at < min(len(data), len(n.data)); at += sector {
			if end := min(at+sector, len(data), len(n.data)); r.IntN(2) < arrives {
				spoil(r, data[at:end], n.data[at:end])
			}
		}
		if extra := len(n.data) - len(n.synced); extra > 0 {
			tail := slices.Clone(n.data[len(n.synced):][:r.IntN(extra+1)])
			if len(tail) > 0 && r.IntN(2) == 0 {
				for i := r.IntN(len(tail)); i < len(tail); i++ {
					tail[i] = byte(r.Uint32())
				}
			}
			data = append(data, tail...)
		}
		after.files[name] = &node{data: data, synced: slices.Clone(data)}
	}
	after.durable = maps.Clone(after.files)
	return after
}

const sector = 64 // a small one, since the tests' changes are

// spoil writes what is new over what was synced, or garbage in its place.
func spoil(r *rand.Rand, synced, now []byte) {
	garbage := r.IntN(8) == 0
	for i := range synced {
		if synced[i] == now[i] {
			continue
		}
		if synced[i] = now[i]; garbage {
			synced[i] = byte(r.Uint32())
		}
	}
}

func (d *disk) set(f func(d *disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d)
}

func (d *disk) Create(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] != nil {
		return nil, fs.ErrExist
	}
	if d.room <= 0 {
		return nil, errNoSpace
	}
	d.files[name] = &node{}
	return &handle{d, d.files[name]}, nil
}

func (d *disk) Open(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return nil, fs.ErrNotExist
	}
	return &handle{d, d.files[name]}, nil
}

func (d *disk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.files)), nil
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
	return nil
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.durable = maps.Clone(d.files)
	return nil
}

type handle struct {
	d *disk
	n *node
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	inside := copy(h.n.data[min(off, int64(len(h.n.data))):], p)
	n := min(len(p), inside+h.d.room)
	if h.d.short && n > 1 {
		n /= 2
	}
	if more := n - inside; more > 0 {
		h.n.data = append(h.n.data, p[inside:n]...)
		h.d.room -= more
	}
	if n < len(p) && !h.d.short {
		return n, errNoSpace
	}
	return n, nil
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if off >= int64(len(h.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.n.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) Sync() error {
	h.d.mu.Lock()
	h.d.syncs++
	n, hook := h.d.syncs, h.d.onSync
	h.d.mu.Unlock()
	if hook != nil {
		if err := hook(n); err != nil {
			h.d.set(func(*disk) { h.n.lost = true })
			return err
		}
	}
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if !h.n.lost {
		h.n.synced = slices.Clone(h.n.data)
	}
	return nil
}

func (h *handle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.n.data = slices.Clone(h.n.data[:min(size, int64(len(h.n.data)))])
	return nil
}

func (h *handle) Close() error { return nil }
