package api

import (
	"slices"
	"strconv"
	"sync"

	"hutong/thing"
)

// Notice is a word to people, from a rule or the hub itself.
type Notice struct {
	ID    uint64
	Time  thing.Time
	Level string // info, warning or alarm
	Title string
	Text  string
	Cause string // trace that it came of; "" for none
}

// keepNotices is how many are kept; older ones are dropped.
const keepNotices = 100

// Notices keeps the newest notices and tells listeners of new ones. It is safe for use by many goroutines.
type Notices struct {
	mu    sync.Mutex
	list  []Notice // oldest first
	last  uint64
	fresh chan struct{} // closed when there is a new one
}

// NewNotices is an empty Notices.
func NewNotices() *Notices { return &Notices{fresh: make(chan struct{})} }

// Add numbers n and keeps it; it never blocks.
func (n *Notices) Add(x Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	x.ID = n.last
	if len(n.list) >= keepNotices {
		n.list = slices.Delete(n.list, 0, len(n.list)-keepNotices+1)
	}
	n.list = append(n.list, x)
	close(n.fresh)
	n.fresh = make(chan struct{})
}

// after lists the notices with ids above last, oldest first, how many of those are no longer kept, the newest id, and
// what will be closed when there is another.
func (n *Notices) after(last uint64) (list []Notice, lost, newest uint64, more <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	unseen := min(n.last-min(last, n.last), uint64(len(n.list)))
	list = slices.Clone(n.list[uint64(len(n.list))-unseen:])
	return list, n.last - min(last, n.last) - unseen, n.last, n.fresh
}

func (n Notice) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"id":"`...)
	dst = strconv.AppendUint(dst, n.ID, 10)
	dst = append(dst, `","time":"`...)
	dst = append(append(dst, stamp(n.Time)...), '"')
	for _, m := range [][2]string{{"level", n.Level}, {"title", n.Title}, {"text", n.Text}, {"cause", n.Cause}} {
		dst = append(append(append(dst, `,"`...), m[0]...), `":`...)
		dst = thing.String(m[1]).AppendJSON(dst)
	}
	return append(dst, '}')
}

func (a *API) getNotices(*call) (*answer, error) {
	list, _, _, _ := a.Notices.after(0)
	body := []byte{'['}
	for i, n := range slices.Backward(list) {
		if i < len(list)-1 {
			body = append(body, ',')
		}
		body = n.appendJSON(body)
	}
	return jsonAnswer(append(body, ']')), nil
}
