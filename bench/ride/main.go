// Command ride measures the passenger's Stop now, from the request of a page to the agent that drives, through all that
// lies between: the real program, its HTTP, the area, the gate, the audit log, MQTT over a socket, the vehicle.
//
//	go run ./bench/ride [-n 100] [-viewers 100]
//
// A stop is answered when the vehicle's agent has decided with it, so the answer's time holds the whole way there, and
// the way back besides. Meanwhile so many people look out of the vehicle's cabin; how many frames they missed is told.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hutong/bench/rig"
)

func main() {
	n := flag.Int("n", 100, "stops to measure")
	viewers := flag.Int("viewers", 100, "people who look out of the cabin meanwhile")
	flag.Parse()
	if err := measure(*n, *viewers); err != nil {
		fmt.Fprintln(os.Stderr, "ride:", err)
		os.Exit(1)
	}
}

func measure(n, viewers int) (err error) {
	work, err := os.MkdirTemp("", "hutong-ride-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	program, err := rig.Build(context.Background(), work, nil)
	if err != nil {
		return err
	}
	hub, err := rig.Demo(program, filepath.Join(work, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.End()) }()
	g := &guest{hub}
	r, err := g.aboard()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var frames, size atomic.Int64
	for range viewers {
		all.Go(func() { view(ctx, hub.HTTP+"/road/vehicles/"+r.Vehicle.Name+"/cabin", &frames, &size) })
	}
	began := time.Now()
	times, err := g.stops(r.ID, n)
	took := time.Since(began)
	stop()
	all.Wait()
	if err != nil {
		return err
	}
	at := func(p float64) time.Duration {
		return time.Duration(rig.Percentile(times, p)).Round(100 * time.Microsecond)
	}
	fmt.Println(rig.Where())
	fmt.Printf("stop now, request to agent and back, %d times: p50 %s, p90 %s, p99 %s, worst %s\n", len(times), at(.5), at(.9), at(.99), at(1))
	if viewers > 0 {
		per := float64(frames.Load()) / float64(viewers) / took.Seconds()
		fmt.Printf("%d people at one cabin: %.1f frames a second each, %.1f kB/s each\n", viewers, per, float64(size.Load())/float64(viewers)/took.Seconds()/1000)
	}
	return g.tellMetrics()
}

// guest is somebody who rides.
type guest struct{ hub *rig.Hub }

type ride struct {
	ID, State, Code string
	Vehicle         *struct{ Name string }
}

func (g *guest) call(method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	status, text, err := g.hub.Ask(method, path, string(body))
	if err != nil {
		return err
	}
	if status >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, path, status, text)
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal([]byte(text), out)
}

// until waits for a state of the ride.
func (g *guest) until(id string, within time.Duration, states ...string) (ride, error) {
	for late := time.Now().Add(within); ; {
		var r ride
		if err := g.call("GET", "/road/rides/"+id, nil, &r); err != nil {
			return r, err
		}
		if slices.Contains(states, r.State) {
			return r, nil
		}
		if time.Now().After(late) {
			return r, fmt.Errorf("the ride is %s and never was %s", r.State, strings.Join(states, " or "))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// aboard books a long ride and begins it.
func (g *guest) aboard() (ride, error) {
	type stop struct {
		Stop string `json:"stop"`
	}
	var offer struct{ ID string }
	var err error
	for range 100 { // until the weather is known, and a vehicle
		if err = g.call("POST", "/road/offers", map[string]any{"from": stop{"visitor-centre"}, "to": stop{"east-gate"}, "party": 1}, &offer); err == nil {
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	var r ride
	if err == nil {
		err = g.call("POST", "/road/rides", map[string]string{"offer": offer.ID}, &r)
	}
	if err == nil {
		_, err = g.until(r.ID, 4*time.Minute, "here")
	}
	if err == nil {
		err = g.call("POST", "/road/rides/"+r.ID+"/unlock", map[string]string{"code": r.Code}, nil)
	}
	if err == nil {
		<-time.After(time.Second)
		err = g.call("POST", "/road/rides/"+r.ID+"/start", map[string]bool{"belts": true}, nil)
	}
	if err == nil {
		<-time.After(3 * time.Second)
		r, err = g.until(r.ID, time.Minute, "riding")
	}
	return r, err
}

// stops asks for n stops, each ten at random moments of the vehicle's beat, and lets the vehicle go on in between. It gives
// what each took, ns.
func (g *guest) stops(id string, n int) (times []float64, err error) {
	path := "/road/rides/" + id
	for len(times) < n {
		for range min(10, n-len(times)) {
			<-time.After(rand.N(300 * time.Millisecond))
			asked := time.Now()
			if err := g.call("POST", path+"/stop", nil, nil); err != nil {
				return times, err
			}
			times = append(times, float64(time.Since(asked)))
		}
		if _, err := g.until(id, 30*time.Second, "stopped"); err != nil {
			return times, err
		}
		if err := g.call("POST", path+"/resume", nil, nil); err != nil {
			return times, err
		}
		<-time.After(1500 * time.Millisecond)
	}
	return times, nil
}

// view looks out of a cabin and counts what it gets.
func view(ctx context.Context, url string, frames, size *atomic.Int64) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: {") {
			frames.Add(1)
			size.Add(int64(len(lines.Bytes())))
		}
	}
}

// tellMetrics prints what the hub says of the drive.
func (g *guest) tellMetrics() error {
	text, err := g.hub.Get("/metrics")
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		for _, name := range []string{"hutong_road_cabin_skipped_total", "hutong_drive_behind_seconds_total", "hutong_drive_late_decisions_total", "hutong_drive_cycles_total"} {
			if strings.HasPrefix(line, name+" ") {
				fmt.Print(line)
			}
		}
	}
	return nil
}
