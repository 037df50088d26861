package trial

import (
	"fmt"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/town"
)

// Road is a straight road 800 m long: so many lanes towards the east, "east0" the rightmost, 3.5 m apart, and one
// towards the west, "west0", on their left. The middle of east0 is y = 0.
func Road(lanes int, limit float64) Set {
	return func() (*lane.Map, *town.Town, error) {
		var all []lane.Lane
		add := func(name string, y float64, west bool) error {
			points := []geom.Vec{{X: 0, Y: y}, {X: 800, Y: y}}
			if west {
				points[0], points[1] = points[1], points[0]
			}
			centre, err := geom.NewPath(points)
			if err != nil {
				return err
			}
			all = append(all, lane.Lane{
				Name: name, Centre: centre, ToLeft: []float64{1.75, 1.75}, ToRight: []float64{1.75, 1.75}, Limit: limit,
				Users:  lane.Cars | lane.Buses | lane.Taxis | lane.Trucks | lane.Motorcycles | lane.Bicycles | lane.Emergency,
				LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1,
			})
			return nil
		}
		for i := range lanes {
			if err := add(fmt.Sprintf("east%d", i), 3.5*float64(i), false); err != nil {
				return nil, nil, err
			}
		}
		if err := add("west0", 3.5*float64(lanes), true); err != nil {
			return nil, nil, err
		}
		for i := range lanes {
			if i > 0 {
				all[i].RightOf, all[i].MayRight = lane.ID(i-1), true
			}
			if i < lanes-1 {
				all[i].LeftOf, all[i].MayLeft = lane.ID(i+1), true
			}
		}
		all[lanes-1].Opposite, all[lanes].Opposite = lane.ID(lanes), lane.ID(lanes-1)
		m, err := lane.NewMap(all, nil)
		return m, nil, err
	}
}

// Town is our town with its lights and houses, and nobody in it.
func Town() (*lane.Map, *town.Town, error) {
	w := town.New(town.Options{})
	return w.Map(), w, nil
}
