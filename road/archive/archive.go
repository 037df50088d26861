// Package archive keeps what the area has to be able to tell afterwards: recordings of the seconds around an incident,
// what happened and to whom, which rides there were, and how far was driven.
package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"hutong/road"
	"hutong/road/recorder"
	"hutong/road/report"
	"hutong/thing"
)

// Options is what an Archive needs. All but Log are required.
type Options struct {
	Dir     string    // of the recordings
	Records road.Keep // of all else
	Log     *slog.Logger
	Now     func() time.Time
}

// Archive is a road.Witness. Its methods may be called from any goroutine; none but Run waits for the disk.
type Archive struct {
	Options
	store   *recorder.Store
	vehicle func(name string) (road.VehicleView, bool)

	mu      sync.Mutex
	tape    *recorder.Recorder
	entries []report.Entry
	rides   []report.Ride
	driven  map[string]float64 // km by "2006-01-02 vehicle"
	last    map[string]float64 // odometers
	unsaved map[string][]byte
	serial  int
	dropped uint64
}

// How much is kept.
const (
	keepFor    = 400 * 24 * time.Hour
	maxEntries = 100_000
	maxUnsaved = 10_000
	tidyEvery  = time.Hour
	day        = "2006-01-02"
)

// Open opens the archive, with all that was kept.
func Open(o Options) (*Archive, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	store, err := recorder.Open(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("road: the recordings: %w", err)
	}
	a := &Archive{
		Options: o, store: store, tape: recorder.New(recorder.Options{}), driven: map[string]float64{}, last: map[string]float64{},
		unsaved: map[string][]byte{}, vehicle: func(string) (road.VehicleView, bool) { return road.VehicleView{}, false },
	}
	kept, err := o.Records.All()
	if err != nil {
		return nil, fmt.Errorf("road: what happened before: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		if err := a.recall(key, kept[key]); err != nil {
			o.Log.Error("road: a record of what happened cannot be read", "record", key, "error", err)
		}
	}
	return a, nil
}

// The kinds of records, by what their keys begin with.
const (
	entryKey = "entry "
	rideKey  = "ride "
	kmKey    = "km "
)

func (a *Archive) recall(key string, text []byte) error {
	switch {
	case strings.HasPrefix(key, entryKey):
		var e report.Entry
		err := json.Unmarshal(text, &e)
		a.entries = append(a.entries, e)
		return err
	case strings.HasPrefix(key, rideKey):
		var r report.Ride
		err := json.Unmarshal(text, &r)
		a.rides = append(a.rides, r)
		return err
	case strings.HasPrefix(key, kmKey):
		var km float64
		err := json.Unmarshal(text, &km)
		a.driven[key[len(kmKey):]] = km
		return err
	}
	return errors.New("of a kind this program doesn't know")
}

// Ask tells where the archive learns what a vehicle is doing when something happens to it. It's called before Run.
func (a *Archive) Ask(vehicle func(name string) (road.VehicleView, bool)) { a.vehicle = vehicle }

// Frame implements road.Witness.
func (a *Archive) Frame(vehicle string, at time.Time, frame []byte) {
	a.add(vehicle, "cabin", at, append([]byte(nil), frame...))
}

func (a *Archive) add(vehicle, topic string, at time.Time, data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tape.Add(vehicle, recorder.Frame{Topic: topic, At: at, Data: data})
}

// Changed implements road.Witness.
func (a *Archive) Changed(vehicle string, at time.Time, c *thing.Change) {
	if c.Quality < thing.Uncertain {
		return
	}
	a.add(vehicle, c.Ref.Name, at, c.Value.AppendJSON(nil))
	switch {
	case c.Ref.Kind == thing.Property && c.Ref.Name == "odometer":
		a.drove(vehicle, at, c.Value.Float())
	case c.Ref.Kind == thing.Event:
		a.event(vehicle, c.Ref.Name, at, c.Value)
	}
}

func (a *Archive) event(vehicle, name string, at time.Time, value thing.Value) {
	var said struct{ Cause, Why, Words, Kind string }
	if text := value.Document(); text != "" && json.Unmarshal([]byte(text), &said) != nil {
		return
	}
	e := report.Entry{At: at, Initiator: "system", Cause: name}
	switch name {
	case "collision":
		e.Kind, e.Words = report.Collision, said.Why
	case "failSafe":
		e.Kind, e.Words = report.FailSafe, said.Cause
	case "assistAsked":
		e.Kind, e.Cause, e.Words = report.Assistance, said.Kind, said.Words
	case "harsh":
		a.trigger(vehicle, name, at)
		return
	default:
		return
	}
	if e.Kind != report.Assistance {
		a.trigger(vehicle, name, at)
	}
	a.enter(vehicle, e)
}

func (a *Archive) trigger(vehicle, cause string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tape.Trigger(vehicle, cause, at)
}

// Ordered is told of every order that a vehicle was given, by whomever: an order to stop ends automated driving.
func (a *Archive) Ordered(o thing.Outcome) {
	name, at := road.NameOf(o.Command.Ref.Thing), a.Now()
	v, ok := a.vehicle(name)
	if !ok || v.ID != o.Command.Ref.Thing {
		return // one that the area hasn't let in
	}
	text, err := json.Marshal(map[string]any{
		"action": o.Command.Ref.Name, "input": json.RawMessage(o.Command.Input.AppendJSON(nil)), "by": o.Command.By,
		"status": o.Status, "error": o.Error,
	})
	if err != nil { // plain words always marshal
		return
	}
	a.add(name, "orders", at, text)
	if o.Status != thing.Completed || o.Command.Ref.Name != "stopNow" && o.Command.Ref.Name != "pullOver" {
		return
	}
	if v.Shown == road.Standing || v.Shown == road.Arrived || v.Shown == road.Stopped {
		return // it wasn't driving
	}
	e := report.Entry{At: at, Kind: report.Disengagement, Initiator: "operator", Cause: o.Command.Ref.Name, Words: "Stopped by an operator"}
	switch by := o.Command.By; {
	case strings.HasPrefix(by, road.ByRide):
		e.Initiator, e.Words = "passenger", "Stopped by a passenger"
	case by == road.ByCourt:
		e.Initiator, e.Words = "system", "Stopped by the limits of the area"
	}
	a.trigger(name, o.Command.Ref.Name, at)
	a.enter(name, e)
}

// enter fills in what's known of the vehicle and keeps the entry.
func (a *Archive) enter(vehicle string, e report.Entry) {
	e.Vehicle = vehicle
	if v, ok := a.vehicle(vehicle); ok {
		e.Plate, e.Lat, e.Lon, e.Speed, e.Aboard = v.Plate, v.Lat, v.Lon, v.Speed, v.Aboard
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = keep(a.entries, e)
	a.save(entryKey, e.At, e)
}

// keep adds x to a list; a full one loses its oldest tenth.
func keep[T any](list []T, x T) []T {
	if len(list) >= maxEntries {
		list = slices.Delete(list, 0, maxEntries/10)
	}
	return append(list, x)
}

// Over implements road.Witness.
func (a *Archive) Over(r *road.Ride) {
	ride := report.Ride{
		Asked: r.Booked, Fetched: r.Began, Ended: r.Arrived, Vehicle: string(r.Vehicle), Party: r.Party, Metres: r.Metres,
		Done: r.State == road.Ended, Cancelled: r.State == road.Cancelled,
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rides = keep(a.rides, ride)
	a.save(rideKey, r.Changed, ride)
}

// drove adds what an odometer has moved on. A step back, or a leap, is another vehicle's odometer under the same name.
func (a *Archive) drove(vehicle string, at time.Time, km float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, known := a.last[vehicle]
	a.last[vehicle] = km
	if way := km - before; known && way > 0 && way < 1 {
		key := at.UTC().Format(day) + " " + vehicle
		a.driven[key] += way
		a.put(kmKey+key, math.Round(1000*a.driven[key])/1000)
	}
}

// save keeps v under a new key of its time. The caller holds mu.
func (a *Archive) save(kind string, at time.Time, v any) {
	a.serial++
	a.put(fmt.Sprintf("%s%s %06d", kind, at.UTC().Format("2006-01-02T15:04:05.000"), a.serial%1_000_000), v)
}

func (a *Archive) put(key string, v any) {
	text, err := json.Marshal(v)
	if _, again := a.unsaved[key]; err != nil || !again && len(a.unsaved) >= maxUnsaved {
		a.dropped++
		return
	}
	a.unsaved[key] = text
}

// Run brings recordings and records to the disk until ctx ends, and then what is left.
func (a *Archive) Run(ctx context.Context) error {
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	for {
		select {
		case <-beat.C:
			a.flush(a.Now())
		case <-tidy.C:
			if err := a.store.Prune(a.Now().Add(-keepFor)); err != nil {
				a.Log.Error("road: old recordings cannot be removed", "error", err)
			}
		case <-ctx.Done():
			a.flush(a.Now().Add(time.Hour))
			return nil
		}
	}
}

// flush writes the recordings that are over by now, and the records. What can't be written is told and, of the records,
// tried again.
func (a *Archive) flush(now time.Time) {
	a.mu.Lock()
	incidents := a.tape.Done(now)
	unsaved := a.unsaved
	a.unsaved = map[string][]byte{}
	a.mu.Unlock()
	for _, i := range incidents {
		rec, err := a.store.Keep(i)
		if err != nil {
			a.Log.Error("road: a recording cannot be kept", "vehicle", i.Vehicle, "cause", i.Cause, "error", err)
			continue
		}
		a.name(i, rec.ID)
	}
	for key, text := range unsaved {
		if err := a.Records.Put(key, text); err != nil {
			a.Log.Error("road: what happened cannot be kept", "error", err)
			a.mu.Lock()
			if _, newer := a.unsaved[key]; !newer {
				a.unsaved[key] = text
			}
			a.mu.Unlock()
		}
	}
}

// name lets the entries of an incident name its recording.
func (a *Archive) name(i recorder.Incident, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := len(a.entries) - 1; k >= 0 && !a.entries[k].At.Before(i.From); k-- {
		if e := &a.entries[k]; e.Vehicle == i.Vehicle && !e.At.After(i.To) {
			e.Recording = id
		}
	}
}

// Incidents gives the recordings, the newest first.
func (a *Archive) Incidents() []recorder.Record {
	list := slices.Clone(a.store.List())
	slices.Reverse(list)
	return list
}

// File gives a recording's MCAP file; fs.ErrNotExist where there's none of that id.
func (a *Archive) File(id string) ([]byte, error) { return a.store.File(id) }

// Between gives what happened from (included) to (not included).
func (a *Archive) Between(from, to time.Time) []report.Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []report.Entry
	for _, e := range a.entries {
		if !e.At.Before(from) && e.At.Before(to) {
			list = append(list, e)
		}
	}
	return list
}

// Figures gives the figures of a span.
func (a *Archive) Figures(from, to time.Time) report.Figures {
	entries := a.Between(from, to)
	a.mu.Lock()
	defer a.mu.Unlock()
	km := map[string]float64{}
	for key, way := range a.driven {
		at, vehicle, _ := strings.Cut(key, " ")
		if at >= from.UTC().Format(day) && at < to.UTC().Add(24*time.Hour-time.Nanosecond).Format(day) {
			km[vehicle] += way
		}
	}
	var driven []report.Driven
	for _, v := range slices.Sorted(maps.Keys(km)) {
		driven = append(driven, report.Driven{Vehicle: v, Km: km[v]})
	}
	return report.Sum(from, to, entries, a.rides, driven)
}

// Dropped is how many records were given up because the disk refused for too long.
func (a *Archive) Dropped() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dropped
}
