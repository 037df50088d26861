package road

import (
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// keeper brings rides to the disk, the newest text of each, so that nobody who steers waits for it; who acknowledges
// does.
type keeper struct {
	to   Keep
	log  *slog.Logger
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	settled *sync.Cond
	texts   map[RideID][]byte // to write; nil: to delete
	pos     uint64            // of the newest change
	durable uint64            // all up to here are on disk
	tried   uint64            // all up to here were tried
	wrong   error             // why the last try failed
	failed  uint64
	closed  bool
}

func newKeeper(to Keep, log *slog.Logger) *keeper {
	k := &keeper{to: to, log: log, wake: make(chan struct{}, 1), done: make(chan struct{}), texts: make(map[RideID][]byte)}
	k.settled = sync.NewCond(&k.mu)
	return k
}

func (k *keeper) put(r *Ride) {
	text, err := json.Marshal(r)
	if err != nil { // plain numbers and words always marshal
		panic("road: " + err.Error())
	}
	k.add(r.ID, text)
}

func (k *keeper) drop(id RideID) { k.add(id, nil) }

func (k *keeper) add(id RideID, text []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pos++
	k.texts[id] = text
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// wait blocks until all that was put before is on disk, or says why it can't be.
func (k *keeper) wait() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for want := k.pos; k.durable < want; k.settled.Wait() {
		switch {
		case k.wrong != nil && k.tried >= want:
			return k.wrong
		case k.closed:
			return errors.New("the hub is stopping")
		}
	}
	return nil
}

func (k *keeper) failures() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// retry is how long a disk that refused is left alone.
const retry = time.Second

func (k *keeper) run() {
	defer close(k.done)
	for range k.wake {
		for !k.flush() {
			k.mu.Lock()
			closed := k.closed
			k.mu.Unlock()
			if closed {
				return
			}
			<-time.After(retry)
		}
		k.mu.Lock()
		closed := k.closed && len(k.texts) == 0
		k.mu.Unlock()
		if closed {
			return
		}
	}
}

// flush writes what there is to write. What couldn't be written stays, unless a newer text has come.
func (k *keeper) flush() bool {
	k.mu.Lock()
	texts, pos := k.texts, k.pos
	k.texts = make(map[RideID][]byte)
	k.mu.Unlock()
	var wrong error
	for id, text := range texts {
		var err error
		if text == nil {
			err = k.to.Delete(string(id))
		} else {
			err = k.to.Put(string(id), text)
		}
		if err != nil {
			wrong = err
			continue
		}
		delete(texts, id)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, text := range texts {
		if _, newer := k.texts[id]; !newer {
			k.texts[id] = text
		}
	}
	k.tried = pos
	if wrong != nil {
		if k.wrong == nil {
			k.log.Error("road: rides cannot be kept", "error", wrong)
		}
		k.failed++
	} else {
		k.durable = pos
	}
	k.wrong = wrong
	k.settled.Broadcast()
	return wrong == nil
}

// close writes what is left, as far as the disk takes it.
func (k *keeper) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	<-k.done
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settled.Broadcast()
}
