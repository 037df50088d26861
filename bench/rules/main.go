// Command rules measures very many rules at once: 8,000 rules, each on a device of its own, and 8,000 events a second of
// which each sets one rule off, whose command comes out.
//
//	go run ./bench/rules            5 runs of 5 s
//	go run ./bench/rules --quick    1,000 rules and events a second, 3 runs of 2 s
//
// Arrival: eight messages each millisecond, each written by itself, in turn over 100 connections at QoS 0; every device
// says something once a second. Time runs from before a message is written until its command has been read by a client
// that subscribes to all commands. Memory of a rule is the hub's resident memory with rules, less that of a hub with the
// same devices and no rules. CPU is that of the whole hub.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/bench/rig"
)

type settings struct {
	rules, runs   int
	length        time.Duration
	work, program string
}

func main() {
	var s settings
	flag.IntVar(&s.rules, "rules", 8000, "rules, and events a second")
	flag.IntVar(&s.runs, "runs", 5, "runs")
	flag.DurationVar(&s.length, "length", 5*time.Second, "of each")
	rig.Parse(map[string]string{"rules": "1000", "runs": "3", "length": "2s"})
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-rules-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	if s.program, err = rig.Build(context.Background(), s.work, nil); err != nil {
		return err
	}
	bare, err := s.memory(false)
	if err != nil {
		return err
	}
	full, err := s.memory(true)
	if err != nil {
		return err
	}
	data := filepath.Join(s.work, "data")
	who, err := s.prepare(data, true)
	if err != nil {
		return err
	}
	h, err := rig.Start(s.program, data, who, nil)
	if err != nil {
		return err
	}
	lat, out, cpu, err := s.measure(h)
	if err = errors.Join(err, h.End()); err != nil {
		return err
	}
	p99, per := rig.Median(lat), float64(full-bare)/float64(s.rules)/1024
	fmt.Printf("%s, %d runs of %s\n\n| what | median | bar |\n|---|---|---|\n", rig.Where(), s.runs, s.length)
	fmt.Printf("| %d rules, %d events/s each of which sets one off: event to command, p99 | **%.2f ms** | < 5 ms: %s |\n", s.rules, s.rules, p99, rig.Met(p99 < 5))
	fmt.Printf("| commands that came out | %.2f %% | |\n", 100*rig.Median(out))
	fmt.Printf("| CPU of the hub for each event | %.1f us | |\n", rig.Median(cpu))
	fmt.Printf("| memory of each rule | **%.1f KB** | < 20 KB: %s |\n", per, rig.Met(per < 20))
	return nil
}

// prepare makes a folder whose hub knows all devices, and their rules if they are wanted.
func (s *settings) prepare(data string, rules bool) (rig.Login, error) {
	if rules {
		dir := filepath.Join(data, "rules")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return rig.Login{}, err
		}
		for i := range s.rules {
			text := fmt.Sprintf(`title: Fan %[1]d
mode: parallel
max: 100
max_per_minute: 6000
points:
  warm: {thing: "urn:rules:%[1]d", property: warm}
  fan: {thing: "urn:rules:%[1]d", property: fan}
when:
  - change: warm
if: warm > 25.0
then:
  - set: {fan: true}
`, i)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("fan-%d.yaml", i)), []byte(text), 0o600); err != nil {
				return rig.Login{}, err
			}
		}
	}
	who, err := rig.Token(s.program, data)
	if err != nil {
		return who, err
	}
	h, err := rig.Start(s.program, data, who, nil)
	if err != nil {
		return who, err
	}
	err = h.Share(s.rules, func(c *rig.Conn, i int) error {
		return c.Publish("hutong/td/rules/"+strconv.Itoa(i), []byte(describe(i)), true)
	})
	return who, errors.Join(err, h.End())
}

func describe(i int) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:rules:%[1]d","title":"Room %[1]d","security":"nosec",`+
		`"securityDefinitions":{"nosec":{"scheme":"nosec"}},"properties":{`+
		`"warm":{"type":"number","readOnly":true,"observable":true,"forms":[{"href":"mqtt://broker","op":["readproperty","observeproperty"],"mqv:filter":"rules/%[1]d/warm"}]},`+
		`"fan":{"type":"boolean","writeOnly":true,"forms":[{"href":"mqtt://broker","op":"writeproperty","mqv:topic":"rules/%[1]d/set","mqv:qos":"0"}]}}}`, i)
}

// memory is that of a hub that has just been started and knows all devices.
func (s *settings) memory(rules bool) (int, error) {
	data := filepath.Join(s.work, "memory")
	defer os.RemoveAll(data)
	who, err := s.prepare(data, rules)
	if err != nil {
		return 0, err
	}
	h, err := rig.Start(s.program, data, who, nil)
	if err != nil {
		return 0, err
	}
	time.Sleep(4 * time.Second) // what is only of the start goes back
	rss, err := h.RSS()
	return rss, errors.Join(err, h.End())
}

// watcher hears all commands and knows when what led to each was sent.
type watcher struct {
	sent []atomic.Int64 // by device, Unix nanoseconds; 0 when no command is awaited
	came atomic.Int64
	mu   sync.Mutex
	ms   []float64
}

func (w *watcher) listen(c *rig.Conn) {
	for {
		header, body, err := c.Next()
		if err != nil {
			return // it ends with the connection
		}
		topic, _ := rig.Topic(body)
		if header>>4 != 3 || topic == nil {
			continue
		}
		parts := strings.Split(string(topic), "/")
		i, err := strconv.Atoi(parts[1])
		if err != nil {
			continue
		}
		if at := w.sent[i].Swap(0); at != 0 {
			took := float64(time.Now().UnixNano()-at) / 1e6
			w.came.Add(1)
			w.mu.Lock()
			w.ms = append(w.ms, took)
			w.mu.Unlock()
		}
	}
}

// measure sends at the rate, in several runs.
func (s *settings) measure(h *rig.Hub) (p99, out, cpu []float64, err error) {
	w := &watcher{sent: make([]atomic.Int64, s.rules)}
	sub, err := h.Dial("fans")
	if err != nil {
		return nil, nil, nil, err
	}
	defer sub.Close()
	if err := sub.Subscribe("rules/+/set", 0); err != nil {
		return nil, nil, nil, err
	}
	go w.listen(sub)
	conns := make([]*rig.Conn, 100)
	for i := range conns {
		if conns[i], err = h.Dial("device-" + strconv.Itoa(i)); err != nil {
			return nil, nil, nil, err
		}
		defer conns[i].Close()
	}
	turn := 0
	for run := range s.runs + 1 { // the first is for warming up
		w.came.Store(0)
		w.mu.Lock()
		w.ms = w.ms[:0]
		w.mu.Unlock()
		before, err := h.CPU()
		if err != nil {
			return nil, nil, nil, err
		}
		n, err := s.send(w, conns, &turn)
		if err != nil {
			return nil, nil, nil, err
		}
		time.Sleep(200 * time.Millisecond) // the last on their way
		after, err := h.CPU()
		if err != nil {
			return nil, nil, nil, err
		}
		if w.came.Load() == 0 {
			return nil, nil, nil, fmt.Errorf("%d events were sent and no command came", n)
		}
		w.mu.Lock()
		slow := rig.Percentile(w.ms, 0.99)
		w.mu.Unlock()
		fmt.Fprintf(os.Stderr, "run %d: %d events, %d commands, p99 %.2f ms, load %s\n", run, n, w.came.Load(), slow, rig.Load())
		if run > 0 {
			p99, out = append(p99, slow), append(out, float64(w.came.Load())/float64(n))
			cpu = append(cpu, float64((after-before).Microseconds())/float64(n))
		}
	}
	return p99, out, cpu, nil
}

// send lets the devices speak in turn, each once a second, for the length of a run.
func (s *settings) send(w *watcher, conns []*rig.Conn, turn *int) (n int, err error) {
	began := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var buf []byte
	for time.Since(began) < s.length {
		<-tick.C
		due := int(time.Since(began).Seconds() * float64(s.rules))
		for ; n < due; n++ {
			i := *turn % s.rules
			*turn++
			value := strconv.AppendFloat(nil, 26+float64(*turn/s.rules%1000)/1000, 'f', 3, 64)
			buf = rig.Message(buf[:0], 0, "rules/"+strconv.Itoa(i)+"/warm", 0, value)
			w.sent[i].Store(time.Now().UnixNano())
			if _, err := conns[i%len(conns)].Write(buf); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}
