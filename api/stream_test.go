package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/gate"
	"hutong/thing"
)

func TestObservingTellsEveryChangeByName(t *testing.T) {
	h := newHub(t)
	h.says("urn:lamp", "level", thing.Int(1)) // before: not told
	l := h.listen("/things/urn:lamp/properties/level")
	all := h.listen("/things/urn:lamp/properties")
	plain := h.listen("/things/urn:lamp/properties/level?event=message")
	h.says("urn:lamp", "level", thing.Int(2))
	h.says("urn:lamp", "level", thing.Int(2)) // no change
	h.says("urn:lamp", "pin", thing.String("1234"))
	h.says("urn:lamp", "on", thing.Bool(true))
	h.twin.Online("urn:lamp", false) // stale is not what the device said
	h.says("urn:x:a/b", "level", thing.Int(9))
	h.twin.Online("urn:lamp", true)
	h.says("urn:lamp", "level", thing.Int(3))
	first := l.next()
	if first.name != "level" || first.data != "2" || first.id == "" {
		t.Errorf("%+v", first)
	}
	if e := l.next(); e.data != "3" {
		t.Errorf("%+v", e)
	}
	if a, b, c := all.next(), all.next(), all.next(); a.name != "level" || b.name != "on" || b.data != "true" || c.data != "3" {
		t.Errorf("%+v %+v %+v", a, b, c)
	}
	if e := plain.next(); e.name != "" || e.data != "2" {
		t.Errorf("%+v", e)
	}
}

func TestEventsAreToldEachTimeAndResumedWhereOneLeftOff(t *testing.T) {
	h := newHub(t)
	pressed := thing.Ref{Thing: "urn:lamp", Kind: thing.Event, Name: "pressed"}
	l := h.listen("/things/urn:lamp/events/pressed")
	for range 3 {
		h.reports(pressed, thing.Int(1))
	}
	first := l.wants("pressed", "1")
	l.close()
	h.reports(pressed, thing.Int(4))
	back := h.listen("/things/urn:lamp/events", "Last-Event-ID", first.id)
	for _, want := range []string{"1", "1", "4"} {
		back.wants("pressed", want)
	}
	h.want("GET", "/things/urn:lamp/events/pressed", "", 400, `"parameter":"Last-Event-ID"...`, "Last-Event-ID", "x")
	h.want("GET", "/things/urn:lamp/events/pressed", "", 406, "...", "Accept", "application/json")
	h.want("GET", "/things/urn:lamp/events/none", "", 404, "...")
}

func TestWhoComesBackTooLateIsToldWhatIsLost(t *testing.T) {
	h := newHub(t)
	const ring = 100_000 // more than the twin keeps in memory; there is no journal here
	p, _ := h.twin.Handle(thing.Ref{Thing: "urn:lamp", Name: "level"})
	var batch []thing.Report
	for i := range ring {
		batch = append(batch, thing.Report{Point: p, Value: thing.Int(int64(i % 255)), Quality: thing.Good})
	}
	for len(batch) > 0 {
		h.twin.Report(batch[:1000])
		batch = batch[1000:]
	}
	l := h.listen("/things/urn:lamp/properties/on", "Last-Event-ID", "10")
	h.says("urn:lamp", "on", thing.Bool(true))
	e := l.wants("hutong:lost", `{"from":11,"to":`)
	var gap struct{ From, To uint64 }
	if err := json.Unmarshal([]byte(e.data), &gap); err != nil || gap.To < 1000 || gap.To >= ring {
		t.Errorf("%s %v", e.data, err)
	}
	l.wants("on", "true")
}

func TestAScreenHearsWhatIsAndThenWhatChanges(t *testing.T) {
	h := newHub(t, everything)
	h.says("urn:lamp", "on", thing.Bool(false))
	h.says("urn:lamp", "pin", thing.String("1234"))
	l := h.listen("/stream")
	l.wants("hello", `"version":1,"hub":"Hutong test","time":`)
	full := l.wants("full", `"last":true}`)
	var msg struct {
		Things []struct {
			ID, Title, Place, Rev string
			Simulated             bool
		}
		Values map[string]map[string][]any
	}
	if err := json.Unmarshal([]byte(full.data), &msg); err != nil {
		t.Fatalf("%s: %v", full.data, err)
	}
	lamp := msg.Values["urn:lamp"]
	if len(msg.Things) != 2 || msg.Things[0].Title != "Lamp" || msg.Things[0].Place != "home/living-room" || msg.Things[0].Rev == "" ||
		len(lamp) != 4 || lamp["on"][0] != false || lamp["on"][1] != 5. || lamp["level"][0] != nil || lamp["level"][1] != 0. {
		t.Errorf("%s", full.data)
	}
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 204, "")
	h.says("urn:lamp", "on", thing.Bool(true))
	var delta struct {
		Values map[string]map[string][]any
		Events [][]any
	}
	if err := json.Unmarshal([]byte(l.wants("delta", "urn:lamp").data), &delta); err != nil {
		t.Fatal(err)
	}
	if on := delta.Values["urn:lamp"]["on"]; len(on) != 5 || on[0] != true || len(on[4].(string)) != 26 {
		t.Errorf("%v", on)
	}
	h.reports(thing.Ref{Thing: "urn:lamp", Kind: thing.Event, Name: "pressed"}, thing.Int(2))
	l.wants("delta", `{"values":{},"events":[["urn:lamp","pressed",2,`)
	h.api.Notices.Add(Notice{Time: thing.At(time.Now()), Level: "info", Title: "Door", Text: "\"open\""})
	l.wants("notice", `"level":"info","title":"Door","text":"\"open\"","cause":""}`)
	h.want("GET", "/notices", "", 200, `[{"id":"1","time":"...`)
	h.add(strings.Replace(lampTD, `"Lamp"`, `"Lamp 2"`, 1))
	l.wants("thing", `"title":"Lamp 2"`)
	h.twin.Remove("urn:lamp")
	l.wants("gone", `{"id":"urn:lamp"}`)
}

func TestAScreenThatComesBackHearsOnlyWhatIsNew(t *testing.T) {
	h := newHub(t)
	clock := time.Now().Add(time.Hour) // the API's clock is ahead of the twin's, so that nothing falls into the overlap
	h.api.Now = func() time.Time { return clock }
	h.says("urn:lamp", "on", thing.Bool(true))
	l := h.listen("/stream?things=urn:lamp&things=urn:none")
	l.wants("hello", `"resumed":false`)
	full := l.wants("full", `"on":[true,5,`)
	if strings.Contains(full.data, "Pump") || full.id == "" {
		t.Error(full)
	}
	l.close()
	back := h.listen("/stream?place=home", "Last-Event-ID", full.id)
	back.wants("hello", `"resumed":true`)
	if e := back.wants("full", `"Lamp"`); strings.Contains(e.data, `"on"`) || !strings.Contains(e.data, `"level":[null,0,0,0]`) {
		t.Error(e)
	}
	other := h.listen("/stream?place=home", "Last-Event-ID", "ANOTHERR-1795420800000")
	other.wants("hello", `"resumed":false`)
}

func TestADeltaHoldsTheNewestOfEachPointAtMostTenTimesASecond(t *testing.T) {
	h := newHub(t)
	l := h.listen("/stream")
	l.wants("hello", "")
	l.wants("full", "")
	start, n := time.Now(), 0
	for i := range 250 {
		h.says("urn:lamp", "level", thing.Int(int64(i)))
		h.says("urn:x:a/b", "on", thing.Bool(i%2 == 0))
	}
	for {
		n++
		if e := l.wants("delta", ""); strings.Contains(e.data, `"level":[249,`) && strings.Contains(e.data, `"urn:x:a/b":{"on":[false`) || n > 100 {
			break
		}
	}
	if most := int(time.Since(start)/deltaEvery) + 2; n > most {
		t.Errorf("%d deltas, at most %d were due", n, most)
	}
}

func TestManyThingsComeInParts(t *testing.T) {
	h := newHub(t)
	for i := range 450 {
		h.add(strings.Replace(lampTD, "urn:lamp", fmt.Sprintf("urn:more:%03d", i), 1))
	}
	l := h.listen("/stream")
	l.wants("hello", "")
	l.wants("full", `"last":false`)
	l.wants("full", `"last":false`)
	if e := l.wants("full", `"last":true`); !strings.Contains(e.data, "urn:more:449") {
		t.Error(e.data)
	}
}

func TestAGuestsScreenShowsOnlyWhatTheyMaySee(t *testing.T) {
	h := newHub(t, locked, everything)
	h.signIn("g", gate.Guest, gate.Grant{Thing: "urn:lamp", Ops: gate.Read})
	l := h.listen("/stream")
	l.wants("hello", `"by":"token:g","role":"guest"`)
	if e := l.wants("full", "urn:lamp"); strings.Contains(e.data, "urn:x") {
		t.Error(e)
	}
	h.api.Notices.Add(Notice{Title: "secret"})
	h.says("urn:x:a/b", "on", thing.Bool(true))
	h.add(strings.Replace(pumpTD(), `"Pump"`, `"Pump 2"`, 1))
	h.says("urn:lamp", "on", thing.Bool(true))
	l.wants("delta", `{"values":{"urn:lamp":{"on":[true`)
}

func TestNoticesOfLongAgoAreLostAndCounted(t *testing.T) {
	n := NewNotices()
	for range keepNotices + 30 {
		n.Add(Notice{})
	}
	list, lost, newest, _ := n.after(10)
	if len(list) != keepNotices || lost != 20 || newest != keepNotices+30 || list[0].ID != 31 {
		t.Errorf("%d listed, %d lost, newest %d", len(list), lost, newest)
	}
	if list, lost, _, _ := n.after(newest + 5); len(list) != 0 || lost != 0 {
		t.Error(list, lost)
	}
}

func TestStreamsEndWhenTheHubDoesAndAreCounted(t *testing.T) {
	h := newHub(t)
	a, b := h.listen("/stream"), h.listen("/things/urn:lamp/properties/on")
	if n := h.api.streams.Load(); n != 2 {
		t.Error(n)
	}
	h.api.Close()
	for _, l := range []*listening{a, b} {
		for {
			if _, err := l.lines.ReadString('\n'); err != nil {
				break
			}
		}
	}
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	h := newHub(t)
	h.api.streams.Add(maxStreams)
	h.want("GET", "/stream", "", 503, "which is the most...")
	h.api.streams.Add(-maxStreams)
	h.listen("/stream")
}
