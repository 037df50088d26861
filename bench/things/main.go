// Command things measures a hub with very many Things: what each costs in memory, how soon the hub is ready again after
// a clean stop and after kill -9 with a full journal, and how fast a registry of a million is opened and searched.
//
//	go run ./bench/things             100,000 Things in the hub, 1,000,000 in the registry, 5 starts of each kind
//	go run ./bench/things --quick     2,000 and 20,000
//	go run ./bench/things --profile DIR   where a start's CPU and memory go
//
// Each Thing has a Thing Description of about 2 KB with four properties, announced over MQTT, a history head for each of
// them, and one rule of its own in a file of its own. Memory is the hub's resident memory after a clean start, less that of
// a hub with nothing in it. The journal is full when the history has not sealed for as long as it may: a million values.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"hutong/bench/rig"
)

type settings struct {
	things, known int
	values        int
	runs          int
	rules         bool
	only, profile string
	work, program string
}

func main() {
	var s settings
	flag.IntVar(&s.things, "things", 100_000, "Things in the hub")
	flag.IntVar(&s.known, "known", 1_000_000, "Things in the registry alone")
	flag.IntVar(&s.runs, "runs", 5, "starts of each kind")
	flag.BoolVar(&s.rules, "rules", true, "a rule for each Thing")
	flag.StringVar(&s.only, "only", "", "hub or registry")
	flag.StringVar(&s.profile, "profile", "", "folder for profiles of a start and of the memory; no figures then")
	s.values = 950_000
	if rig.Parse(map[string]string{"things": "2000", "known": "20000", "runs": "3"}) {
		s.values = 50_000
	}
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "things:", err)
		os.Exit(1)
	}
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-things-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	if s.profile != "" {
		if s.program, err = rig.Build(context.Background(), s.work, map[string]string{"cmd/hutong/profiler.go": profiler}); err != nil {
			return err
		}
		return s.profileStart()
	}
	fmt.Printf("%s\n\n| what | median | bar |\n|---|---|---|\n", rig.Where())
	if s.only != "registry" {
		if s.program, err = rig.Build(context.Background(), s.work, nil); err != nil {
			return err
		}
		if err := s.hub(); err != nil {
			return err
		}
	}
	if s.only != "hub" {
		return s.registry()
	}
	return nil
}

const kinds = 4

// describe is the Thing Description of one: a room sensor.
func describe(i int) ([]byte, error) {
	type object = map[string]any
	at := "things/" + strconv.Itoa(i)
	property := func(name, title, unit, kind string, more object) object {
		p := object{
			"title": title, "titles": object{"en": title, "zh": title}, "type": kind, "readOnly": true, "observable": true,
			"description": title + " as the room sensor reports it, each minute and on change.",
			"forms": []any{object{
				"href": "mqtt://broker", "contentType": "application/json", "op": []string{"readproperty", "observeproperty"}, "mqv:filter": at + "/" + name,
			}},
		}
		if unit != "" {
			p["unit"] = unit
		}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	return json.Marshal(object{
		"@context": []any{"https://www.w3.org/2022/wot/td/v1.1", object{"hutong": "https://hutong.example/ns#"}},
		"@type":    "Sensor", "id": "urn:things:" + strconv.Itoa(i), "title": fmt.Sprintf("Room sensor %d", i),
		"description":  fmt.Sprintf("Sensor %d on floor %d of building %d.", i, i/20%30, i/600),
		"hutong:place": fmt.Sprintf("Park / Building %d / Floor %d", i/600, i/20%30),
		"security":     "nosec", "securityDefinitions": object{"nosec": object{"scheme": "nosec"}},
		"properties": object{
			"temperature": property("temperature", "Temperature", "Cel", "number", object{"minimum": -40, "maximum": 85}),
			"humidity":    property("humidity", "Humidity", "%", "number", object{"minimum": 0, "maximum": 100}),
			"battery":     property("battery", "Battery", "%", "integer", object{"minimum": 0, "maximum": 100}),
			"motion":      property("motion", "Motion", "", "boolean", nil),
		},
		"actions": object{"identify": object{
			"title": "Identify", "description": "Blinks for ten seconds.",
			"forms": []any{object{"href": "mqtt://broker", "op": "invokeaction", "mqv:topic": at + "/identify"}},
		}},
	})
}

var names = [kinds]string{"temperature", "humidity", "battery", "motion"}

// fill writes the rules, announces every Thing and gives each property a value.
func (s *settings) fill(data string, who rig.Login) error {
	if s.rules {
		if err := s.writeRules(data); err != nil {
			return err
		}
	}
	h, err := rig.Start(s.program, data, who, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	err = h.Share(s.things, func(c *rig.Conn, i int) error {
		text, err := describe(i)
		if err != nil {
			return err
		}
		return c.Publish("hutong/td/things/"+strconv.Itoa(i), text, true)
	})
	if err != nil {
		return errors.Join(err, h.End())
	}
	announced := time.Since(began)
	if err := s.say(h, kinds*s.things, 1); err != nil {
		return errors.Join(err, h.End())
	}
	text, err := describe(0)
	fmt.Fprintf(os.Stderr, "%d Things with descriptions of %d bytes announced in %s\n", s.things, len(text), announced.Round(time.Second))
	return errors.Join(err, h.End())
}

// say sends n values, one property after the other, the last acknowledged.
func (s *settings) say(h *rig.Hub, n, turn int) error {
	c, err := h.Dial("speaker")
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := h.Metric("history_last_seq")
	if err != nil {
		return err
	}
	var buf []byte
	for k := range n {
		i, name := k/kinds%s.things, names[k%kinds]
		value := strconv.AppendInt(nil, int64(20+(k+turn)%10), 10)
		if name == "motion" {
			value = strconv.AppendBool(nil, (k/kinds+turn)%2 == 0)
		}
		buf = rig.Message(buf, 0, "things/"+strconv.Itoa(i)+"/"+name, 0, value)
		if len(buf) > 32<<10 || k == n-1 {
			if _, err := c.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return rig.Wait(func() (bool, int) {
		now, err := h.Metric("history_last_seq")
		return err == nil && now >= before+n, now
	})
}

func (s *settings) writeRules(data string) error {
	dir := filepath.Join(data, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range s.things {
		text := fmt.Sprintf(`title: Too warm %[1]d
points:
  warm: {thing: "urn:things:%[1]d", property: temperature}
  there: {thing: "urn:things:%[1]d", property: motion}
when:
  - change: warm
    above: 60
if: there
then:
  - notify: "It is {warm} degrees in room %[1]d"
`, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("warm-%d.yaml", i)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// hub measures starts and memory.
func (s *settings) hub() error {
	empty, err := s.empty()
	if err != nil {
		return err
	}
	data := filepath.Join(s.work, "data")
	who, err := rig.Token(s.program, data)
	if err != nil {
		return err
	}
	if err := s.fill(data, who); err != nil {
		return err
	}
	var clean, killed, memory, cpu []float64
	for range s.runs {
		h, err := rig.Start(s.program, data, who, nil)
		if err != nil {
			return err
		}
		clean = append(clean, h.Ready.Seconds())
		used, err := h.CPU()
		if err != nil {
			return err
		}
		cpu = append(cpu, used.Seconds())
		if n, err := h.Metric("things"); err != nil || n != s.things {
			return fmt.Errorf("after a clean start there are %d of %d Things: %w", n, s.things, err)
		}
		time.Sleep(5 * time.Second) // what is only of the start goes back
		rss, err := h.RSS()
		if err != nil {
			return err
		}
		memory = append(memory, float64(rss-empty)/float64(s.things))
		if err := h.End(); err != nil {
			return err
		}
	}
	for turn := range s.runs {
		h, err := rig.Start(s.program, data, who, nil)
		if err != nil {
			return err
		}
		if err := s.say(h, s.values, turn); err != nil {
			return err
		}
		h.Kill()
		if h, err = rig.Start(s.program, data, who, nil); err != nil {
			return err
		}
		killed = append(killed, h.Ready.Seconds())
		if err := h.End(); err != nil {
			return err
		}
	}
	ready, after, per := rig.Median(clean), rig.Median(killed), rig.Median(memory)
	fmt.Printf("| memory of each of %d Things with description, history heads and rule | **%.1f KB** | <= 4 KB: %s |\n", s.things, per/1024, rig.Met(per <= 4096))
	fmt.Printf("| ready after a clean stop (CPU %.1f s) | **%.2f s** | <= 1 s: %s |\n", rig.Median(cpu), ready, rig.Met(ready <= 1))
	fmt.Printf("| ready after kill -9 with %d values in the journal alone | **%.2f s** | <= 3 s: %s |\n", s.values, after, rig.Met(after <= 3))
	return nil
}

// empty is the memory of a hub with nothing in it.
func (s *settings) empty() (int, error) {
	data := filepath.Join(s.work, "empty")
	who, err := rig.Token(s.program, data)
	if err != nil {
		return 0, err
	}
	h, err := rig.Start(s.program, data, who, nil)
	if err != nil {
		return 0, err
	}
	rss, err := h.RSS()
	return rss, errors.Join(err, h.End())
}
