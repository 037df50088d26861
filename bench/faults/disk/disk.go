// Package disk is a disk that fails, fills, lags and loses power when told to. It stands between a store and a real
// folder, in programs that are built for it only (bench/faults): it asks Orders before each change, and writes down what
// an fsync has made sure of, so that Cut can take away all else.
package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Orders are what a disk is told to do. The zero value is a good disk.
type Orders struct {
	Sync  float64       // share of fsyncs that fail; what they were for is lost, and no later fsync saves it
	Write float64       // share of writes that fail half way
	Slow  time.Duration // how long an fsync takes, at least
	Room  int64         // bytes that may still be written, when Full
	Full  bool
	Clock time.Duration // how far the process' clock is off
	Seed  uint64
}

// String writes the orders down; parse reads it.
func (o Orders) String() string {
	return fmt.Sprintf("%g %g %d %d %t %d %d", o.Sync, o.Write, o.Slow, o.Room, o.Full, o.Clock, o.Seed)
}

func parse(text string) (o Orders, err error) {
	_, err = fmt.Sscan(text, &o.Sync, &o.Write, &o.Slow, &o.Room, &o.Full, &o.Clock, &o.Seed)
	return o, err
}

const ordersName = "orders"

// Give writes orders into a folder, for the processes that look there.
func Give(dir string, o Orders) error {
	part := filepath.Join(dir, ordersName+".part")
	if err := os.WriteFile(part, []byte(o.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, ordersName))
}

// Read gives the orders in a folder; none is a good disk.
func Read(dir string) Orders {
	text, err := os.ReadFile(filepath.Join(dir, ordersName))
	if err != nil {
		return Orders{}
	}
	o, err := parse(string(text))
	if err != nil {
		return Orders{}
	}
	return o
}

// Disk is one store's folder of one process.
type Disk struct {
	orders string // folder of the orders
	shadow string // folder of the log and of what was removed

	mu    sync.Mutex
	log   *os.File
	last  Orders
	used  int64 // bytes written since Full was ordered
	dice  *rand.Rand
	files map[string]*file
}

// file is what a Disk knows of one.
type file struct {
	size   int64
	writes int  // how many the log has
	lost   bool // an fsync of it has failed
}

// New makes the disk of a store. What it writes down goes to the folder name below dir, where the orders are too.
func New(dir, name string) (*Disk, error) {
	shadow := filepath.Join(dir, name)
	if err := os.MkdirAll(shadow, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(shadow, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &Disk{
		orders: dir, shadow: shadow, log: log, files: map[string]*file{}, dice: rand.New(rand.NewPCG(0, 0)),
	}, nil
}

var (
	errDisk = fmt.Errorf("made to fail: %w", syscall.EIO)
	errFull = fmt.Errorf("made to be full: %w", syscall.ENOSPC)
)

// look reads the orders anew. The caller holds mu.
func (d *Disk) look() Orders {
	o := Read(d.orders)
	if o != d.last {
		d.last, d.used, d.dice = o, 0, rand.New(rand.NewPCG(o.Seed, 0))
	}
	return o
}

// note writes one line down before the store is told that it is so.
func (d *Disk) note(what, name string, at, size int64) error {
	_, err := d.log.WriteString(what + " " + name + " " + strconv.FormatInt(at, 10) + " " + strconv.FormatInt(size, 10) + "\n")
	return err
}

// of is what is known of a file; one that was there before is known from now on. The caller holds mu.
func (d *Disk) of(name string) *file {
	f := d.files[name]
	if f == nil {
		f = &file{}
		d.files[name] = f
	}
	return f
}

// Create is asked before a file is made.
func (d *Disk) Create(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.look(); o.Full && d.used >= o.Room {
		return errFull
	}
	d.files[name] = &file{}
	return d.note("made", name, 0, 0)
}

// Write is asked before bytes are appended: how many of n may be, and what is to be said then.
func (d *Disk) Write(name string, n int) (may int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(name, n, d.of(name).size)
}

// WriteAt is asked before bytes are written anywhere in a file, as Write is. What is written over must be zeros.
func (d *Disk) WriteAt(name string, n int, at int64) (may int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	may, err = d.write(name, n, at)
	f := d.of(name)
	f.writes++
	return may, errors.Join(err, d.note("wrote", name, at, int64(may)))
}

func (d *Disk) write(name string, n int, at int64) (may int, err error) {
	f, o := d.of(name), d.look()
	grows := max(0, at+int64(n)-f.size)
	switch {
	case o.Full && d.used+grows > o.Room:
		n, err = n-int(grows-max(0, o.Room-d.used)), errFull
	case o.Write > 0 && d.dice.Float64() < o.Write:
		n, err = d.dice.IntN(n+1), errDisk
	}
	d.used += max(0, at+int64(n)-f.size)
	f.size = max(f.size, at+int64(n))
	return n, err
}

// Truncate is asked before a file is cut. A disk that fails may refuse.
func (d *Disk) Truncate(name string, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.look(); (o.Sync > 0 || o.Write > 0) && d.dice.IntN(2) == 0 {
		return errDisk
	}
	d.of(name).size = size
	return d.note("cut", name, 0, size)
}

// Sync is asked instead of an fsync of a file: f does it. What is written down afterwards is what a power cut leaves.
func (d *Disk) Sync(name string, f func() error) error {
	d.mu.Lock()
	o := d.look()
	file := d.of(name)
	fails := o.Sync > 0 && d.dice.Float64() < o.Sync
	file.lost = file.lost || fails
	was := *file
	d.mu.Unlock()
	if o.Slow > 0 {
		time.Sleep(o.Slow)
	}
	if fails {
		return errDisk
	}
	if err := f(); err != nil || was.lost {
		return err // an fsync after one that failed says yes and has saved nothing
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.note("kept", name, int64(was.writes), was.size)
}

// Remove is told before a file is deleted: until the folder is synced a power cut may bring it back.
func (d *Disk) Remove(dir, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	grave := filepath.Join(d.shadow, name)
	if err := errors.Join(ignoreMissing(os.Remove(grave)), ignoreMissing(os.Link(filepath.Join(dir, name), grave))); err != nil {
		return err
	}
	return d.note("gone", name, 0, 0)
}

// Commit is asked instead of giving a file another name and syncing the folder: f does both.
func (d *Disk) Commit(from, to string, f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.look(); o.Sync > 0 && d.dice.Float64() < o.Sync {
		return errDisk
	}
	if err := f(); err != nil {
		return err
	}
	d.files[to] = d.of(from)
	delete(d.files, from)
	return d.note("named", from+"/"+to, 0, 0)
}

// SyncFolder is asked instead of an fsync of the folder: f does it.
func (d *Disk) SyncFolder(f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.look(); o.Sync > 0 && d.dice.Float64() < o.Sync {
		return errDisk
	}
	if err := f(); err != nil {
		return err
	}
	return d.note("folder", "-", 0, 0)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// entry is a line of the log.
type entry struct {
	what, name string
	at, size   int64
}

// entries reads what note wrote; a last line that a kill tore is left out.
func entries(text string) (list []entry) {
	for line := range strings.Lines(text) {
		var e entry
		if n, _ := fmt.Sscan(line, &e.what, &e.name, &e.at, &e.size); n == 4 && strings.HasSuffix(line, "\n") {
			list = append(list, e)
		}
	}
	return list
}
