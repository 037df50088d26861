package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hutong/road/feed"
	"hutong/road/recorder"
)

// TestMCAPReaderOpensARecording writes a recording and reads it with the format's own reader.
func TestMCAPReaderOpensARecording(t *testing.T) {
	peer(t, "@mcap/core")
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r := recorder.New(recorder.Options{})
	pad := string(bytes.Repeat([]byte("x"), 2000)) // so that it takes more than one chunk
	for n := range 600 {
		at := start.Add(time.Duration(n) * 100 * time.Millisecond)
		if n == 450 {
			r.Trigger("shuttle-1", "stopNow", at)
		}
		r.Add("shuttle-1", recorder.Frame{Topic: "cabin", At: at, Data: fmt.Appendf(nil, `{"n":%d,"pad":%q}`, n, pad)})
		if n%10 == 0 {
			r.Add("shuttle-1", recorder.Frame{Topic: "orders", At: at, Data: []byte(`{"stop":false}`)})
		}
	}
	store, err := recorder.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	done := r.Done(start.Add(time.Hour))
	kept, err := store.Keep(done[0])
	if err != nil {
		t.Fatal(err)
	}
	data, err := store.File(kept.ID)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "incident.mcap")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Topics        map[string]int
		InOrder, Done bool
		Chain         map[string]string
		Count         int
		From, To      int64
	}
	out := output(t, node(t, t.Context(), "mcap_read.cjs", file))
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	if got.Topics["/shuttle-1/cabin"] != 401 || got.Topics["/shuttle-1/orders"] != 41 || got.Count != 442 || !got.InOrder || !got.Done ||
		got.Chain["cause"] != "stopNow" || got.Chain["number"] != "1" ||
		got.From != start.Add(15*time.Second).UnixMilli() || got.To != start.Add(55*time.Second).UnixMilli() {
		t.Errorf("the reader found %s", out)
	}
}

func area() feed.Snapshot {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return feed.Snapshot{
		At: at,
		System: feed.System{
			ID: "quarter", Name: "Quarter", Language: "en", Timezone: "Asia/Shanghai", Email: "ops@example.org", Hours: "06:00-23:00", Open: true,
		},
		Stops: []feed.Stop{{ID: "gate", Name: "North Gate", Lat: 35.5, Lon: 123.5, Near: 1}},
		Vehicles: []feed.Vehicle{
			{ID: "shuttle-1", Name: "Shuttle 1", Lat: 35.5, Lon: 123.5, Heading: 90, Speed: 3, Battery: 0.8, Range: 90000, Seen: at, Stop: "gate"},
			{ID: "shuttle-2", Name: "Shuttle 2", Lat: 35.6, Lon: 123.6, Battery: -1, Taken: true, Seen: at},
		},
		Zone: feed.Zone{Polygon: [][2]float64{{123, 35}, {124, 35}, {124, 36}}, Limit: 30},
	}
}

// TestGTFSRealtimeBindingsReadTheVehicles decodes our feed with the reference bindings.
func TestGTFSRealtimeBindingsReadTheVehicles(t *testing.T) {
	peer(t, "gtfs-realtime-bindings")
	cmd := node(t, t.Context(), "gtfs_read.cjs")
	cmd.Stdin = bytes.NewReader(feed.VehiclePositions(area()))
	var got struct {
		Header struct{ GtfsRealtimeVersion, Incrementality string }
		Entity []struct {
			ID      string
			Vehicle struct {
				Position                       struct{ Latitude, Longitude, Bearing, Speed float64 }
				CurrentStatus, OccupancyStatus string
				StopID                         string
				Timestamp                      int64
				Vehicle                        struct{ ID, Label, LicensePlate string }
			}
		}
	}
	out := output(t, cmd)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	if len(got.Entity) != 1 || got.Header.GtfsRealtimeVersion != "2.0" || got.Header.Incrementality != "FULL_DATASET" {
		t.Fatal(out)
	}
	v := got.Entity[0].Vehicle
	if v.Position.Latitude != 35.5 || v.Position.Bearing != 90 || v.Position.Speed != 3 || v.CurrentStatus != "STOPPED_AT" || v.StopID != "gate" ||
		v.Vehicle.LicensePlate != "" || v.OccupancyStatus != "EMPTY" || v.Timestamp != area().At.Unix() {
		t.Error(out)
	}
}

// TestGBFSSchemasAcceptTheFeeds checks each feed against MobilityData's JSON Schema. They can't be installed:
// HUTONG_GBFS_SCHEMAS names the folder v3.0 of a checkout of MobilityData/gbfs-json-schema.
func TestGBFSSchemasAcceptTheFeeds(t *testing.T) {
	dir := os.Getenv("HUTONG_GBFS_SCHEMAS")
	if dir == "" {
		t.Skip("HUTONG_GBFS_SCHEMAS doesn't name the folder v3.0 of MobilityData/gbfs-json-schema")
	}
	for _, name := range append(feed.Files(), "gbfs") {
		text, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		delete(document.(map[string]any), "$schema") // draft 7, named without the # its own address has
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft7)
		c.AssertFormat()
		if err := c.AddResource("https://example.org/"+name, document); err != nil {
			t.Fatal(err)
		}
		delete(document.(map[string]any), "$id")
		schema, err := c.Compile("https://example.org/" + name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := feed.GBFS(area(), name, "https://example.org/gbfs", "salt")
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
