package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hutong/bench/faults/disk"
	"hutong/bench/rig"
)

// fault is one way to break a hub, and how often it is tried.
type fault struct {
	name, what  string
	full, quick int // rounds
	clock       bool
	round       func(w *world) error
}

var all = []fault{
	{"kill", "killed (SIGKILL) at a random moment", 500, 10, false, kill},
	{"power", "power cut: nothing after the last fsync is left for sure", 100, 6, false, power},
	{"torn", "killed, and a torn or garbled end left in the journal", 50, 5, false, torn},
	{"flip", "one bit of the journal or the history turned over", 50, 4, false, flip},
	{"fsync", "fsyncs and writes fail for a while, then a power cut", 40, 4, false, failing},
	{"full", "the disk fills up, and has room again", 20, 2, false, full},
	{"slow", "every fsync takes 20 to 200 ms for a while", 10, 2, false, slow},
	{"stalled", "clients that connect by half, send by half, read nothing or fall silent", 5, 1, false, stalled},
	{"crowd", "all clients come back at once: 10,000, in the short form 500", 5, 1, false, crowd},
	{"loop", "rules that set each other off without end", 3, 1, false, loop},
	{"backup", "a backup under load, restored", 10, 2, false, backup},
	{"clock", "the clock steps back and forward", 20, 4, true, clock},
}

func pause(d time.Duration) error {
	time.Sleep(d)
	return nil
}

func kill(w *world) error {
	length := w.some(20*time.Millisecond, 250*time.Millisecond)
	return w.load(func() error { return pause(length) })
}

// cut pulls the plug under both stores.
func (w *world) cut() error {
	for _, name := range []string{"journal", "history"} {
		loss, err := disk.Cut(filepath.Join(w.data, name), w.shadow, name, w.dice)
		if err != nil {
			return err
		}
		w.result.note("bytes that were not synced", int(loss.Bytes))
		w.result.note("ends that came back in part or garbled", loss.Junk)
		w.result.note("files that were never there", loss.Unmade)
		w.result.note("deleted files that came back", loss.Back)
	}
	return nil
}

// power lets the disk be slow now and then, so that there is something on its way when the plug is pulled.
func power(w *world) error {
	if w.dice.IntN(2) == 0 {
		if err := w.order(disk.Orders{Slow: w.some(time.Millisecond, 30*time.Millisecond)}); err != nil {
			return err
		}
	}
	err := kill(w)
	return errors.Join(err, w.order(disk.Orders{}), w.cut())
}

// segments are the files of a store, oldest first.
func segments(data, store, suffix string) ([]string, error) {
	list, err := filepath.Glob(filepath.Join(data, store, "*"+suffix))
	slices.Sort(list)
	return list, err
}

// written is a segment without the room made ahead, of which the last changes may need a little: they may end in zeros.
func written(segment []byte) []byte {
	return segment[:min(len(segment), len(bytes.TrimRight(segment, "\x00"))+8)]
}

// torn leaves behind what a write that never ended may: part of a frame, a frame of another place, or noise.
func torn(w *world) error {
	if err := kill(w); err != nil {
		return err
	}
	list, err := segments(w.data, "journal", ".journal")
	if err != nil || len(list) == 0 {
		return errors.Join(errors.New("there is no journal"), err)
	}
	last := list[len(list)-1]
	text, err := os.ReadFile(last)
	if err != nil {
		return err
	}
	text = written(text)
	junk := make([]byte, 1+w.dice.IntN(5000))
	for i := range junk {
		junk[i] = byte(w.dice.Uint32())
	}
	junk[0] |= 1
	if w.dice.IntN(2) == 0 && len(text) > 200 { // what looks like a frame: the header magic and on
		at := 28 + w.dice.IntN(len(text)-100)
		junk = text[min(28, at):][:1+w.dice.IntN(min(len(text)-28, 4000))]
	}
	f, err := os.OpenFile(last, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(junk, int64(len(text)))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	before := w.result.said
	if err := w.start(); err != nil {
		return err
	}
	if w.result.said == before {
		return fmt.Errorf("%d bytes of junk were put at the end of %s, and the start says nothing of it:\n%s", len(junk), last, tail(w.hub.Log()))
	}
	return w.again()
}

// again checks and ends the hub that runs, before the next round starts one.
func (w *world) again() error {
	err := w.check()
	w.hub.Kill()
	return err
}

// flip turns one bit over in a copy of the folder. The disk has broken its promise: what lay there may be gone, but the hub
// must start, say so, and show nothing that was never sent.
func flip(w *world) error {
	if err := kill(w); err != nil {
		return err
	}
	aside := *w
	aside.data, aside.result = w.data+"-flipped", result{notes: map[string]int{}}
	aside.devices = [writers]*device{}
	for i, d := range w.devices {
		aside.devices[i] = &device{w: &aside, name: d.name, next: d.next, checked: d.checked, kept: d.kept}
	}
	defer os.RemoveAll(aside.data)
	if err := os.CopyFS(aside.data, os.DirFS(w.data)); err != nil {
		return err
	}
	journal, err := segments(aside.data, "journal", ".journal")
	if err != nil {
		return err
	}
	past, err := segments(aside.data, "history", ".history")
	if err != nil {
		return err
	}
	list := append(journal, past...)
	name := list[w.dice.IntN(len(list))]
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text[w.dice.IntN(len(written(text)))] ^= 1 << w.dice.IntN(8)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return err
	}
	if err := aside.start(); err != nil {
		return fmt.Errorf("after a flipped bit in %s: %w", filepath.Base(name), err)
	}
	defer aside.hub.Kill()
	if err := aside.check(); err != nil && !strings.Contains(err.Error(), "damaged") {
		return fmt.Errorf("after a flipped bit in %s: %w", filepath.Base(name), err)
	}
	if aside.result.twice+aside.result.disorder > 0 {
		return fmt.Errorf("after a flipped bit in %s: %d values twice or never sent, %d out of order", filepath.Base(name), aside.result.twice, aside.result.disorder)
	}
	damaged, err := aside.hub.Metric("history_damaged_chunks")
	if err != nil {
		return err
	}
	told := aside.result.said + damaged
	if told == 0 && (aside.result.lost > 0 || strings.HasSuffix(name, ".journal")) {
		return fmt.Errorf("a flipped bit in %s costs %d values, and nothing is said of it:\n%s", filepath.Base(name), aside.result.lost, tail(aside.hub.Log()))
	}
	w.result.said += aside.result.said
	w.result.note("values the flipped bits cost, as told", aside.result.lost)
	return nil
}

// failing has fsyncs and writes fail. Nothing may be acknowledged that was not made sure of, though the program goes on.
func failing(w *world) error {
	err := w.load(func() error {
		bad := disk.Orders{Sync: w.dice.Float64(), Write: w.dice.Float64() / 2}
		if err := w.order(bad); err != nil {
			return err
		}
		time.Sleep(w.some(20*time.Millisecond, 300*time.Millisecond))
		if w.dice.IntN(3) == 0 {
			return nil // the power goes while the disk is still ill
		}
		if err := w.order(disk.Orders{}); err != nil {
			return err
		}
		return w.heard()
	})
	return errors.Join(err, w.order(disk.Orders{}), w.cut())
}

// full fills the disk: some is refused then, and all goes on once there is room.
func full(w *world) error {
	return w.load(func() error {
		if err := w.order(disk.Orders{Full: true, Room: w.dice.Int64N(100_000)}); err != nil {
			return err
		}
		refused := func() (n int) {
			for _, d := range w.devices {
				n += int(d.refused.Load())
			}
			return n
		}
		if err := rig.Wait(func() (bool, int) { return refused() > 0, int(w.acked()) }); err != nil {
			return fmt.Errorf("nothing is refused though the disk is full: %w", err)
		}
		status, text, err := w.hub.Ask("GET", "/readyz", "")
		if err == nil && status != http.StatusServiceUnavailable {
			err = fmt.Errorf("the disk is full and the hub calls itself ready: %d %s", status, text)
		}
		if err != nil {
			return err
		}
		if err := w.order(disk.Orders{}); err != nil {
			return err
		}
		return w.heard()
	})
}

func slow(w *world) error {
	err := w.load(func() error {
		if err := w.order(disk.Orders{Slow: w.some(20*time.Millisecond, 200*time.Millisecond)}); err != nil {
			return err
		}
		if err := w.heard(); err != nil {
			return err
		}
		return w.heard()
	})
	return errors.Join(err, w.order(disk.Orders{}))
}

// clock sets the hub's clock: seconds, hours, a year, both ways, also between two lives of it.
func clock(w *world) error {
	steps := []time.Duration{time.Second, -time.Second, time.Hour, -time.Hour, 25 * time.Hour, -100 * 24 * time.Hour, 400 * 24 * time.Hour, 0}
	err := w.load(func() error {
		for range 3 {
			if err := w.order(disk.Orders{Clock: steps[w.dice.IntN(len(steps))]}); err != nil {
				return err
			}
			time.Sleep(w.some(5*time.Millisecond, 30*time.Millisecond))
			if err := w.heard(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || w.dice.IntN(3) > 0 {
		return err
	}
	// And a kind end: everything goes from the journal into the history, with times in any order.
	if err := w.start(); err != nil {
		return err
	}
	if err := w.hub.End(); err != nil {
		return err
	}
	return w.order(disk.Orders{Clock: steps[w.dice.IntN(len(steps))]})
}

// backup copies the folder while it is written to. What was acknowledged before it began is in the copy.
func backup(w *world) error {
	file := w.data + ".tar.zst"
	var before [writers]map[int64]bool
	var began [writers]int64
	err := w.load(func() error {
		time.Sleep(w.some(5*time.Millisecond, 100*time.Millisecond))
		for i, d := range w.devices {
			d.mu.Lock()
			before[i], began[i] = map[int64]bool{}, d.checked
			for n := range d.kept {
				before[i][n] = true
			}
			d.mu.Unlock()
		}
		return w.command("backup", "--data", w.data, file)
	})
	if err != nil {
		return err
	}
	copied := *w
	copied.data, copied.result = w.data+"-restored", result{notes: map[string]int{}}
	copied.shadow = w.shadow + "-restored"
	defer os.RemoveAll(copied.data)
	defer os.Remove(file)
	if err := os.MkdirAll(copied.shadow, 0o700); err != nil {
		return err
	}
	if err := w.command("restore", "--data", copied.data, file); err != nil {
		return err
	}
	if err := w.command("check", "--data", copied.data); err != nil {
		return err
	}
	for i, d := range w.devices {
		copied.devices[i] = &device{w: &copied, name: d.name, next: d.next, checked: began[i], kept: before[i]}
	}
	if err := copied.start(); err != nil {
		return fmt.Errorf("on the restored folder: %w", err)
	}
	err = errors.Join(copied.check(), copied.hub.End())
	w.result.lost += copied.result.lost
	w.result.twice += copied.result.twice
	w.result.disorder += copied.result.disorder
	w.result.note("values in restored copies", copied.result.acked)
	return err
}
