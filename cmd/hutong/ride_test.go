package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// rider rides through the area of a hub, as the page does.
type rider struct {
	ts  *testscript.TestScript
	hub string
	log strings.Builder
}

type rideState struct {
	ID, State, Why, Code, Doors string
	Reason                      struct{ Code, Words string }
	Card                        *struct{ Metres, Seconds float64 }
	Pose                        *[3]float64
}

// call sends a request and gives status, headers and answer.
func (g *rider) call(method, path string, in, out any) (int, http.Header) {
	text, err := json.Marshal(in)
	g.ts.Check(err)
	if in == nil {
		text = nil
	}
	req, err := http.NewRequest(method, g.hub+path, bytes.NewReader(text))
	g.ts.Check(err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	g.ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	g.ts.Check(err)
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			g.ts.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, body)
		}
	}
	return resp.StatusCode, resp.Header
}

func (g *rider) must(method, path string, in, out any) http.Header {
	var raw json.RawMessage
	status, header := g.call(method, path, in, &raw)
	if status >= 300 {
		g.ts.Fatalf("%s %s: %d %s\n%s", method, path, status, raw, g.log.String())
	}
	if out != nil {
		g.ts.Check(json.Unmarshal(raw, out))
	}
	return header
}

// until waits for a state of the ride.
func (g *rider) until(path, state string, within time.Duration) rideState {
	var r rideState
	last := ""
	for late := time.Now().Add(within); time.Now().Before(late); {
		g.must("GET", path, nil, &r)
		if now := r.State + " " + r.Why + " " + r.Reason.Words; now != last {
			last = now
			fmt.Fprintf(&g.log, "%s %v\n", now, r.Pose)
		}
		if r.State == state {
			return r
		}
		<-time.After(50 * time.Millisecond)
	}
	g.ts.Fatalf("the ride never was %s:\n%s", state, g.log.String())
	return r
}

// rideCommand is "ride HUB FROM TO": it books a ride, takes it, stops and goes on in between, and prints how it went.
func rideCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: ride HUB FROM TO")
	}
	g := &rider{ts: ts, hub: args[0]}
	var out strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&out, format+"\n", a...) }
	type end struct {
		Stop string `json:"stop"`
	}
	type wish struct {
		From  end `json:"from"`
		To    any `json:"to"`
		Party int `json:"party"`
	}
	var offer struct{ ID string }
	for late := time.Now().Add(20 * time.Second); ; { // the weather has to be known, and a vehicle
		if status, _ := g.call("POST", "/road/offers", wish{end{args[1]}, end{args[2]}, 2}, &offer); status == 201 {
			break
		} else if time.Now().After(late) {
			ts.Fatalf("no offer: %d", status)
		}
		<-time.After(100 * time.Millisecond)
	}
	outside, _ := g.call("POST", "/road/offers", wish{end{args[1]}, map[string]float64{"x": 1e5, "y": 0}, 2}, nil)
	say("outside: %d", outside)
	var r rideState
	g.must("POST", "/road/rides", map[string]string{"offer": offer.ID}, &r)
	path := "/road/rides/" + r.ID
	twice, _ := g.call("POST", "/road/rides", map[string]string{"offer": offer.ID}, nil)
	say("booked twice: %d", twice)
	g.until(path, "here", 3*time.Minute)
	g.must("POST", path+"/unlock", map[string]string{"code": r.Code}, nil)
	g.until(path, "boarding", 5*time.Second)
	g.must("POST", path+"/start", map[string]bool{"belts": true}, nil)
	<-time.After(1500 * time.Millisecond)
	trace := g.must("POST", path+"/stop", nil, nil).Get("Hutong-Trace")
	g.until(path, "stopped", time.Minute)
	var story struct {
		Commands []struct{ Name, By, Status string }
	}
	g.must("GET", "/traces/"+trace, nil, &story)
	for _, c := range story.Commands {
		say("%s by %s: %s", strings.Replace(c.Name, "stopNow", "stopped", 1), c.By, c.Status)
	}
	g.must("POST", path+"/resume", nil, nil)
	r = g.until(path, "arrived", 5*time.Minute)
	g.must("POST", path+"/rate", map[string]any{"stars": 5, "words": "smooth"}, nil)
	say("%.0f m in %.0f s", r.Card.Metres, r.Card.Seconds)
	say("state %s", r.State)
	fmt.Fprint(ts.Stdout(), out.String())
}
