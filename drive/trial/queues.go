package trial

import (
	"errors"
	"slices"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/town"
)

// Square: it doesn't stand across the line between two lanes, where others pass.
var Square = Check{what: "stands square in its lane", always: func(r *Run) string {
	at := r.Rider.Decision.Lane
	if r.Rider.State.Speed > 0.05 || at.Lane == lane.None {
		return ""
	}
	l := r.Map.Lane(at.Lane)
	left, right := l.Widths(at.S)
	mid, box := l.Centre.At(at.S), r.Rider.Spec.Box(r.Rider.State)
	for _, x := range box.Corners() {
		if y := mid.Local(x).Y; y > left+0.15 && l.LeftOf != lane.None || -y > right+0.15 && l.RightOf != lane.None {
			return "a corner of it is on the next lane"
		}
	}
	return ""
}}

// Leaves is when the vehicle's front has come y metres to the left of the middle of east0.
func Leaves(y float64) When { return func(r *Run) bool { return r.front().Y > y } }

// stream is a row of cars on a lane, apart metres from one to the next, the first at x; they let nobody in.
func stream(on string, x, apart, speed float64, n int, cues ...Cue) []Part {
	var all []Part
	for i := range n {
		all = append(all, deaf("passing", on, x-float64(i)*apart, speed, cues...))
	}
	return all
}

// row is a row of cars on a lane that starts from its head on at a time, and stands and goes again as often as there are
// spells, s.
func row(on string, x float64, n int, start, speed float64, spells ...float64) []Part {
	var all []Part
	for i := range n {
		cues := []Cue{{After(start + 0.8*float64(i)), Go(speed, 1.2)}}
		for k, s := range spells {
			to := 0.0
			if k%2 == 1 {
				to = speed
			}
			cues = append(cues, Cue{Then(s), Go(to, 1.2)})
		}
		all = append(all, car("queueing", on, x-7*float64(i), 0, cues...))
	}
	return all
}

// polite makes the ninth of a row let one in who indicates.
func polite(parts []Part) []Part {
	parts[8].Polite = true
	return parts
}

// lay adds a lane 3.5 m wide over some points to a set's.
func lay(all []lane.Lane, name string, kind lane.Kind, points []geom.Vec, next ...lane.ID) ([]lane.Lane, error) {
	centre, err := geom.NewPath(points)
	wide := slices.Repeat([]float64{1.75}, len(points))
	return append(all, lane.Lane{
		Name: name, Kind: kind, Centre: centre, ToLeft: wide, ToRight: wide, Limit: city,
		Users: lane.Cars | lane.Taxis | lane.Bicycles | lane.Buses, LeftOf: lane.None, RightOf: lane.None, Opposite: lane.None, Signal: -1, Next: next,
	}), err
}

// mapped makes a map of lanes that know what comes after them.
func mapped(all []lane.Lane) (*lane.Map, *town.Town, error) {
	for i := range all {
		for _, n := range all[i].Next {
			all[n].Prev = append(all[n].Prev, lane.ID(i))
		}
	}
	lane.Cross(all)
	m, err := lane.NewMap(all, nil)
	return m, nil, err
}

// Fork is a road of two lanes that part behind a junction, where a piece of half a metre is left to change lanes: east1
// leads on, east0 away for good.
func Fork() (*lane.Map, *town.Town, error) {
	var all []lane.Lane
	var fail error
	add := func(name string, kind lane.Kind, x, y, toX, toY float64, next ...lane.ID) {
		var err error
		all, err = lay(all, name, kind, []geom.Vec{{X: x, Y: y}, {X: toX, Y: toY}}, next...)
		fail = errors.Join(fail, err)
	}
	for i, name := range [2]string{"0", "1"} {
		y := 3.5 * float64(i)
		add("east"+name, lane.Drive, 0, y, 200, y, lane.ID(4*i+1))
		add("junction"+name, lane.Junction, 200, y, 214, y, lane.ID(4*i+2))
		add("piece"+name, lane.Drive, 214, y, 214.5, y, lane.ID(4*i+3))
		add("on"+name, lane.Drive, 214.5, y, 500, y+60*(float64(i)-0.5))
	}
	all[0].LeftOf, all[4].RightOf, all[0].MayLeft, all[4].MayRight = 4, 0, true, true
	all[2].LeftOf, all[6].RightOf, all[2].MayLeft = 6, 2, true
	if fail != nil {
		return nil, nil, fail
	}
	return mapped(all)
}

// Round is a fork of which the lane that leads away, slower, comes back to the other's way.
func Round() (*lane.Map, *town.Town, error) {
	m, _, err := Fork()
	if err != nil {
		return nil, nil, err
	}
	all := m.Lanes
	for i := range all {
		all[i].Prev = nil
	}
	on0, on1 := &all[3], &all[7]
	on0.Limit, on0.Next, on1.Next = 9, []lane.ID{8}, []lane.ID{9}
	back := []geom.Vec{{X: 500, Y: -30}, {X: 550, Y: -25}, {X: 585}, {X: 605, Y: 25}, {X: 640, Y: 38}, {X: 660, Y: 40}}
	for _, x := range []struct {
		name   string
		points []geom.Vec
		next   []lane.ID
	}{
		{"back", back, []lane.ID{10}},
		{"straight", []geom.Vec{{X: 500, Y: 33.5}, {X: 660, Y: 40}}, []lane.ID{10}},
		{"both", []geom.Vec{{X: 660, Y: 40}, {X: 900, Y: 40}}, nil},
	} {
		if all, err = lay(all, x.name, lane.Drive, x.points, x.next...); err != nil {
			return nil, nil, err
		}
	}
	return mapped(all)
}

// turning is the way of one who comes from the east and turns left, across the way of who goes straight on to the east.
var turning = []geom.Vec{{X: 230, Y: 3.5}, {X: 220, Y: 3}, {X: 213, Y: 0.5}, {X: 208, Y: -5}, {X: 206, Y: -15}}

// Mouth is a street, east0 and east1 behind a junction, from which those who come from the east, on west0, turn left to south0.
func Mouth() (*lane.Map, *town.Town, error) {
	var all []lane.Lane
	var fail error
	for _, x := range []struct {
		name   string
		kind   lane.Kind
		points []geom.Vec
		next   []lane.ID
	}{
		{"east0", lane.Drive, []geom.Vec{{}, {X: 200}}, []lane.ID{1}},
		{"through", lane.Junction, []geom.Vec{{X: 200}, {X: 230}}, []lane.ID{2}},
		{"east1", lane.Drive, []geom.Vec{{X: 230}, {X: 500}}, nil},
		{"west0", lane.Drive, []geom.Vec{{X: 500, Y: 3.5}, {X: 230, Y: 3.5}}, []lane.ID{4}},
		{"left", lane.Junction, turning, []lane.ID{5}},
		{"south0", lane.Drive, []geom.Vec{{X: 206, Y: -15}, {X: 206, Y: -120}}, nil},
	} {
		var err error
		all, err = lay(all, x.name, x.kind, x.points, x.next...)
		fail = errors.Join(fail, err)
	}
	if fail != nil {
		return nil, nil, fail
	}
	all[4].Turn = lane.Left
	return mapped(all)
}

// queueing are changes of lanes among those who queue.
func queueing() []Trial {
	join := func(parts ...[]Part) (all []Part) {
		for _, some := range parts {
			all = append(all, some...)
		}
		return all
	}
	return []Trial{
		{
			Name: "cars pass where it waits for a gap", On: Road(2, city), Start: begin(), Speed: 8, Goal: Place{Lane: "east1", S: 150}, Seconds: 90,
			Cast: stream("east1", 60, 30, 12, 12),
			Must: []Check{Untouched, Square, Brakes(5), Reaches(88)},
		},
		{
			Name: "the gap closes when it has begun to change", On: Road(2, city), Start: begin(), Speed: 6, Goal: Place{Lane: "east1", S: 300}, Seconds: 90,
			Cast: []Part{
				car("ahead", "east0", 62, 5), car("before the gap", "east1", 58, 6),
				deaf("behind the gap", "east1", 18, 6, Cue{Leaves(0.4), Go(10, 2.5)}, Cue{Then(3), Go(5, 2)}),
			},
			Must: []Check{Untouched, Square, Reaches(88)},
		},
		{
			Name: "out of a standing queue into one that jerks", On: Road(2, city), Start: begin(), Goal: Place{Lane: "east1", S: 150}, Seconds: 150,
			Cast: join(row("east0", 78, 3, 120, 3), polite(row("east1", 78, 14, 4, 3, 4, 5, 4, 6, 5, 5, 4, 6))),
			Must: []Check{Untouched, Square, Reaches(110)},
		},
		{
			Name: "the leader stands when the change has begun", On: Road(2, city), Start: begin(), Speed: 4, Goal: Place{Lane: "east1", S: 160}, Seconds: 120,
			Cast: []Part{
				car("ahead", "east0", 62, 3), deaf("before the gap", "east1", 60, 4, Cue{Leaves(0.3), Go(0, 2.5)}, Cue{Then(25), Go(6, 1)}),
			},
			Must: []Check{Untouched, Square, Reaches(118)},
		},
		{
			Name: "nobody lets it in before the lanes part", On: Fork, Start: begin(), Speed: 8, Goal: Place{Lane: "on1", S: 120}, Seconds: 150,
			Cast: row("east1", 190, 14, 50, 8),
			Must: []Check{Untouched, Square, Reaches(148)},
		},
		{
			Name: "nobody lets it in, and there is another way", On: Round, Start: begin(), Speed: 8, Goal: Place{Lane: "both", S: 100}, Seconds: 150,
			Cast: row("east1", 190, 14, 200, 8),
			Must: []Check{Untouched, Square, Because("detour"), Reaches(100)},
		},
		{
			Name: "one stands with a corner in its way and waits for it", On: Mouth, Start: begin(), Speed: 10, Goal: Place{Lane: "east1", S: 150}, Seconds: 90,
			Cast: []Part{{
				Name: "turning", Kind: scene.Car, Over: turning, At: 11.3,
				Cues: []Cue{{func(r *Run) bool { return r.front().X > 230 }, Go(6, 2)}},
			}},
			Must: []Check{Untouched, Brakes(5), Reaches(60)},
		},
		{
			Name: "beside its goal in the wrong lane", On: Road(2, city), Start: Place{Lane: "east1", S: 40}, Goal: Place{Lane: "east0", S: 50}, Seconds: 40,
			Must: []Check{Square, Reaches(20)},
		},
	}
}
