package main

import (
	"errors"
	"fmt"
	"io"

	"hutong/binding"
)

// ready says whether the hub can do its work: keep what it is sent, and run what reaches its devices.
func (h *Hub) ready() error {
	var list []error
	if err := h.memory.journal.Stats().Broken; err != nil {
		list = append(list, fmt.Errorf("values cannot be kept: %w", err))
	}
	if err := h.memory.history.Stats().Sealing; err != nil {
		list = append(list, fmt.Errorf("history cannot be sealed: %w", err))
	}
	for _, b := range h.devices.Health() {
		if b.State == binding.Waiting {
			list = append(list, fmt.Errorf("binding %s: %s", b.Binding, b.Error))
		}
	}
	return errors.Join(list...)
}

// metrics writes what the parts count, in Prometheus' text format. Names of Things never become labels.
func (h *Hub) metrics(w io.Writer) {
	put := func(name string, v any) { fmt.Fprintf(w, "hutong_%s %v\n", name, v) }
	t := h.twin.Stats()
	put("things", t.Things)
	put("points", t.Points)
	put("changes_total", t.Changes)
	put("repeats_total", t.Repeats)
	put("confirmed_total", t.Confirmed)
	put("misfits_total", t.Bad)
	put("ignored_total", t.Ignored)
	put("unkept_total", t.Refused)
	m := h.mqtt.Stats()
	put("mqtt_connections", m.Connections)
	put("mqtt_sessions", m.Sessions)
	put("mqtt_sessions_given_up_total", m.GivenUp)
	put("mqtt_retained", m.Retained)
	put("mqtt_received_total", m.Received)
	put("mqtt_sent_total", m.Sent)
	put("mqtt_dropped_total", m.Dropped)
	put("mqtt_refused_total", m.Refused)
	put("mqtt_broken_total", m.Broken)
	put("mqtt_overflowed_total", m.Overflowed)
	put("mqtt_unkept_total", m.Unkept)
	put("mqtt_forgotten_total", h.registry.Blobs().Dropped())
	if h.upstream != nil {
		put("mqtt_upstream_dropped_total", h.upstream.Dropped())
	}
	j := h.memory.journal.Stats()
	put("journal_bytes", j.Bytes)
	put("journal_pending_bytes", j.Pending)
	put("journal_failures_total", j.Failures)
	put("journal_skipped_total", j.Skipped)
	s := h.memory.history.Stats()
	put("history_series", s.Series)
	put("history_bytes", s.Bytes)
	put("history_last_seq", s.Last)
	put("history_durable_seq", s.Durable)
	put("history_damaged_chunks", s.Damaged)
	put("audit_missed_total", h.gate.Missed())
	if h.court != nil {
		h.court.Metrics(put)
		put("road_reports_given_up_total", h.archive.Dropped())
	}
	if h.drive != nil {
		driveMetrics(h.drive.Stats(), put)
	}
	for _, b := range h.devices.Health() {
		fmt.Fprintf(w, "hutong_binding_things{binding=%q} %d\n", b.Binding, b.Things)
		fmt.Fprintf(w, "hutong_binding_failures_total{binding=%q} %d\n", b.Binding, b.Failures)
	}
}
