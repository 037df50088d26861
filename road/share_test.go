package road

import (
	"strings"
	"testing"
	"time"

	"hutong/drive/geom"
)

// share books a ride that others may join.
func (w *world) share(from, to Where, party int) *Ride {
	w.t.Helper()
	ask := &AskOffer{From: from, To: to, Party: party, Share: true}
	if err := w.step(ask); err != nil {
		w.t.Fatalf("no offer: %v", err)
	}
	b := &Book{Offer: ask.Offer.ID}
	if err := w.step(b); err != nil {
		w.t.Fatalf("not booked: %v", err)
	}
	return b.Ride
}

func place(x, y float64) Where { return Where{At: &geom.Vec{X: x, Y: y}} }

// boards has a ride that stands at the stop begin.
func (w *world) boards(r *Ride) {
	w.t.Helper()
	w.until(r, Here, 200)
	w.must(&Do{Ride: r.ID, What: Unlock, Code: r.Code})
	w.wait(1)
	w.must(&Do{Ride: r.ID, What: Start, Belts: true})
}

// pair brings two shared rides into the one vehicle: ann from a to b, bob from 400 to 900 on the way.
func pair(t *testing.T) (w *world, ann, bob *Ride) {
	t.Helper()
	w = newWorld(t, 1)
	ann = w.share(at("a"), at("b"), 2)
	w.boards(ann)
	w.wait(2)
	bob = w.share(place(400, 0), place(900, 0), 1)
	w.is(bob, Coming)
	w.boards(bob)
	w.wait(3)
	w.is(ann, Riding)
	w.is(bob, Riding)
	return w, ann, bob
}

func TestTwoPartiesShareAVehicle(t *testing.T) {
	w, ann, bob := pair(t)
	v := w.core.vehicles[ann.Vehicle]
	if bob.Vehicle != ann.Vehicle || v.plan.Aboard() != 3 {
		t.Fatalf("they ride in %s and %s, %d people", ann.Vehicle, bob.Vehicle, v.plan.Aboard())
	}
	if err := w.step(&AskOffer{From: at("a"), To: at("b"), Party: 1}); err == nil {
		t.Error("a shared vehicle is offered to somebody who wants one alone")
	}
	w.until(ann, There, 120)
	w.is(bob, Riding)
	if err := w.step(&Do{Ride: bob.ID, What: Destination, To: at("d")}); err != nil {
		t.Errorf("nobody else is on the way any more, and yet: %v", err)
	}
	w.until(ann, Ended, 61)
	w.is(bob, Riding)
	w.until(bob, There, 300)
	w.until(bob, Ended, 61)
	if ann.Late || bob.Late || len(v.plan) != 0 {
		t.Errorf("late: %v %v; the vehicle still plans %v", ann.Late, bob.Late, v.plan)
	}
}

func TestAVehicleIsOnlySharedAsItWasPromised(t *testing.T) {
	w := newWorld(t, 1)
	ann := w.share(at("a"), at("b"), 3)
	w.boards(ann)
	w.wait(2)
	for name, ask := range map[string]*AskOffer{
		"more people than there are seats": {From: place(400, 0), To: place(900, 0), Party: 4, Share: true},
		"with a wheelchair":                {From: at("a"), To: at("b"), Party: 1, Share: true, Wheelchair: true},
	} {
		if err := w.step(ask); err == nil && ask.Offer.Pickup.Expected < 60 {
			t.Errorf("%s: offered in %.0f s", name, ask.Offer.Pickup.Expected)
		}
	}
	far := w.share(at("c"), at("d"), 1) // on the way back: first ann is brought
	w.is(far, Coming)
	w.until(ann, There, 120)
	w.is(far, Coming)
	w.boards(far)
	w.until(far, Ended, 300)
	if ann.Late {
		t.Error("ann came late")
	}
}

func TestEitherStopsASharedVehicleAndBothMustLetItGoOn(t *testing.T) {
	w, ann, bob := pair(t)
	v := w.car(ann)
	w.must(&Do{Ride: bob.ID, What: StopNow})
	w.wait(2)
	w.is(ann, Halted)
	w.is(bob, Halted)
	if !strings.Contains(ann.Why, "Another passenger") {
		t.Errorf("ann is told %q", ann.Why)
	}
	if err := w.step(&Do{Ride: ann.ID, What: Resume}); err == nil || v.state != Stopped {
		t.Errorf("ann lets the vehicle go on that bob stopped: %v", err)
	}
	w.must(&Do{Ride: ann.ID, What: StopNow})
	w.must(&Do{Ride: bob.ID, What: Resume})
	w.wait(5)
	if v.state != Stopped {
		t.Fatal("it goes on though ann has asked for a stop, too")
	}
	w.must(&Do{Ride: ann.ID, What: Resume})
	w.wait(2)
	w.is(ann, Riding)
	w.is(bob, Riding)
	if v.state != Driving {
		t.Errorf("it is %s", v.state)
	}
	w.must(&Do{Ride: bob.ID, What: StopNow})
	w.wait(2)
	w.must(&Do{Ride: bob.ID, What: Cancel}) // bob gets out on the way
	w.until(bob, Ended, 61)
	w.wait(5)
	w.is(ann, Riding)
	w.until(ann, There, 120)
}

func TestWhoDoesNotBoardHoldsUpOthersNotForLong(t *testing.T) {
	w := newWorld(t, 1)
	ann := w.share(at("a"), at("b"), 2)
	w.boards(ann)
	w.wait(2)
	bob := w.share(place(400, 0), place(900, 0), 1)
	w.until(bob, Here, 100)
	w.is(ann, Riding)
	w.until(bob, Cancelled, 125)
	w.until(ann, There, 120)
}

func TestOneOfASharedVehicleLearnsNothingOfTheOther(t *testing.T) {
	w := newWorld(t, 1)
	ann := w.share(at("a"), at("b"), 2)
	w.boards(ann)
	w.wait(2)
	bob := w.share(place(860, 0), place(950, 0), 1) // fetched after ann gets out, and bob isn't to know where
	v := w.core.vehicles[ann.Vehicle]
	hops := v.plan.Hops(bob)
	if len(hops) != 3 || hops[0].Mine || v.plan.Next(bob) {
		t.Fatalf("%+v", hops)
	}
	if hops = v.plan.Hops(ann); len(hops) != 1 || !hops[0].Mine {
		t.Errorf("ann sees %+v", hops)
	}
}

func TestSharedRidesLiveOnOverARestart(t *testing.T) {
	w, ann, bob := pair(t)
	next := NewCore(Settings{Area: testArea(t), Random: w.random})
	w.core = next
	for _, r := range []*Ride{ann, bob} {
		again := *r
		w.step(Restored{&again})
	}
	w.step(Came{vehicleThing(w.toys[0].id)})
	w.tell(w.toys[0])
	w.step(Weather("clear"))
	w.until(next.rides[ann.ID], There, 200)
	w.until(next.rides[bob.ID], There, 200)
}

func TestVehiclesWaitWhereTheyWillBeWanted(t *testing.T) {
	w := newWorld(t, 2)
	for range 6 { // many ask at c
		w.cancelled(w.book("c", "a", 1))
		w.wait(40)
	}
	w.toys[0].held = false
	w.step(Ordered{w.toys[1].id, "hold"})
	before := w.toys[1].at
	w.wait(300)
	if at := w.toys[0].at.Vec; at.To(geom.Vec{X: 700, Y: 30}) > 20 {
		t.Errorf("it waits at %v", at)
	}
	if w.toys[1].at != before {
		t.Error("the one that somebody holds has moved")
	}
	w.now = w.now.Add(14 * time.Hour)
	w.wait(200)
	for _, v := range w.toys {
		if v.at.To(geom.Vec{X: 500, Y: 30}) > 5 && v.id != w.toys[1].id {
			t.Errorf("at night %s is at %v", v.id, v.at)
		}
	}
}

func (w *world) cancelled(r *Ride) {
	w.t.Helper()
	w.must(&Do{Ride: r.ID, What: Cancel})
}
