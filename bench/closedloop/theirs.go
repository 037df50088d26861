package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hutong/drive/sumo"
)

// theirName is what the names of SUMO's own vehicles in the place of ours begin with.
const theirName = "theirs."

// theirs runs the scenario with SUMO's own driver in the place of each of ours: the same body, from the same edge to the
// same place, where it stops, departing when ours did.
func (s *settings) theirs(ctx context.Context, sc *scenario, r *result) error {
	dir, err := os.MkdirTemp("", "hutong-closedloop-theirs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var b strings.Builder
	b.WriteString("<routes>\n")
	for _, one := range r.rides { // in the order of their asking; SUMO wants that of departing
		if one.Began >= 0 {
			_, before := sc.goal(one.way)
			fmt.Fprintf(&b, `<trip id="`+theirName+`%d" type="%s" depart="%.1f" departLane="best" departSpeed="0" arrivalSpeed="0" `+
				`arrivalPos="%.1f" from="%s" to="%s"/>`+"\n", one.ID, sumo.ShuttleType, one.Began, -before+2.45,
				escape(one.way.edges[0]), escape(one.way.edges[len(one.way.edges)-1]))
		}
	}
	b.WriteString("</routes>\n")
	trips := filepath.Join(dir, "theirs.rou.xml")
	if err := os.WriteFile(trips, []byte(b.String()), 0o600); err != nil {
		return err
	}
	o := sc.o
	o.Dir, o.Measures = dir, sc.measures
	o.Routes = append(append([]string(nil), o.Routes...), trips)
	info, routes := filepath.Join(dir, "tripinfo.xml"), filepath.Join(dir, "routes.xml")
	o.Args = append(o.Args, "--tripinfo-output", info, "--vehroute-output", routes, "--vehroute-output.exit-times", "--device.rerouting.probability", "0", "--route-steps", "0",
		"--ignore-route-errors")
	if err := sumo.Run(ctx, o, r.until()+300); err != nil {
		return err
	}
	times, err := tripTimes(info)
	if err != nil {
		return err
	}
	edges, err := edgeTimes(routes)
	if err != nil {
		return err
	}
	for _, one := range r.rides {
		id := fmt.Sprintf("%s%d", theirName, one.ID)
		one.Theirs, one.Slower = times[id], one.diary.against(edges[id])
	}
	conflicts, err := readConflicts(dir)
	r.theirConflicts = conflicts
	return err
}

func escape(s string) string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(s)) != nil {
		return ""
	}
	return b.String()
}

// tripTimes reads how long each of theirs was on the way.
func tripTimes(path string) (map[string]float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var info struct {
		Trips []struct {
			ID       string  `xml:"id,attr"`
			Duration float64 `xml:"duration,attr"`
			Gone     string  `xml:"vaporized,attr"`
		} `xml:"tripinfo"`
	}
	if err := xml.Unmarshal(b, &info); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	times := map[string]float64{}
	for _, t := range info.Trips {
		if strings.HasPrefix(t.ID, theirName) && t.Gone == "" {
			times[t.ID] = t.Duration
		}
	}
	return times, nil
}

// empty runs the scenario with none of ours, as long as ours were there, and counts what SUMO's traffic does by itself.
func (s *settings) empty(ctx context.Context, sc *scenario, r *result) error {
	dir, err := os.MkdirTemp("", "hutong-closedloop-empty-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o := sc.o
	o.Dir = dir
	if err := sumo.Run(ctx, o, r.until()); err != nil {
		return err
	}
	all, err := readCollisions(dir)
	r.counts.Alone, r.emptied = len(all), err == nil
	return err
}
