package road

import (
	"fmt"
	"testing"
	"time"

	"hutong/drive/geom"
	"hutong/thing"
)

// BenchmarkManyWaitForManyVehicles is a step of an area with 1,000 vehicles and 480 parties that wait, half of whom
// share, and an offer to one more. A passenger's stop waits for no more than one of these.
func BenchmarkManyWaitForManyVehicles(b *testing.B) {
	w := &world{t: b, now: morning, kept: map[RideID]string{}, fails: map[string]bool{}}
	w.core = NewCore(Settings{Area: testArea(b), Random: w.random})
	step := func(e Event) error { _, err := w.core.Step(w.now, e); return err }
	_ = step(Weather("clear"))
	for i := range 1000 {
		v := &toy{
			id: thing.ID(fmt.Sprint("urn:v:car-", i)), at: geom.Pose{Vec: geom.Vec{X: float64(i)}}, state: Standing, doors: "locked",
			battery: 90, limit: 30, seats: 6,
		}
		_ = step(Came{vehicleThing(v.id)})
		_ = step(v.says())
	}
	var worst, most time.Duration
	for b.Loop() {
		b.StopTimer()
		w.core.open, w.core.rides = nil, map[RideID]*Ride{}
		for _, v := range w.core.vehicles {
			v.plan, v.busy = nil, 0
		}
		for i := range 480 {
			ask := &AskOffer{From: place(float64(2*i), 0), To: place(float64(2*i+45), 0), Party: 1 + i%3, Share: i%2 == 0}
			if step(ask) != nil {
				continue
			}
			o := ask.Offer
			r := &Ride{
				ID: RideID(w.random()), State: Waiting, From: o.From, To: o.To, Party: o.Party, Share: o.Share, Booked: w.now, Changed: w.now,
				Latest: w.now.Add(time.Hour), Longest: o.Longest,
			}
			w.core.rides[r.ID], w.core.open = r, append(w.core.open, r.ID)
			clear(w.core.offers)
		}
		b.StartTimer()
		for range 10 {
			w.now = w.now.Add(time.Second)
			begin := time.Now()
			_ = step(Tick{})
			worst = max(worst, time.Since(begin))
		}
		begin := time.Now()
		_ = step(&AskOffer{From: at("a"), To: at("b"), Party: 1, Share: true})
		most = max(most, time.Since(begin))
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst-step")
	b.ReportMetric(float64(most.Microseconds())/1000, "ms/worst-offer")
}
