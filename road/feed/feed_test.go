package feed

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func snapshot() Snapshot {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return Snapshot{
		At:     at,
		System: System{ID: "quarter", Name: "Quarter", Language: "en", Timezone: "Asia/Shanghai", Email: "ops@example.org", Hours: "06:00-23:00", Open: true},
		Stops:  []Stop{{ID: "gate", Name: "North Gate", Lat: 35.5, Lon: 123.5, Near: 1}},
		Vehicles: []Vehicle{
			{ID: "shuttle-1", Name: "Shuttle 1", Lat: 35.5, Lon: 123.5, Heading: -90, Speed: 3, Battery: 0.8, Range: 90000, Seen: at, Stop: "gate"},
			{ID: "shuttle-2", Name: "Shuttle 2", Lat: 35.6, Lon: 123.6, Battery: -1, Taken: true, Seen: at},
		},
		Zone: Zone{Polygon: [][2]float64{{123, 35}, {124, 35}, {124, 36}}, Limit: 30},
	}
}

func TestAVehicleWithARideIsNotInTheFeedAndNoneCanBeFollowed(t *testing.T) {
	first, err := GBFS(snapshot(), "vehicle_status", "http://x/gbfs", "monday")
	if err != nil {
		t.Fatal(err)
	}
	next, _ := GBFS(snapshot(), "vehicle_status", "http://x/gbfs", "tuesday")
	ids := func(feed []byte) (list []string) {
		var f struct {
			Data struct {
				Vehicles []struct {
					ID string `json:"vehicle_id"`
				}
			}
		}
		if err := json.Unmarshal(feed, &f); err != nil {
			t.Fatal(err)
		}
		for _, v := range f.Data.Vehicles {
			list = append(list, v.ID)
		}
		return list
	}
	ridden := snapshot()
	ridden.Vehicles[0].Last = "3v2ddlyc"
	after, _ := GBFS(ridden, "vehicle_status", "http://x/gbfs", "monday")
	if ids(after)[0] == ids(first)[0] {
		t.Error("a vehicle has the same id after a ride")
	}
	a, b := ids(first), ids(next)
	if len(a) != 1 || len(b) != 1 || a[0] == b[0] || strings.Contains(string(first), "shuttle-1") || strings.Contains(string(first), "shuttle-2") {
		t.Errorf("%s and %s", first, next)
	}
}

func TestEveryFeedThatIsListedIsThere(t *testing.T) {
	for _, name := range append(Files(), "gbfs") {
		data, err := GBFS(snapshot(), name, "http://x/gbfs", "s")
		if err != nil || !json.Valid(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := GBFS(snapshot(), "free_bike_status", "http://x/gbfs", "s"); err == nil {
		t.Error("a feed of an older version is given")
	}
}
