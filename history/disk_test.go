package history

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// disk is an FS in memory that knows what would outlast a power cut, and fails or dies when told to.
type disk struct {
	mu     sync.Mutex
	files  map[string]*node
	folder map[string]*node // as of the last Commit, which syncs the folder
	fail   func() error     // asked before every change of the disk
}

type node struct {
	data, synced []byte
}

var errNoSpace = errors.New("no space left on device")

func newDisk() *disk {
	return &disk{files: map[string]*node{}, folder: map[string]*node{}}
}

// powerCut is the disk after the plug was pulled: nothing that was not synced is there, and removals since the folder
// was synced last may or may not have happened.
func (d *disk) powerCut(removalsHappened bool) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newDisk()
	for name, n := range d.folder {
		if _, still := d.files[name]; still || !removalsHappened {
			after.files[name] = &node{data: slices.Clone(n.synced), synced: slices.Clone(n.synced)}
		}
	}
	after.folder = maps.Clone(after.files)
	return after
}

// change runs f unless the disk fails.
func (d *disk) change(f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(); err != nil {
			return err
		}
	}
	return f()
}

func (d *disk) Create(name string) (File, error) {
	n := &node{}
	err := d.change(func() error { d.files[name] = n; return nil })
	return &handle{d, n}, err
}

func (d *disk) Open(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return nil, fs.ErrNotExist
	}
	return &handle{d, d.files[name]}, nil
}

func (d *disk) Commit(from, to string) error {
	return d.change(func() error {
		if d.files[from] == nil {
			return fs.ErrNotExist
		}
		d.files[to] = d.files[from]
		delete(d.files, from)
		d.folder = maps.Clone(d.files)
		return nil
	})
}

func (d *disk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files)), nil
}

func (d *disk) Remove(name string) error {
	return d.change(func() error {
		if d.files[name] == nil {
			return fs.ErrNotExist
		}
		delete(d.files, name)
		return nil
	})
}

type handle struct {
	d *disk
	n *node
}

func (h *handle) Write(p []byte) (int, error) {
	err := h.d.change(func() error { h.n.data = append(h.n.data, p...); return nil })
	return len(p), err
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if off > int64(len(h.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.n.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) Sync() error {
	return h.d.change(func() error { h.n.synced = slices.Clone(h.n.data); return nil })
}

func (h *handle) Size() (int64, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return int64(len(h.n.data)), nil
}

func (h *handle) Close() error { return nil }
