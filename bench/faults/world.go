package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/bench/faults/disk"
	"hutong/bench/rig"
)

// writers is how many devices write at once.
const writers = 8

// window is how many values of one device are on their way at most.
const window = 8

// world is one data folder, the devices that write to its hub, and what was acknowledged to them.
type world struct {
	program string
	data    string
	shadow  string
	who     rig.Login
	dice    *rand.Rand
	hub     *rig.Hub
	devices [writers]*device
	since   time.Time // of the earliest value not checked yet
	result  result
	apart   bool // times are no order here: the clock was set
	crowd   int  // how many clients come at once
}

// result is what all rounds of one fault came to.
type result struct {
	rounds, acked, lost, twice, disorder int
	refused                              int
	said                                 int // repairs that a start told of
	notes                                map[string]int
}

// ok says that nothing acknowledged is missing, twice or out of order.
func (r result) ok() bool { return r.lost+r.twice+r.disorder == 0 }

func (r result) note(what string, n int) { r.notes[what] += n }

// device writes 0, 1, 2 ... to one property and knows which of them were acknowledged.
type device struct {
	w       *world
	name    string
	next    int64
	checked int64          // every number below has been looked for
	kept    map[int64]bool // acknowledged and not looked for yet
	mu      sync.Mutex
	news    atomic.Int64 // acknowledgements in this round
	refused atomic.Int64
}

func newWorld(program, folder string, seed uint64) (*world, error) {
	w := &world{
		program: program, data: filepath.Join(folder, "data"), shadow: filepath.Join(folder, "shadow"),
		dice: rand.New(rand.NewPCG(seed, 0)), result: result{notes: map[string]int{}},
	}
	for i := range w.devices {
		w.devices[i] = &device{w: w, name: "n" + strconv.Itoa(i), kept: map[int64]bool{}}
	}
	if err := os.MkdirAll(w.shadow, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.who, err = rig.Token(program, w.data); err != nil {
		return nil, err
	}
	if err := w.start(); err != nil {
		return nil, err
	}
	c, err := w.hub.Dial("announcer")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Publish("hutong/td/faults", meter(), true); err != nil {
		return nil, err
	}
	w.hub.Kill()
	return w, nil
}

const thingID = "urn:faults:meter"

// meter describes the Thing that all devices are parts of.
func meter() []byte {
	type object = map[string]any
	properties := object{}
	for _, name := range append([]string{"a", "b", "crowd"}, names()...) {
		forms := []any{object{"href": "mqtt://broker", "op": []string{"readproperty", "observeproperty"}, "mqv:filter": "faults/" + name}}
		p := object{"type": "integer", "observable": true, "readOnly": len(name) > 1}
		if len(name) == 1 { // these two take orders: they are for the rules that chase each other
			p["type"] = "boolean"
			forms = append(forms, object{"href": "mqtt://broker", "op": "writeproperty", "mqv:topic": "faults/" + name + "/set"})
		}
		p["forms"] = forms
		properties[name] = p
	}
	text, err := json.Marshal(object{
		"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": thingID, "title": "Meter",
		"security": "nosec", "securityDefinitions": object{"nosec": object{"scheme": "nosec"}}, "properties": properties,
	})
	if err != nil {
		panic(err) // it is made of texts
	}
	return text
}

func names() (list []string) {
	for i := range writers {
		list = append(list, "n"+strconv.Itoa(i))
	}
	return list
}

// start starts the hub and counts what it says of repairs.
func (w *world) start() (err error) {
	w.hub, err = rig.Start(w.program, w.data, w.who, []string{shadowEnv + "=" + w.shadow})
	if err != nil {
		return err
	}
	w.result.said += said(w.hub)
	return nil
}

// said is how many repairs a hub told of when it started.
func said(h *rig.Hub) int {
	return strings.Count(h.Log(), "journal repaired") + strings.Count(h.Log(), "was set aside")
}

func (w *world) order(o disk.Orders) error {
	o.Seed = w.dice.Uint64()
	return disk.Give(w.shadow, o)
}

// some is a random time from a to b.
func (w *world) some(a, b time.Duration) time.Duration {
	return a + time.Duration(w.dice.Int64N(int64(b-a)))
}

// load lets all devices write while f runs, and then kills the hub without warning.
func (w *world) load(f func() error) error {
	if w.since.IsZero() {
		w.since = time.Now()
	}
	var all sync.WaitGroup
	var stop atomic.Bool
	for _, d := range w.devices {
		d.news.Store(0)
		all.Go(func() { d.write(&stop) })
	}
	err := w.heard()
	if err == nil {
		err = f()
	}
	if err != nil && w.hub.Ended() {
		err = fmt.Errorf("%w; the hub has ended:\n%s", err, tail(w.hub.Log()))
	}
	w.hub.Kill()
	stop.Store(true)
	all.Wait()
	w.result.rounds++
	return err
}

// heard waits until every device has had an acknowledgement from now on.
func (w *world) heard() error {
	var from [writers]int64
	for i, d := range w.devices {
		from[i] = d.news.Load()
	}
	return rig.Wait(func() (bool, int) {
		n, sum := 0, 0
		for i, d := range w.devices {
			if d.news.Load() > from[i] {
				n++
			}
			sum += int(d.news.Load())
		}
		return n == writers, sum
	})
}

// write sends as long as there is a connection: up to window values at once, then their acknowledgements.
func (d *device) write(stop *atomic.Bool) {
	for !stop.Load() && !d.w.hub.Ended() {
		c, err := d.w.hub.Dial("device-" + d.name)
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		d.burst(c, stop)
		c.Close()
	}
}

func (d *device) burst(c *rig.Conn, stop *atomic.Bool) {
	dice := rand.New(rand.NewPCG(uint64(d.next), 1))
	var buf []byte
	for !stop.Load() {
		first, n := d.next, 1+dice.Int64N(window)
		buf = buf[:0]
		for i := first; i < first+n; i++ {
			buf = rig.Message(buf, 2, "faults/"+d.name, uint16(i%60_000)+1, strconv.AppendInt(nil, i, 10))
		}
		d.next += n // even when it does not get out: no number is tried twice
		if _, err := c.Write(buf); err != nil {
			return
		}
		for range n {
			header, body, err := c.Next()
			if err != nil {
				return
			}
			id, err := rig.Acked(header, body)
			switch {
			case errors.Is(err, rig.ErrRefused):
				d.refused.Add(1)
				continue
			case err != nil:
				return
			}
			at := first + (int64(id)-1-first%60_000+60_000)%60_000
			d.mu.Lock()
			d.kept[at] = true
			d.mu.Unlock()
			d.news.Add(1)
		}
		time.Sleep(time.Duration(dice.Int64N(int64(3 * time.Millisecond))))
	}
}

// acked is how many values were acknowledged in this round.
func (w *world) acked() (n int64) {
	for _, d := range w.devices {
		n += d.news.Load()
	}
	return n
}

// check asks the hub for every value acknowledged since the check before.
func (w *world) check() error {
	if w.since.IsZero() {
		return nil
	}
	for _, d := range w.devices {
		list, err := w.recorded(w.hub, d.name, w.since.Add(-time.Second))
		if err != nil {
			return err
		}
		d.judge(list)
	}
	w.since = time.Time{}
	return nil
}

// judge counts what is wrong with the values that history holds of a device.
func (d *device) judge(list []int64) {
	r := &d.w.result
	times := map[int64]int{}
	for i, n := range list {
		if n < d.checked {
			continue
		}
		times[n]++
		if i > 0 && list[i-1] >= n && times[n] == 1 && !d.w.apart {
			r.disorder++
		}
	}
	for n := range d.kept {
		r.acked++
		if times[n] == 0 {
			r.lost++
		}
	}
	for n, k := range times {
		if k > 1 || n >= d.next {
			r.twice++
		}
	}
	r.refused += int(d.refused.Swap(0))
	d.kept, d.checked = map[int64]bool{}, d.next
}

// recorded is what a hub's history has of one property, in its order.
func (w *world) recorded(h *rig.Hub, name string, from time.Time) ([]int64, error) {
	if w.apart {
		from = time.Unix(0, 0)
	}
	text, err := h.Get("/things/" + thingID + "/properties/" + name + "/history?to=2200-01-01T00:00:00Z&from=" +
		url.QueryEscape(from.UTC().Format(time.RFC3339Nano)))
	if err != nil {
		return nil, err
	}
	var samples []struct{ Value int64 }
	if err := json.Unmarshal([]byte(text), &samples); err != nil {
		return nil, fmt.Errorf("history of %s: %w: %.200s", name, err, text)
	}
	list := make([]int64, len(samples))
	for i, s := range samples {
		list[i] = s.Value
	}
	return list, nil
}

func tail(text string) string {
	if n := len(text); n > 3000 {
		return text[n-3000:]
	}
	return text
}
