package main

import (
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"hutong/drive"
	"hutong/drive/lane"
	"hutong/drive/world"
)

// Where time goes that is lost for none of the agent's reasons.
const (
	elsewhere = "another way"      // ours went along edges that theirs didn't, or the other way round
	gained    = "faster"           // on edges where ours was the faster one; below 0
	slower    = "slower by choice" // no reason but that the proposal at full speed was refused or thought worse
	standing  = ", standing"       // after a reason: the part of it below half a metre a second
	still     = 0.5                // m/s
)

// stretch is the time of a ride on one edge, the junction before it included.
type stretch struct {
	edge string             // "": the junction that leads to it
	time float64            // s
	lost map[string]float64 // s behind the speed limit, by reason
}

// diary is where a ride spent its time.
type diary []stretch

// note adds a cycle.
func (d *diary) note(m *lane.Map, r *world.Rider) {
	at := &r.Decision.Lane
	if at.Lane == lane.None {
		if len(*d) == 0 {
			return
		}
	} else {
		d.turn(m.Lane(at.Lane))
	}
	limit := r.Spec.MaxSpeed
	if at.Lane != lane.None {
		limit = min(limit, m.Lane(at.Lane).Limit)
	}
	s := &(*d)[len(*d)-1]
	s.time += drive.Cycle
	s.lost[why(&r.Decision, r.State.Speed)] += max(0, 1-r.State.Speed/limit) * drive.Cycle
}

// turn begins a new stretch where a lane isn't of the last one.
func (d *diary) turn(l *lane.Lane) {
	edge := ""
	if l.Kind != lane.Junction {
		edge = l.Name[:max(strings.LastIndexByte(l.Name, '_'), 0)]
	}
	n := len(*d)
	switch {
	case n > 0 && (*d)[n-1].edge == edge:
	case n > 0 && (*d)[n-1].edge == "":
		(*d)[n-1].edge = edge
	default:
		*d = append(*d, stretch{edge: edge, lost: map[string]float64{}})
	}
}

// why gives the reason that a decision is as slow as it is.
func why(d *drive.Decision, speed float64) string {
	code := d.Reason.Code
	if code == "free" {
		for i := range d.Candidates {
			if c := &d.Candidates[i]; c.Chosen && !strings.HasSuffix(c.Name, "1.0") {
				code = slower
			}
		}
	}
	if speed < still {
		code += standing
	}
	return code
}

// against gives by how many seconds ours was slower than theirs, whose times by edge are given, by reason: on an edge on
// which ours lost time it is shared among the reasons for which it was slower than allowed there. The sum is that of
// all differences.
func (d diary) against(theirs map[string]float64) map[string]float64 {
	ours, lost := map[string]float64{}, map[string]map[string]float64{}
	for i := range d {
		s := &d[i]
		ours[s.edge] += s.time
		if lost[s.edge] == nil {
			lost[s.edge] = map[string]float64{}
		}
		for code, t := range s.lost {
			lost[s.edge][code] += t
		}
	}
	by := map[string]float64{}
	for edge, t := range theirs {
		if _, both := ours[edge]; !both {
			by[elsewhere] -= t
		}
	}
	for edge, t := range ours {
		their, both := theirs[edge]
		all := 0.0
		for _, x := range lost[edge] {
			all += x
		}
		switch more := t - their; {
		case !both:
			by[elsewhere] += t
		case more < 0 || all <= 0:
			by[gained] += more
		default:
			for code, x := range lost[edge] {
				by[code] += more * x / all
			}
		}
	}
	return by
}

// slowness says where the time went that ours took longer than theirs, the most first.
func (r *result) slowness() string {
	by, all, rides := map[string]float64{}, 0.0, 0
	for _, one := range r.rides {
		if one.Outcome != "arrived" || one.Theirs <= 0 || len(one.Slower) == 0 {
			continue
		}
		rides++
		for code, t := range one.Slower {
			by[code] += t
			all += t
		}
	}
	if rides == 0 {
		return ""
	}
	codes := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return int(math.Copysign(1, by[b]-by[a])) })
	var said []string
	for _, code := range codes {
		if math.Abs(by[code]) >= 0.01*math.Abs(all) {
			said = append(said, fmt.Sprintf("%s %.0f s", code, by[code]))
		}
	}
	return fmt.Sprintf("%.0f s in %d rides: %s", all, rides, strings.Join(said, "; "))
}

// edgeTimes reads how long each of theirs was on each edge, the junction before it included, s.
func edgeTimes(path string) (map[string]map[string]float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var routes struct {
		Vehicles []struct {
			ID     string  `xml:"id,attr"`
			Depart float64 `xml:"depart,attr"`
			Route  struct {
				Edges string `xml:"edges,attr"`
				Exits string `xml:"exitTimes,attr"`
			} `xml:"route"`
		} `xml:"vehicle"`
	}
	if err := xml.Unmarshal(b, &routes); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	times := map[string]map[string]float64{}
	for _, v := range routes.Vehicles {
		if !strings.HasPrefix(v.ID, theirName) {
			continue
		}
		edges, exits := strings.Fields(v.Route.Edges), strings.Fields(v.Route.Exits)
		on, last := map[string]float64{}, v.Depart
		for i := range min(len(edges), len(exits)) {
			at, err := strconv.ParseFloat(exits[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, v.ID, err)
			}
			if at >= last { // -1: never
				on[edges[i]] += at - last
				last = at
			}
		}
		times[v.ID] = on
	}
	return times, nil
}
