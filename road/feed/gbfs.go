package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// ttl is for how many seconds a feed is good.
const ttl = 10

// Files are the feeds of GBFS, by the name of each: gbfs.json lists the others.
func Files() []string {
	return []string{
		"system_information", "vehicle_types", "station_information", "station_status", "vehicle_status", "geofencing_zones",
	}
}

type object = map[string]any

// GBFS gives one feed of General Bikeshare Feed Specification 3.0, whose files are served under base ("https://…/gbfs"):
// "gbfs" itself or one of [Files]. salt makes the ids of vehicles, which change with it and after each ride, so that nobody
// can tell from where to where one went (GBFS, "vehicle_status.json": an id must not stay after a ride). Vehicles with a
// ride aren't in it.
func GBFS(s Snapshot, name, base, salt string) ([]byte, error) {
	var data object
	switch name {
	case "gbfs":
		var feeds []object
		for _, f := range Files() {
			feeds = append(feeds, object{"name": f, "url": base + "/" + f + ".json"})
		}
		data = object{"feeds": feeds}
	case "system_information":
		data = object{
			"system_id": s.System.ID, "languages": []string{s.System.Language}, "name": s.said(s.System.Name),
			"opening_hours": s.System.Hours, "timezone": s.System.Timezone, "feed_contact_email": s.System.Email,
		}
	case "vehicle_types":
		data = object{"vehicle_types": []object{{
			"vehicle_type_id": "shuttle", "form_factor": "car", "propulsion_type": "electric", "max_range_meters": 250000,
			"name": s.said("Shuttle"), "rider_capacity": 6, "return_constraint": "free_floating",
		}}}
	case "station_information":
		data = object{"stations": each(s.Stops, func(x Stop) object {
			return object{"station_id": x.ID, "name": s.said(x.Name), "lat": x.Lat, "lon": x.Lon, "is_virtual_station": true}
		})}
	case "station_status":
		data = object{"stations": each(s.Stops, func(x Stop) object {
			return object{
				"station_id": x.ID, "num_vehicles_available": x.Near, "is_installed": true,
				"is_renting": s.System.Open, "is_returning": s.System.Open, "last_reported": s.At.UTC().Format(time.RFC3339),
			}
		})}
	case "vehicle_status":
		data = object{"vehicles": s.free(salt)}
	case "geofencing_zones":
		data = s.zones()
	default:
		return nil, fmt.Errorf("GBFS has no feed %q here; gbfs.json lists those there are", name)
	}
	return json.Marshal(object{"last_updated": s.At.UTC().Format(time.RFC3339), "ttl": ttl, "version": "3.0", "data": data})
}

func (s *Snapshot) said(text string) []object {
	return []object{{"text": text, "language": s.System.Language}}
}

func each[T any](list []T, f func(T) object) []object {
	out := make([]object, 0, len(list))
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

func (s *Snapshot) free(salt string) []object {
	out := []object{}
	for _, v := range s.Vehicles {
		if v.Taken {
			continue
		}
		id := sha256.Sum256([]byte(salt + "\x00" + v.ID + "\x00" + v.Last))
		o := object{
			"vehicle_id": hex.EncodeToString(id[:8]), "vehicle_type_id": "shuttle", "lat": v.Lat, "lon": v.Lon,
			"is_reserved": false, "is_disabled": v.Out || !s.System.Open, "last_reported": v.Seen.UTC().Format(time.RFC3339),
			"current_range_meters": v.Range,
		}
		if v.Battery >= 0 {
			o["current_fuel_percent"] = v.Battery
		}
		if v.Stop != "" {
			o["station_id"] = v.Stop
		}
		out = append(out, o)
	}
	return out
}

func (s *Snapshot) zones() object {
	rules := object{"ride_start_allowed": s.System.Open, "ride_end_allowed": s.System.Open, "ride_through_allowed": true}
	if s.Zone.Limit > 0 {
		rules["maximum_speed_kph"] = s.Zone.Limit
	}
	features := []object{}
	if n := len(s.Zone.Polygon); n >= 3 {
		ring := append(append(make([][2]float64, 0, n+1), s.Zone.Polygon...), s.Zone.Polygon[0])
		features = append(features, object{
			"type":       "Feature",
			"geometry":   object{"type": "MultiPolygon", "coordinates": [][][][2]float64{{ring}}},
			"properties": object{"name": s.said(s.System.Name), "rules": []object{rules}},
		})
	}
	return object{
		"geofencing_zones": object{"type": "FeatureCollection", "features": features},
		"global_rules":     []object{{"ride_start_allowed": false, "ride_end_allowed": false, "ride_through_allowed": false}},
	}
}
