package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"hutong/bench/rig"
)

// warm is how long a load runs before it is measured.
const warm = 500 * time.Millisecond

// mark begins or ends a profile of the hub, where one is made.
func (s *settings) mark(p *rig.Process, sig syscall.Signal) {
	if s.profile != "" {
		_ = p.Signal(sig) // a hub that has ended is told of elsewhere
	}
}

// timed measures one run: it sends for the length, and the clock stops when arrived says that all is there.
func (s *settings) timed(srv *rig.Process, f *fleet, arrived func(sent int) error) (result, error) {
	if _, err := f.drive(warm); err != nil {
		return result{}, err
	}
	if err := arrived(f.sent()); err != nil {
		return result{}, fmt.Errorf("warming up: %w", err)
	}
	f.settle()
	r := result{load: rig.Load()}
	s.mark(srv, syscall.SIGUSR1)
	server, err := srv.CPU()
	if err != nil {
		return r, err
	}
	client, began := rig.Own(), time.Now()
	if r.messages, err = f.drive(s.length); err != nil {
		return r, err
	}
	if err := arrived(f.sent()); err != nil {
		return r, err
	}
	r.took, r.client = time.Since(began), rig.Own()-client
	after, err := srv.CPU()
	s.mark(srv, syscall.SIGUSR2)
	r.server = after - server
	return r, err
}

// mosquitto runs one load through the peer.
func (s *settings) mosquitto(l *load) (result, error) {
	srv, port, err := rig.Mosquitto(s.work)
	if err != nil {
		return result{}, err
	}
	r, err := s.forward(srv, l, "127.0.0.1:"+strconv.Itoa(port))
	return r, errors.Join(err, srv.End())
}

func (s *settings) forward(srv *rig.Process, l *load, addr string) (result, error) {
	sub, err := rig.Dial311(addr, "sub", rig.Login{})
	if err != nil {
		return result{}, err
	}
	defer sub.Close()
	if err := sub.Subscribe("#", 0); err != nil {
		return result{}, err
	}
	f, err := newFleet(l, addr, rig.Login{})
	if err != nil {
		return result{}, err
	}
	defer f.close()
	var came atomic.Int64
	go func() {
		_ = listen(sub, func(list []int) { // it ends with the connection
			came.Add(int64(len(list)))
			if l.qos == 0 {
				f.credit(list, 1)
			}
		})
	}()
	return s.timed(srv, f, func(sent int) error {
		if l.qos > 0 {
			if err := f.acked(); err != nil {
				return err
			}
		}
		err := rig.Wait(func() (bool, int) { return int(came.Load()) == sent, int(came.Load()) })
		if err != nil {
			err = fmt.Errorf("%d of %d messages reached the subscriber: %w", came.Load(), sent, err)
		}
		return err
	})
}

// credit gives publishers room for what came of these devices, worth messages each.
func (f *fleet) credit(list []int, worth int) {
	if len(f.pubs) == 1 {
		f.pubs[0].came(worth * len(list))
		return
	}
	sum := make([]int, len(f.pubs))
	for _, d := range list {
		sum[d%len(f.pubs)] += worth
	}
	for i, n := range sum {
		if n > 0 {
			f.pubs[i].came(n)
		}
	}
}

// hub is a running hutong.
type hub struct{ *rig.Hub }

// hutong runs one load through the whole path of the hub.
func (s *settings) hutong(l *load, run int) (result, error) {
	data := filepath.Join(s.work, fmt.Sprintf("data-%s-%d", l.key(), run))
	defer os.RemoveAll(data)
	if err := writeRules(data); err != nil {
		return result{}, err
	}
	who, err := rig.Token(s.program, data)
	if err != nil {
		return result{}, err
	}
	var env []string
	if s.profile != "" {
		env = append(env, "HUTONG_PROFILE="+filepath.Join(s.profile, l.key()+".pprof"))
	}
	h, err := rig.Start(s.program, data, who, env)
	if err != nil {
		return result{}, err
	}
	r, err := hub{h}.run(s, l)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, h.Log())
	}
	return r, errors.Join(err, h.End())
}

// writeRules gives each device a rule that reads its document.
func writeRules(data string) error {
	dir := filepath.Join(data, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for d := range devices {
		text := fmt.Sprintf(`title: Fan %[1]d
mode: parallel
max: 100
max_per_minute: 6000
points:
  doc: {thing: "urn:bench:%[1]d", property: state}
  fan: {thing: "urn:bench:%[1]d", property: fan}
when:
  - change: doc
if: doc.temperature > 25.0
then:
  - set: {fan: true}
`, d)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("fan-%d.yaml", d)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// describe is the Thing Description of a device.
func describe(d int) ([]byte, error) {
	type object = map[string]any
	at := "bench/" + strconv.Itoa(d)
	return json.Marshal(object{
		"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:bench:" + strconv.Itoa(d), "title": "Room " + strconv.Itoa(d),
		"security": "nosec", "securityDefinitions": object{"nosec": object{"scheme": "nosec"}},
		"properties": object{
			"state": object{
				"type": "object", "readOnly": true, "observable": true, "required": []string{"temperature", "n"},
				"properties": object{
					"temperature": object{"type": "number", "unit": "Cel"}, "humidity": object{"type": "number"},
					"battery": object{"type": "integer", "minimum": 0, "maximum": 100}, "motion": object{"type": "boolean"}, "n": object{"type": "integer"},
				},
				"forms": []any{object{"href": "mqtt://broker", "op": []string{"readproperty", "observeproperty"}, "mqv:filter": at + "/state"}},
			},
			"fan": object{
				"type": "boolean", "writeOnly": true,
				"forms": []any{object{"href": "mqtt://broker", "op": "writeproperty", "mqv:topic": at + "/set", "mqv:qos": "0"}},
			},
		},
	})
}

// run announces the devices, waits until every rule runs, and measures. Every message must be in history, and of QoS 0
// every command out.
func (h hub) run(s *settings, l *load) (result, error) {
	if err := h.announce(); err != nil {
		return result{}, err
	}
	sub, err := rig.Dial311(h.MQTT, "fans", h.Who)
	if err != nil {
		return result{}, err
	}
	defer sub.Close()
	if err := sub.Subscribe("bench/+/set", 0); err != nil {
		return result{}, err
	}
	f, err := newFleet(l, h.MQTT, h.Who)
	if err != nil {
		return result{}, err
	}
	defer f.close()
	var fired atomic.Int64
	var measuring atomic.Bool
	go func() {
		_ = listen(sub, func(list []int) { // it ends with the connection
			fired.Add(int64(len(list)))
			if l.qos == 0 && measuring.Load() {
				f.credit(list, 10)
			}
		})
	}()
	base, err := h.ready(f, &fired)
	if err != nil {
		return result{}, fmt.Errorf("waiting for the rules: %w", err)
	}
	fired.Store(0)
	measuring.Store(true)
	r, err := s.timed(h.Process, f, func(sent int) error {
		if l.qos > 0 {
			if err := f.acked(); err != nil {
				return err
			}
		}
		if err := h.kept(base + sent); err != nil {
			return err
		}
		if l.qos > 0 {
			return nil // acknowledged and in history: nobody paces the commands, and the hub may refuse some
		}
		err := rig.Wait(func() (bool, int) { return int(fired.Load()) == f.hot(), int(fired.Load()) })
		if err != nil {
			err = fmt.Errorf("%d of %d commands came: %w", fired.Load(), f.hot(), err)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for was := int64(-1); was != fired.Load(); time.Sleep(time.Second) { // until no more come
		was = fired.Load()
	}
	r.fired = float64(fired.Load()) / float64(f.hot())
	return r, h.count(base + f.sent())
}

// kept waits until history has n changes.
func (h hub) kept(n int) error {
	have := 0
	err := rig.Wait(func() (bool, int) {
		var err error
		have, err = h.Metric("history_last_seq")
		return err == nil && have == n, have
	})
	if err != nil {
		err = fmt.Errorf("history has %d of %d: %w", have, n, err)
	}
	return err
}

// count asks history for what it has of each device.
func (h hub) count(want int) error {
	total := 0
	for d := range devices {
		text, err := h.Get(fmt.Sprintf("/things/urn:bench:%d/properties/state/history?step=24h&agg=count", d))
		if err != nil {
			return err
		}
		var list []struct{ Value int }
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("%w: %.200s", err, text)
		}
		for _, x := range list {
			total += x.Value
		}
	}
	if total != want {
		return fmt.Errorf("history counts %d values, %d were sent", total, want)
	}
	return nil
}

// ready sends a cold and a hot value of each device until all rules answer, and returns how many values that took.
func (h hub) ready(f *fleet, fired *atomic.Int64) (sent int, err error) {
	for turn := -100; turn < 0; turn += 2 {
		fired.Store(0)
		for _, hot := range []bool{false, true} {
			for _, p := range f.pubs {
				for i, d := range p.devices {
					if _, err := p.conns[i%len(p.conns)].Write(message(nil, d, turn, hot, 0, 0)); err != nil {
						return 0, err
					}
				}
			}
			turn++
			sent += devices
			if err := h.kept(sent); err != nil {
				return 0, err
			}
			turn--
		}
		time.Sleep(time.Second) // rules are looked at once a second
		if fired.Load() == devices {
			return sent, nil
		}
	}
	return 0, fmt.Errorf("only %d of %d sent their command", fired.Load(), devices)
}

func (h hub) announce() error {
	c, err := h.Dial("announcer")
	if err != nil {
		return err
	}
	defer c.Close()
	for d := range devices {
		td, err := describe(d)
		if err != nil {
			return err
		}
		if err := c.Publish("hutong/td/bench/"+strconv.Itoa(d), td, true); err != nil {
			return err
		}
	}
	return nil
}
