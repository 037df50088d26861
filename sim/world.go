package sim

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// world is what all devices share: the clock, the weather and the people. One goroutine owns it.
type world struct {
	seed    uint64
	now     time.Time
	tick    int
	outdoor float64 // degrees Celsius
	sun     float64 // 0 at night, 1 at noon
	wind    float64 // m/s
	wet     float64 // relative humidity, percent
	cars    float64 // traffic, 0 to 1
	rng     *rand.Rand
}

func newWorld(seed uint64, now time.Time) *world {
	w := &world{seed: seed, now: now, rng: dice(seed, "world")}
	w.weather()
	return w
}

// dice is a source of chance that depends on the seed and a name only, so that adding a device changes no other.
func dice(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// step moves the world on by one second.
func (w *world) step(now time.Time) {
	w.now = now
	w.tick++
	w.weather()
}

// hour is the time of day, 0 to 24.
func (w *world) hour() float64 {
	return float64(w.now.Hour()) + float64(w.now.Minute())/60 + float64(w.now.Second())/3600
}

func (w *world) weather() {
	h := w.hour()
	slow := float64(w.tick)
	w.sun = math.Max(0, math.Sin((h-6)/12*math.Pi))
	w.outdoor = 14 + 7*math.Sin((h-9)/24*2*math.Pi) + 0.8*math.Sin(slow/210)
	w.wind = 3 + 2*math.Sin(slow/97) + math.Sin(slow/23)
	w.wet = 58 - 18*w.sun + 4*math.Sin(slow/150)
	w.cars = 0.25 + 0.5*math.Exp(-sq(h-8.5)/3) + 0.5*math.Exp(-sq(h-18)/4)
}

// busy is how full a working place is, 0 to 1.
func (w *world) busy() float64 {
	h := w.hour()
	return math.Max(0.05, math.Exp(-sq(h-11)/5)+0.9*math.Exp(-sq(h-15.5)/5)) * 0.9
}

func sq(x float64) float64 { return x * x }

// toward moves x a part of the way to goal.
func toward(x, goal, part float64) float64 { return x + (goal-x)*part }
