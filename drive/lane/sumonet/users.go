package sumonet

import (
	"fmt"
	"strings"

	"hutong/drive/lane"
)

// everyone is who may use a lane that says nothing: all but trains, and people on foot, who may walk there by SUMO's
// letter but have their own lanes wherever a net speaks of them.
const everyone = lane.Cars | lane.Buses | lane.Taxis | lane.Trucks | lane.Motorcycles | lane.Bicycles | lane.Emergency

// classOf gives whom of the map a vehicle class of SUMO stands for; none for those the map doesn't speak of.
func classOf(name string) (u lane.Users, known bool) {
	switch name {
	case "passenger":
		return lane.Cars, true
	case "bus", "coach":
		return lane.Buses, true
	case "taxi":
		return lane.Taxis, true
	case "truck", "trailer", "delivery":
		return lane.Trucks, true
	case "motorcycle", "moped":
		return lane.Motorcycles, true
	case "bicycle":
		return lane.Bicycles, true
	case "pedestrian":
		return lane.People, true
	case "tram", "rail_urban", "rail", "rail_electric", "rail_fast", "subway", "cable_car", "lightrail", "cityrail", "rail_slow":
		return lane.Rails, true
	case "emergency":
		return lane.Emergency, true
	case "private", "authority", "army", "vip", "hov", "evehicle", "ship", "container", "aircraft", "drone", "wheelchair",
		"scooter", "custom1", "custom2", "ignoring", "public_emergency", "public_authority", "public_army", "public_transport",
		"transport":
		return 0, true
	}
	return 0, false
}

// usersOf understands a lane's allow and disallow. Empty texts allow everyone.
func usersOf(allow, disallow string) (lane.Users, error) {
	if allow == "all" || allow == "" && disallow == "" {
		return everyone, nil
	}
	text, attribute := allow, "allow"
	if allow == "" {
		text, attribute = disallow, "disallow"
	}
	var set lane.Users
	for name := range strings.FieldsSeq(text) {
		u, known := classOf(name)
		if name == "all" {
			u, known = everyone|lane.Rails|lane.People, true
		}
		if !known {
			return 0, fmt.Errorf("%s names %q, which is no vehicle class", attribute, name)
		}
		set |= u
	}
	if attribute == "disallow" {
		return everyone &^ set, nil
	}
	return set, nil
}

// kindOf gives what a lane is, by its edge's function and by who may use it.
func kindOf(function string, users lane.Users) lane.Kind {
	driven := users &^ (lane.People | lane.Bicycles | lane.Rails)
	switch {
	case function == "crossing":
		return lane.Crossing
	case driven != 0 && function == "internal":
		return lane.Junction
	case driven != 0:
		return lane.Drive
	case users&lane.Bicycles != 0:
		return lane.Cycle
	case users&lane.People != 0:
		return lane.Walk
	}
	return lane.Other
}
