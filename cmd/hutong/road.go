package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"hutong/api"
	"hutong/drive/host"
	"hutong/mqtt"
	"hutong/road"
	"hutong/road/archive"
	"hutong/road/cabin"
	"hutong/road/desk"
	"hutong/thing"
	"hutong/twin"
)

// The kinds of records that the road keeps: its rides, what its operators have set, and what happened.
const (
	rideRecords   = "ride"
	roadRecords   = "road"
	reportRecords = "road-report"
)

// recordings is the folder, in the data folder, of what was recorded around incidents.
const recordings = "incidents"

// openRoad opens the court of the demonstration area, where there is one.
func (h *Hub) openRoad() (err error) {
	if h.config.Area == nil {
		return nil
	}
	h.archive, err = archive.Open(archive.Options{
		Dir: filepath.Join(h.config.Data, recordings), Records: h.registry.Records(reportRecords), Log: h.log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	h.court, err = road.Open(road.Options{
		Area: h.config.Area, Hub: roadHub{h.twin}, Gate: h.gate, Rounds: h.config.Rounds, Log: h.log,
		Kept: h.registry.Records(rideRecords), Records: h.registry.Records(roadRecords), Tell: h.tellOfRoad, Witness: h.archive,
	})
	if err != nil {
		return err
	}
	h.archive.Ask(h.court.Vehicle)
	brokers := []mqtt.Broker{h.mqtt}
	if h.upstream != nil {
		brokers = append(brokers, h.upstream)
	}
	for _, b := range brokers {
		detach, err := b.Attach(cabins{h.court.Cabins}, "drive/+/cabin")
		if err != nil {
			return fmt.Errorf("road: listen to the cabins: %w", err)
		}
		h.later(func() error { detach(); return nil })
	}
	return nil
}

// roadHub is the twin as the road sees it.
type roadHub struct{ *twin.Twin }

func (h roadHub) Every() road.Feed { return h.Twin.Every(0) }

// Watch implements road.Hub.
func (h roadHub) Watch(ctx context.Context, tell func(thing.ID)) {
	w := h.Twin.Watch()
	defer w.Close()
	for {
		news, err := w.Next(ctx)
		if err != nil {
			return
		}
		for _, n := range news {
			tell(n.ID)
		}
	}
}

// cabins takes what vehicles show from the broker.
type cabins struct{ to *cabin.Cabins }

// Route implements mqtt.Tap.
func (c cabins) Route(topic string) mqtt.Sink {
	rest, ours := strings.CutPrefix(topic, "drive/")
	name, shown := strings.CutSuffix(rest, "/cabin")
	if !ours || !shown || name == "" || strings.Contains(name, "/") {
		return nil
	}
	return outlook{c.to, name}
}

// Wait implements mqtt.Tap: nothing of a cabin is kept.
func (cabins) Wait(uint64) error { return nil }

type outlook struct {
	to   *cabin.Cabins
	name string
}

// Publish implements mqtt.Sink.
func (c outlook) Publish(m *mqtt.Message) uint64 {
	c.to.Publish(c.name, m.Payload)
	return 0
}

// tellOfRoad shows a word of the area to people.
func (h *Hub) tellOfRoad(n road.Notice) {
	h.notices.Add(api.Notice{Time: thing.At(time.Now()), Level: n.Level, Title: n.Title, Text: n.Text})
}

// ordered tells the archive of an order to a vehicle, whoever gave it.
func (h *Hub) ordered(o thing.Outcome) {
	if h.archive == nil || o.Command.Ref.Kind != thing.Action {
		return
	}
	if x, ok := h.twin.Thing(o.Command.Ref.Thing); ok && x.Place.Within(road.Vehicles) {
		h.archive.Ordered(o)
		h.court.Ordered(o)
	}
}

// courts are the routes that courts answer.
func (h *Hub) courts() []api.Court {
	if h.court == nil {
		return nil
	}
	d := desk.New(desk.Options{Court: h.court, Archive: h.archive, Caller: api.Caller, Reads: func(by string, id thing.ID) bool {
		x, ok := h.twin.Thing(id)
		return ok && h.gate.Reads(by, x).Allowed
	}})
	var list []api.Court
	for _, r := range d.Routes() {
		list = append(list, api.Court{Route: r.Route, Operator: r.Operator, Handler: r.Handler})
	}
	return list
}

// driveMetrics writes what the host of vehicles counts.
func driveMetrics(s host.Stats, put func(string, any)) {
	put("drive_cycles_total", s.Cycles)
	put("drive_cycle_seconds_total", s.Seconds)
	put("drive_cycle_worst_seconds", s.Worst)
	put("drive_thinking_seconds_total", s.Thinking)
	put("drive_thinking_worst_seconds", s.Hardest)
	put("drive_behind_seconds_total", s.Behind)
	put("drive_late_decisions_total", s.Late)
	put("drive_forced_cycles_total", s.Forced)
	put("drive_links_lost_total", s.Lost)
	put("drive_messages_given_up_total", s.Unsent)
	put("drive_orders_refused_total", s.Refused)
	put("drive_kilometres_total", s.Kilometre)
}
