// Command planner measures what one decision of the vehicle's agent costs: every proposal made, simulated, scored, and
// the best judged by the shield, among thirty others on a busy street of three lanes and one oncoming. Where both lanes
// beside its own have a gap, the agent has sixty proposals; the cycles in which it has are told by themselves too.
//
//	go run ./bench/planner
//
// Times are of the processor that the agent ran on, as the kernel counts them for its thread where it does (Linux), so
// that what else the machine does is left out; the times by the clock on the wall stand beside them.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"hutong/drive"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

func main() {
	cycles := flag.Int("cycles", 2000, "decisions of one agent to measure")
	others := flag.Int("others", 30, "road users around it")
	agents := flag.Int("agents", 20, "agents in one process, for the second table")
	flag.Parse()
	runtime.LockOSThread()
	if err := run(*cycles, *others, *agents); err != nil {
		fmt.Fprintln(os.Stderr, "planner:", err)
		os.Exit(1)
	}
}

func run(cycles, others, agents int) error {
	m, err := street()
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d CPUs, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	one := newDriver(m, others, 0)
	one.measure(100) // warm
	one.sum, one.n = 0, 0
	var cpu, wall, fullCPU, fullWall []time.Duration
	for range cycles {
		c, w := one.measure(1)
		cpu, wall = append(cpu, c...), append(wall, w...)
		if len(one.d.Candidates) >= full {
			fullCPU, fullWall = append(fullCPU, c...), append(fullWall, w...)
		}
	}
	fmt.Printf("one agent, %d others, %.0f proposals a cycle on average (%d at most), %d cycles\n", others, one.mean(), one.most, cycles)
	fmt.Println("         p50      p99      max  ms")
	print("cpu", cpu)
	print("wall", wall)
	if len(fullCPU) > 0 {
		fmt.Printf("of these the %d cycles with %d proposals or more\n", len(fullCPU), full)
		print("cpu", fullCPU)
		print("wall", fullWall)
		verdict("p99 <= 20 ms, max <= 50 ms by processor time", fullCPU)
		verdict("and by the clock on the wall", fullWall)
	}

	drivers := make([]*driver, agents)
	for i := range drivers {
		drivers[i] = newDriver(m, others, i)
		drivers[i].measure(20)
	}
	rounds := max(cycles/agents, 20)
	sumCPU, sumWall := make([]time.Duration, rounds), make([]time.Duration, rounds)
	for i := range rounds {
		for _, d := range drivers {
			c, w := d.measure(1)
			sumCPU[i] += c[0]
			sumWall[i] += w[0]
		}
	}
	fmt.Printf("%d agents one after the other on one core, a cycle of all (real time: below 100 ms), %d cycles\n", agents, rounds)
	print("cpu", sumCPU)
	print("wall", sumWall)
	return nil
}

// full is how many proposals a plan has where there is room for all.
const full = 60

// verdict says whether times, sorted, keep the bar.
func verdict(what string, sorted []time.Duration) {
	word := "missed"
	if p99 := sorted[int(0.99*float64(len(sorted)-1))]; p99 <= 20*time.Millisecond && sorted[len(sorted)-1] <= 50*time.Millisecond {
		word = "met"
	}
	fmt.Printf("%s: %s\n", what, word)
}

func print(name string, times []time.Duration) {
	slices.Sort(times)
	at := func(share float64) float64 { return times[int(share*float64(len(times)-1))].Seconds() * 1000 }
	fmt.Printf("%-5s %7.2f  %7.2f  %7.2f\n", name, at(0.5), at(0.99), at(1))
}

const (
	long  = 2000.0
	width = 3.5
	lanes = 3
)

// street is three lanes in one direction and one in the other, two kilometres long.
func street() (*lane.Map, error) {
	all := make([]lane.Lane, lanes+1)
	for i := range all {
		y := width * float64(i)
		line := []geom.Vec{{Y: y}, {X: long, Y: y}}
		if i == lanes {
			line[0], line[1] = line[1], line[0]
		}
		path, err := geom.NewPath(line)
		if err != nil {
			return nil, err
		}
		half := []float64{width / 2, width / 2}
		all[i] = lane.Lane{
			Name: fmt.Sprint(i), Centre: path, ToLeft: half, ToRight: half, Limit: 13.9, Users: lane.Cars,
			LeftOf: lane.ID(i + 1), RightOf: lane.ID(i - 1), MayLeft: i+1 < lanes, MayRight: i > 0, Opposite: lane.None, Signal: -1,
		}
		switch i {
		case lanes - 1:
			all[i].LeftOf, all[i].Opposite = lane.None, lane.ID(lanes)
		case lanes:
			all[i].LeftOf, all[i].RightOf, all[i].MayLeft, all[i].MayRight = lane.None, lane.None, false, false
			all[i].Opposite = lane.ID(lanes - 1)
		}
	}
	return lane.NewMap(all, nil)
}

// driver is an agent and what it sees.
type driver struct {
	agent  *drive.Agent
	spec   vehicle.Spec
	view   scene.View
	orders drive.Orders
	d      drive.Decision
	sum, n int
	most   int
}

func newDriver(m *lane.Map, others, seed int) *driver {
	d := &driver{spec: vehicle.Shuttle}
	d.agent = drive.New(m, &d.spec, drive.Options{})
	d.orders.Goal = m.NewField(lane.Spot{Lane: 1, S: long - 20}, lane.Cars)
	d.view.Range = 120
	for i := range d.view.Free {
		d.view.Free[i] = 120
	}
	for i := range others { // in all lanes, before and behind, oncoming, and on foot beside the road
		n := float64(i / 6)
		a := scene.Actor{
			ID: uint32(i + 1), Speed: 7 + float64((i*7+seed)%5),
			Box: geom.Box{Pose: geom.Pose{Vec: geom.Vec{X: n*44 - 60, Y: width * float64(i%6)}}, Length: 4.6, Width: 1.8},
		}
		switch i % 6 {
		case 3, 4: // oncoming
			a.Box.Vec = geom.Vec{X: n*44 - 60 + 22*float64(i%2), Y: width * lanes}
			a.Box.Heading = math.Pi
		case 5:
			a.Kind, a.Speed, a.Box.Y, a.Box.Length, a.Box.Width = scene.Pedestrian, 1.3, -4, 0.5, 0.5
		}
		d.view.Actors = append(d.view.Actors, a)
	}
	d.view.Ego = vehicle.State{Pose: geom.Pose{Vec: geom.Vec{X: 11, Y: width}}, Speed: 8}
	return d
}

// measure lets n cycles pass and gives what each decision took.
func (d *driver) measure(n int) (cpu, wall []time.Duration) {
	for range n {
		before, begun := threadTime(), time.Now()
		d.agent.Step(&d.view, &d.orders, &d.d)
		wall = append(wall, time.Since(begun))
		cpu = append(cpu, threadTime()-before)
		d.sum, d.n, d.most = d.sum+len(d.d.Candidates), d.n+1, max(d.most, len(d.d.Candidates))
		d.move()
	}
	return cpu, wall
}

func (d *driver) mean() float64 { return float64(d.sum) / float64(d.n) }

// move lets a cycle pass. Who falls behind or gets away comes in again on the other side, and all start over before the
// street ends.
func (d *driver) move() {
	v := &d.view
	for range 5 {
		v.Ego = d.spec.Step(v.Ego, d.d.Control, drive.Cycle/5)
	}
	v.Time += drive.Cycle
	back := 0.0
	if v.Ego.X > long-300 {
		back = long - 400
	}
	v.Ego.X -= back
	for i := range v.Actors {
		a := &v.Actors[i]
		a.Box.X += a.Velocity().X*drive.Cycle - back
		switch off := a.Box.X - v.Ego.X; {
		case off > 150:
			a.Box.X -= 220
		case off < -90:
			a.Box.X += 220
		}
	}
}
