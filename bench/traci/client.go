package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"hutong/bench/rig"
	"hutong/drive/traci"
	"hutong/drive/traci/tracitest"
)

// be holds the session and tells how it went.
func (s *settings) be() error {
	m, err := s.session(net.JoinHostPort("127.0.0.1", s.client))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// unmeasured is how many steps come before the measured ones.
const unmeasured = 20

// session subscribes, makes steps, and measures them. client.py is the same for Python.
func (s *settings) session(addr string) (m measure, err error) {
	c, err := dial(addr)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	ids, err := c.Texts(traci.Vehicles, traci.VarIDs, "")
	if err != nil {
		return m, err
	}
	slices.Sort(ids)
	if len(ids) < s.vehicles {
		return m, fmt.Errorf("only %d vehicles are there", len(ids))
	}
	vars := tracitest.Vars()
	for _, id := range ids[:s.vehicles] {
		if err := c.Subscribe(traci.Vehicles, id, vars...); err != nil {
			return m, err
		}
	}
	if err := c.SubscribeAround(traci.Vehicles, ids[0], traci.Vehicles, 100, vars...); err != nil {
		return m, err
	}
	var began time.Time
	var cpu time.Duration
	var its float64
	made := 0
	look := func(r *traci.Results) bool {
		if made++; made > unmeasured {
			m.Values += count(r)
		}
		if made == unmeasured {
			began, cpu, its = time.Now(), rig.Own(), sumoTime()
		}
		return made < unmeasured+s.steps
	}
	if s.watch {
		err = c.Watch(context.Background(), look)
	} else {
		for more := true; more && err == nil; {
			err = c.Step(context.Background(), 0)
			more = look(c.Results())
		}
	}
	if err != nil {
		return m, err
	}
	m.Wall, m.CPU, m.Sumo, m.Steps = time.Since(began).Seconds(), (rig.Own() - cpu).Seconds(), sumoTime()-its, s.steps
	return m, nil
}

// dial tries for half a minute: SUMO reads its network first.
func dial(addr string) (*traci.Client, error) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for until := time.Now().Add(30 * time.Second); ; <-again.C {
		c, err := traci.Dial(context.Background(), addr, traci.Options{})
		if err == nil || time.Now().After(until) {
			return c, err
		}
	}
}

// count looks at all that was decoded.
func count(r *traci.Results) int {
	n := 0
	for i := range r.Objects {
		n += len(r.Objects[i].Values)
	}
	for i := range r.Around {
		for j := range r.Around[i].Objects {
			n += len(r.Around[i].Objects[j].Values)
		}
	}
	return n
}

// sumoTime gives the processor time that SUMO has used so far, s, as Linux tells it; 0 elsewhere.
func sumoTime() float64 {
	b, err := os.ReadFile("/proc/" + os.Getenv("SUMO_PID") + "/schedstat")
	if err != nil {
		return 0
	}
	var ns float64
	if _, err := fmt.Sscan(string(b), &ns); err != nil {
		return 0
	}
	return ns / 1e9
}
