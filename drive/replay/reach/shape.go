package reach

import (
	"math"
)

// shaper makes a way that the vehicle can drive out of one that is only nearly so, and a comfortable one: it lowers the
// sum of the benchmark's cost and of what standing where one must not costs, by Gauss-Newton steps on the inputs of the
// whole way at once (iterative LQR with bounded inputs: Tassa, Mansard, Todorov 2014).
type shaper struct {
	bicycle
	task task

	x, tried  []state
	u, change []input
	gain      [][2][5]float64
	slopes    []matrix
	bowls     []bowl
	ease      float64 // what is added to the inputs' curvature so that the step isn't too bold
}

// task says what a way costs.
type task interface {
	// stage gives what step k costs, without its input's own cost, and adds its slope and curvature to the bowl unless
	// that is nil. The last one is that at the way's end.
	stage(k int, x *state, u input, last bool, b *bowl) float64
}

// bowl is a quadratic function of a change of a state and, in the last two places, of an input.
type bowl struct {
	slope [7]float64
	curve [7][7]float64
}

// add adds weight·r², where r has a value and a slope.
func (b *bowl) add(weight, r float64, slope *[7]float64) {
	for i, s := range slope {
		if s == 0 {
			continue
		}
		b.slope[i] += 2 * weight * r * s
		for j, t := range slope {
			b.curve[i][j] += 2 * weight * s * t
		}
	}
}

// run betters the way that begins at x[0] under the inputs u, in so many rounds at most.
func (s *shaper) run(rounds int) (cost float64) {
	n := len(s.u)
	s.tried, s.change = grown(s.tried, n+1), grown(s.change, n)
	s.gain, s.slopes, s.bowls = grown(s.gain, n), grown(s.slopes, n), grown(s.bowls, n+1)
	cost = s.drive(0)
	s.ease = 1e-3
	for range rounds {
		s.look()
		s.plan()
		before, better := cost, false
		for _, share := range [...]float64{1, 0.5, 0.25, 0.1, 0.03} {
			if c := s.drive(share); c < cost {
				cost, better = c, true
				break
			}
		}
		if !better {
			if s.ease *= 10; s.ease > 1e5 {
				break
			}
			continue
		}
		s.take()
		s.ease = max(s.ease/4, 1e-5)
		if before-cost < 1e-4*math.Abs(before) {
			break
		}
	}
	return cost
}

func grown[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// drive tries a share of the planned change; the states tried and the inputs changed so are kept apart until take.
func (s *shaper) drive(share float64) (cost float64) {
	n := len(s.u)
	s.tried[0] = s.x[0]
	for k := range n {
		x := s.tried[k]
		u := s.asked(k, share)
		cost += s.price(u) + s.task.stage(k, &x, u, false, nil)
		s.tried[k+1] = s.step(x, u)
	}
	if share == 0 {
		copy(s.x, s.tried)
	}
	return cost + s.task.stage(n, &s.tried[n], input{}, true, nil)
}

// asked gives the input at step k of the way being tried.
func (s *shaper) asked(k int, share float64) input {
	x, u := s.tried[k], s.u[k]
	low, high := s.bounds(x)
	if share > 0 {
		for i := range u {
			u[i] += share * s.change[k][i]
			for j := range x {
				u[i] += s.gain[k][i][j] * (x[j] - s.x[k][j])
			}
		}
	}
	return held(u, low, high)
}

// take makes the way tried last the way.
func (s *shaper) take() {
	for k := range s.u {
		x, y := s.tried[k], s.tried[k+1]
		s.u[k] = input{(y[atSpeed] - x[atSpeed]) / s.dt, (y[atWheels] - x[atWheels]) / s.dt}
	}
	copy(s.x, s.tried)
}

// price is what an input costs by itself: accelerations and steering rates count as the benchmark counts them, SM1.
func (s *shaper) price(u input) float64 { return s.dt * (u[0]*u[0] + u[1]*u[1]) }

// look finds slopes and curvatures along the way.
func (s *shaper) look() {
	n := len(s.u)
	for k := range n {
		s.slopes[k] = s.slope(s.x[k], s.u[k])
		b := &s.bowls[k]
		*b = bowl{}
		s.task.stage(k, &s.x[k], s.u[k], false, b)
		for i := range 2 {
			b.slope[5+i] += 2 * s.dt * s.u[k][i]
			b.curve[5+i][5+i] += 2 * s.dt
		}
	}
	s.bowls[n] = bowl{}
	s.task.stage(n, &s.x[n], input{}, true, &s.bowls[n])
}

// plan finds the change of the inputs that is best by the slopes and curvatures, from the end to the beginning.
func (s *shaper) plan() {
	n := len(s.u)
	var slope [5]float64    // of the cost from here on, by the state
	var curve [5][5]float64 // and its curvature
	copy(slope[:], s.bowls[n].slope[:5])
	for i := range 5 {
		copy(curve[i][:], s.bowls[n].curve[i][:5])
	}
	for k := n - 1; k >= 0; k-- {
		q := s.bowls[k]
		m := &s.slopes[k]
		var half [5][7]float64
		for i := range 5 {
			for j := range 7 {
				for l := range 5 {
					half[i][j] += curve[i][l] * m[l][j]
				}
			}
		}
		for i := range 7 {
			for l := range 5 {
				q.slope[i] += m[l][i] * slope[l]
				for j := range 7 {
					q.curve[i][j] += m[l][i] * half[l][j]
				}
			}
		}
		s.choose(k, &q)
		slope, curve = s.left(k, &q)
	}
}

// choose finds the best change of the input of step k within its bounds, and how it follows the state.
func (s *shaper) choose(k int, q *bowl) {
	low, high := s.bounds(s.x[k])
	for i := range 2 {
		low[i], high[i] = min(low[i]-s.u[k][i], 0), max(high[i]-s.u[k][i], 0)
	}
	g := input{q.slope[5], q.slope[6]}
	a, b, c := q.curve[5][5]+s.ease, q.curve[5][6], q.curve[6][6]+s.ease
	det := max(a*c-b*b, 1e-9)
	d := input{(b*g[1] - c*g[0]) / det, (b*g[0] - a*g[1]) / det}
	s.gain[k] = [2][5]float64{}
	if held(d, low, high) == d {
		for j := range 5 {
			x, y := q.curve[5][j], q.curve[6][j]
			s.gain[k][0][j], s.gain[k][1][j] = (b*y-c*x)/det, (b*x-a*y)/det
		}
		s.change[k] = d
		return
	}
	// The best lies on a side of the box of bounds: one input is held there, the other follows.
	diagonal := input{a, c}
	least := math.Inf(1)
	for i := range 2 {
		for _, bound := range [2]float64{low[i], high[i]} {
			var e input
			j := 1 - i
			e[i], e[j] = bound, -(g[j]+b*bound)/diagonal[j]
			free := e[j] > low[j] && e[j] < high[j]
			e = held(e, low, high)
			if f := g[0]*e[0] + g[1]*e[1] + (a*e[0]*e[0]+2*b*e[0]*e[1]+c*e[1]*e[1])/2; f < least {
				least = f
				s.change[k] = e
				s.gain[k] = [2][5]float64{}
				if free {
					for l := range 5 {
						s.gain[k][j][l] = -q.curve[5+j][l] / diagonal[j]
					}
				}
			}
		}
	}
}

// left gives the slope and the curvature, by the state at step k, of what is left to pay under the chosen change.
func (s *shaper) left(k int, q *bowl) (slope [5]float64, curve [5][5]float64) {
	d, gain := &s.change[k], &s.gain[k]
	for i := range 5 {
		slope[i] = q.slope[i]
		for a := range 2 {
			slope[i] += gain[a][i]*q.slope[5+a] + q.curve[i][5+a]*d[a]
			for b := range 2 {
				slope[i] += gain[a][i] * q.curve[5+a][5+b] * d[b]
			}
		}
		for j := range 5 {
			curve[i][j] = q.curve[i][j]
			for a := range 2 {
				curve[i][j] += gain[a][i]*q.curve[5+a][j] + q.curve[i][5+a]*gain[a][j]
				for b := range 2 {
					curve[i][j] += gain[a][i] * q.curve[5+a][5+b] * gain[b][j]
				}
			}
		}
	}
	return slope, curve
}
