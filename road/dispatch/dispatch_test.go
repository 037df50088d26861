package dispatch

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// street is places along a line, 10 s and 100 m apart; a place below 0 can't be reached.
type street struct{}

func (street) Way(a, b Place) (float64, float64) {
	if a < 0 || b < 0 {
		return math.Inf(1), math.Inf(1)
	}
	n := math.Abs(float64(b - a))
	return 10 * n, 100 * n
}

func request(id int, from, to Place, asked float64) Request {
	return Request{ID: id, From: from, To: to, Party: 1, Asked: asked, Latest: asked + 600, Longest: 600}
}

func TestTheNearestVehicleFetches(t *testing.T) {
	vehicles := []Vehicle{{ID: 1, At: 0, Seats: 4}, {ID: 2, At: 90, Seats: 4}}
	r := Match(vehicles, []Request{request(7, 80, 70, 0)}, street{}, City)
	if len(r.Plans[0]) != 0 || len(r.Plans[1]) != 2 || r.Plans[1][0] != (Stop{7, false, 100}) || r.Plans[1][1] != (Stop{7, true, 230}) {
		t.Errorf("plans %v", r.Plans)
	}
}

func TestTwoWhoAskTogetherAreServedInTheLeastWaitOfBoth(t *testing.T) {
	// vehicle 1 is nearer to both, but one vehicle for each is better than one after the other
	vehicles := []Vehicle{{ID: 1, At: 50, Seats: 1}, {ID: 2, At: 40, Seats: 1}}
	r := Match(vehicles, []Request{request(1, 52, 90, 0), request(2, 60, 95, 0)}, street{}, City)
	if len(r.Plans[0]) != 2 || len(r.Plans[1]) != 2 || r.Plans[0][0].Request != 2 || r.Plans[1][0].Request != 1 {
		t.Errorf("plans %v", r.Plans)
	}
}

func TestRidesOnOneWayAreShared(t *testing.T) {
	vehicles := []Vehicle{{ID: 1, At: 0, Seats: 4}}
	r := Match(vehicles, []Request{request(1, 0, 50, 0), request(2, 10, 40, 0)}, street{}, City)
	want := []Stop{{1, false, 0}, {2, false, 130}, {2, true, 460}, {1, true, 590}}
	if !slices.Equal(r.Plans[0], want) {
		t.Errorf("plan %v, want %v", r.Plans[0], want)
	}
}

func TestWhoIsAboardIsBrought(t *testing.T) {
	late := Aboard{Request: Request{ID: 9, From: 0, To: 100, Party: 2, Longest: 10}, Since: 0}
	vehicles := []Vehicle{
		{ID: 1, At: 50, Ready: 500, Seats: 2, Aboard: []Aboard{late}, Held: true}, // far too late already, and held
	}
	r := Match(vehicles, []Request{request(1, 60, 70, 490)}, street{}, City)
	if !slices.Equal(r.Plans[0], []Stop{{9, true, 1000}}) || !slices.Equal(r.Without, []int{1}) {
		t.Errorf("plan %v, without %v", r.Plans[0], r.Without)
	}
}

func TestWhatCanNotBeServedIsTold(t *testing.T) {
	for name, ask := range map[string]Request{
		"too far":           {ID: 1, From: 90, To: 80, Party: 1, Latest: 100, Longest: 600},
		"too many people":   {ID: 1, From: 1, To: 2, Party: 5, Latest: 600, Longest: 600},
		"no way there":      {ID: 1, From: -1, To: 2, Party: 1, Latest: 600, Longest: 600},
		"no way to its end": {ID: 1, From: 1, To: -2, Party: 1, Latest: 600, Longest: 600},
		"battery too low":   {ID: 1, From: 50, To: 0, Party: 1, Latest: 9999, Longest: 9999},
	} {
		r := Match([]Vehicle{{ID: 1, Seats: 4, Range: 9000}}, []Request{ask}, street{}, City)
		if !slices.Equal(r.Without, []int{1}) || len(r.Plans[0]) != 0 {
			t.Errorf("%s: plan %v, without %v", name, r.Plans[0], r.Without)
		}
	}
}

func TestARequestMayChangeItsVehicleUntilItIsAboard(t *testing.T) {
	vehicles := []Vehicle{
		{ID: 1, At: 0, Seats: 4, Plan: []Stop{{Request: 5}, {Request: 5, Out: true}}},
		{ID: 2, At: 59, Seats: 4}, // came free nearby
	}
	r := Match(vehicles, []Request{request(5, 60, 90, 0)}, street{}, City)
	if len(r.Plans[0]) != 0 || len(r.Plans[1]) != 2 {
		t.Errorf("plans %v", r.Plans)
	}
}

func TestWhoWasToldAPlateKeepsIt(t *testing.T) {
	vehicles := []Vehicle{
		{ID: 1, At: 0, Seats: 4, Plan: []Stop{{Request: 5}, {Request: 5, Out: true}}},
		{ID: 2, At: 59, Seats: 4},
	}
	ask := request(5, 60, 90, 0)
	ask.Latest, ask.Fixed = 900, true
	r := Match(vehicles, []Request{ask}, street{}, City)
	if len(r.Plans[0]) != 2 || len(r.Plans[1]) != 0 {
		t.Errorf("plans %v", r.Plans)
	}
}

// TestEveryPlanCanBeDriven draws fleets and requests, and drives the plans.
func TestEveryPlanCanBeDriven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.Custom(func(t *rapid.T) Place { return Place(rapid.IntRange(0, 60).Draw(t, "place")) })
		id := 0
		draw := func(asked float64) Request {
			id++
			return Request{
				ID: id, From: place.Draw(t, "from"), To: place.Draw(t, "to"), Party: rapid.IntRange(1, 3).Draw(t, "party"),
				Asked: asked, Latest: asked + 400, Longest: 700,
			}
		}
		var vehicles []Vehicle
		for n := range rapid.IntRange(1, 4).Draw(t, "vehicles") {
			v := Vehicle{ID: n, At: place.Draw(t, "at"), Ready: rapid.Float64Range(0, 50).Draw(t, "ready"), Seats: 6}
			for range rapid.IntRange(0, 2).Draw(t, "aboard") {
				v.Aboard = append(v.Aboard, Aboard{draw(0), 0})
			}
			vehicles = append(vehicles, v)
		}
		var open []Request
		for range rapid.IntRange(0, 8).Draw(t, "open") {
			open = append(open, draw(0))
		}
		rules := City
		rules.Effort = 40
		first := Match(vehicles, open, street{}, rules)
		drivable(t, vehicles, open, first)
		for i := range vehicles {
			vehicles[i].Plan = first.Plans[i]
		}
		again := Match(vehicles, open, street{}, rules)
		drivable(t, vehicles, open, again)
		if len(again.Without) > len(first.Without) || len(again.Without) == len(first.Without) && again.Cost > first.Cost+1e-6 {
			t.Errorf("a plan taken up again is worse: %v after %v", again, first)
		}
	})
}

func drivable(t *rapid.T, vehicles []Vehicle, open []Request, r Result) {
	left := map[int]Request{}
	for _, q := range open {
		left[q.ID] = q
	}
	for i, v := range vehicles {
		aboard, seats := map[int]Request{}, 0
		for _, a := range v.Aboard {
			aboard[a.ID] = a.Request
			seats += a.Party
		}
		if seats > v.Seats {
			continue // drawn overfull: only brought
		}
		for _, s := range r.Plans[i] {
			if s.Out {
				q, is := aboard[s.Request]
				if !is {
					t.Fatalf("vehicle %d lets %d out, who isn't in: %v", v.ID, s.Request, r.Plans[i])
				}
				delete(aboard, s.Request)
				seats -= q.Party
				continue
			}
			q, is := left[s.Request]
			if !is {
				t.Fatalf("vehicle %d fetches %d, who doesn't wait: %v", v.ID, s.Request, r.Plans[i])
			}
			delete(left, s.Request)
			aboard[s.Request] = q
			if seats += q.Party; seats > v.Seats || s.At > q.Latest {
				t.Fatalf("vehicle %d has %d aboard of %d, at %g: %v", v.ID, seats, v.Seats, s.At, r.Plans[i])
			}
		}
		if len(aboard) > 0 {
			t.Fatalf("vehicle %d never lets out %v: %v", v.ID, aboard, r.Plans[i])
		}
	}
	if len(left) != len(r.Without) {
		t.Fatalf("%d without a vehicle, told of %v", len(left), r.Without)
	}
}

// TestAssignIsTheBestThereIs tries all assignments of small ones.
func TestAssignIsTheBestThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(0, 5).Draw(t, "rows"), rapid.IntRange(0, 5).Draw(t, "cols")
		cost := map[[2]int32]float64{}
		var arcs []Arc
		if rows > 0 && cols > 0 {
			for range rapid.IntRange(0, 14).Draw(t, "arcs") {
				a := Arc{
					int32(rapid.IntRange(0, rows-1).Draw(t, "row")), int32(rapid.IntRange(0, cols-1).Draw(t, "col")),
					float64(rapid.IntRange(-9, 9).Draw(t, "cost")),
				}
				arcs = append(arcs, a)
				if c, has := cost[[2]int32{a.Row, a.Col}]; !has || a.Cost < c {
					cost[[2]int32{a.Row, a.Col}] = a.Cost
				}
			}
		}
		bestN, bestC := 0, 0.0
		var try func(row int32, taken map[int32]bool, n int, c float64)
		try = func(row int32, taken map[int32]bool, n int, c float64) {
			if int(row) == rows {
				if n > bestN || n == bestN && c < bestC {
					bestN, bestC = n, c
				}
				return
			}
			try(row+1, taken, n, c)
			for col := int32(0); int(col) < cols; col++ {
				if x, has := cost[[2]int32{row, col}]; has && !taken[col] {
					taken[col] = true
					try(row+1, taken, n+1, c+x)
					delete(taken, col)
				}
			}
		}
		try(0, map[int32]bool{}, 0, 0)
		n, c := 0, 0.0
		used := map[int32]bool{}
		for row, col := range Assign(rows, cols, arcs) {
			if col < 0 {
				continue
			}
			x, has := cost[[2]int32{int32(row), col}]
			if !has || used[col] {
				t.Fatalf("row %d has column %d", row, col)
			}
			used[col] = true
			n++
			c += x
		}
		if n != bestN || c != bestC {
			t.Fatalf("%d rows at %g, the best is %d at %g: %v", n, c, bestN, bestC, arcs)
		}
	})
}

func TestVehiclesWithoutWorkGoWhereTheyAreWanted(t *testing.T) {
	vehicles := []Vehicle{
		{ID: 1, At: 0}, {ID: 2, At: 10}, {ID: 3, At: 50, Plan: []Stop{{Request: 1}}}, {ID: 4, At: 99},
	}
	moves := Rebalance(vehicles, []Zone{{Wait: 12, Want: 1.2}, {Wait: 98, Want: 0.7}, {Wait: 50, Want: 0.4}}, street{}, 15)
	if !slices.Equal(moves, []Move{{2, 12}}) {
		t.Errorf("moves %v: vehicle 2 goes to 12, 4 is near enough to 98, nobody is wanted at 50", moves)
	}
}

func TestAForecastForgets(t *testing.T) {
	f := NewForecast(1, 600)
	for at := 0.0; at < 6000; at += 60 {
		f.Asked(0, at)
	}
	if n := f.Expect(0, 6000, 600); math.Abs(n-10) > 1 {
		t.Errorf("one a minute, and %g expected in ten", n)
	}
	if n := f.Expect(0, 6600, 600); math.Abs(n-5) > 1 {
		t.Errorf("a half-life later %g expected", n)
	}
}
