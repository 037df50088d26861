package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/bench/rig"
)

// command runs the program under test with other arguments.
func (w *world) command(args ...string) error {
	if out, err := exec.Command(w.program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("hutong %s: %w: %s", args[0], err, out)
	}
	return nil
}

// stalled brings clients of which nothing good comes. The devices must be heard beside them, and those that promised
// to give a sign every second and don't must be gone soon.
func stalled(w *world) error {
	const each = 40
	return w.load(func() error {
		var conns []net.Conn
		defer func() {
			for _, c := range conns {
				c.Close()
			}
		}()
		hello := w.hub.Hello("half", 0)
		message := rig.Message(nil, 2, "faults/n0", 1, []byte("1000000"))
		for i := range each {
			silent, err := w.hub.DialKeep("silent-"+strconv.Itoa(i), 1)
			if err != nil {
				return err
			}
			conns = append(conns, silent)
			deaf, err := w.hub.Dial("deaf-" + strconv.Itoa(i))
			if err != nil {
				return err
			}
			if err := deaf.Subscribe("#", byte(i%2)); err != nil {
				return err
			}
			conns = append(conns, deaf)
			torn, err := w.hub.Dial("torn-" + strconv.Itoa(i))
			if err != nil {
				return err
			}
			if _, err := torn.Write(message[:1+w.dice.IntN(len(message)-1)]); err != nil {
				return err
			}
			conns = append(conns, torn)
			half, err := net.Dial("tcp", w.hub.MQTT)
			if err != nil {
				return err
			}
			if _, err := half.Write(hello[:w.dice.IntN(len(hello))]); err != nil {
				return err
			}
			conns = append(conns, half)
		}
		for range 5 {
			if err := w.heard(); err != nil {
				return fmt.Errorf("devices are not heard beside stalled clients: %w", err)
			}
		}
		w.result.note("stalled clients", len(conns))
		for i := 0; i < len(conns); i += 4 { // the silent ones
			if err := conns[i].SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				return err
			}
			if _, _, err := conns[i].(*rig.Conn).Next(); errors.Is(err, os.ErrDeadlineExceeded) {
				return errors.New("a client that promised a sign every second and gave none is still connected after 30 s")
			}
		}
		return nil
	})
}

// crowd lets very many devices connect at once, each with one value to be acknowledged; the hub dies and all come again.
func crowd(w *world) error {
	many := w.crowd
	if err := rig.OpenFiles(many + 200); err != nil {
		return err
	}
	base := int64(w.result.notes["clients at once"]) * 2
	kept := make([]atomic.Bool, 2*many)
	for turn := range 2 {
		if turn > 0 {
			if err := w.start(); err != nil {
				return err
			}
		}
		if w.since.IsZero() {
			w.since = time.Now()
		}
		began := time.Now()
		var all sync.WaitGroup
		var failed atomic.Int64
		gate := make(chan struct{})
		for i := range many {
			all.Go(func() {
				<-gate
				c, err := w.hub.Dial("crowd-" + strconv.Itoa(i))
				if err == nil {
					n := turn*many + i
					err = errors.Join(c.Publish("faults/crowd", strconv.AppendInt(nil, base+int64(n), 10), false), c.Close())
					kept[n].Store(err == nil)
				}
				if err != nil {
					failed.Add(1)
				}
			})
		}
		close(gate)
		all.Wait()
		w.result.note("ms until all were served", int(time.Since(began).Milliseconds()))
		if n := failed.Load(); n > 0 {
			return fmt.Errorf("%d of %d clients that came at once were not served:\n%s", n, many, tail(w.hub.Log()))
		}
		w.hub.Kill()
	}
	w.result.rounds++
	w.result.note("clients at once", many)
	if err := w.start(); err != nil {
		return err
	}
	defer w.hub.Kill()
	list, err := w.recorded(w.hub, "crowd", w.since.Add(-time.Second))
	if err != nil {
		return err
	}
	times := map[int64]int{}
	for _, n := range list {
		times[n]++
	}
	for n := range kept {
		w.result.acked++
		switch k := times[base+int64(n)]; {
		case k == 0:
			w.result.lost++
		case k > 1:
			w.result.twice++
		}
	}
	w.since = time.Time{}
	return nil
}

// The rules of loop: each turns what the next one waits for.
const chase = `title: Chase %[1]s %[2]t
mode: parallel
max: 10
max_per_minute: 6000
points:
  from: {thing: "urn:faults:meter", property: %[1]s}
  to: {thing: "urn:faults:meter", property: %[3]s}
when:
  - change: from
    to: %[2]t
then:
  - set: {to: %[4]t}
`

// loop lets rules set each other off without end. They are to be parked, and everything else goes on.
func loop(w *world) error {
	return w.load(func() error {
		echo, err := w.hub.Dial("echo")
		if err != nil {
			return err
		}
		defer echo.Close()
		if err := echo.Subscribe("faults/+/set", 0); err != nil {
			return err
		}
		var commands atomic.Int64
		go func() { // a device that does as it is told; it ends with the connection
			for {
				header, body, err := echo.Next()
				if err != nil {
					return
				}
				if topic, payload := rig.Topic(body); header>>4 == 3 && topic != nil {
					commands.Add(1)
					state := strings.TrimSuffix(string(topic), "/set")
					if _, err := echo.Write(rig.Message(nil, 0, state, 0, payload)); err != nil {
						return
					}
				}
			}
		}()
		rules := map[string]string{ // a on, b on, a off, b off, a on ...
			"a-on": fmt.Sprintf(chase, "a", true, "b", true), "b-on": fmt.Sprintf(chase, "b", true, "a", false),
			"a-off": fmt.Sprintf(chase, "a", false, "b", false), "b-off": fmt.Sprintf(chase, "b", false, "a", true),
		}
		for name, text := range rules {
			if err := w.done("PUT", "/rules/"+name, text); err != nil {
				return err
			}
		}
		first, err := w.hub.Dial("first")
		if err != nil {
			return err
		}
		defer first.Close()
		on := false
		err = rig.Wait(func() (bool, int) { // rules take a moment to be read
			on = !on
			if err := first.Publish("faults/a", strconv.AppendBool(nil, on), false); err != nil {
				return true, 0
			}
			time.Sleep(50 * time.Millisecond)
			text, err := w.hub.Get("/rules")
			return err != nil || strings.Contains(text, "looks like a loop"), int(commands.Load())
		})
		if err != nil {
			return fmt.Errorf("rules chase each other and are not parked after %d commands: %w", commands.Load(), err)
		}
		w.result.note("commands until parked", int(commands.Load()))
		if err := w.heard(); err != nil {
			return err
		}
		for name := range rules {
			if err := w.done("DELETE", "/rules/"+name, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// done asks the hub for something that it must not refuse.
func (w *world) done(method, path, body string) error {
	status, text, err := w.hub.Ask(method, path, body)
	if err == nil && status >= 300 {
		err = fmt.Errorf("%s %s: %d %s", method, path, status, text)
	}
	return err
}
