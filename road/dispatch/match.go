package dispatch

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Result is what Match decided.
type Result struct {
	Plans [][]Stop // of each vehicle, in the order given
	// Without are the IDs of the requests that no vehicle can serve as it is asked; they may be asked again later.
	Without []int
	Cost    float64 // of all plans, by the rules; of those without nothing
}

type matcher struct {
	ways  Ways
	rules Rules
	tours []tour
	open  []*Request // not aboard
	loose []*Request // of these, that may change their vehicle
	by    map[int]*Request
	owner map[int]int // request -> index of its tour
	near  map[int][]int
	rand  *rand.Rand
}

// Match gives every vehicle a plan: whom to let in and out, in which order. open are all requests whose people still
// wait, those already promised a vehicle included: they may get another one, and are left without one only if they were
// without before or none can serve them in time. Who is aboard stays aboard. The same arguments give the same result.
func Match(vehicles []Vehicle, open []Request, ways Ways, rules Rules) Result {
	if rules.Nearest <= 0 {
		rules.Nearest = 12
	}
	m := &matcher{
		ways: ways, rules: rules, by: make(map[int]*Request, len(open)), owner: make(map[int]int, len(open)),
		near: make(map[int][]int, len(open)),
		rand: rand.New(rand.NewPCG(rules.Seed, uint64(len(open)))),
	}
	for i := range open {
		m.open = append(m.open, &open[i])
		m.by[open[i].ID] = &open[i]
	}
	m.resume(vehicles)
	m.rounds()
	m.search()
	return m.result()
}

// resume takes up what the vehicles meant to do, as far as it still can be.
func (m *matcher) resume(vehicles []Vehicle) {
	m.tours = make([]tour, len(vehicles))
	for i := range vehicles {
		v := &vehicles[i]
		t := &m.tours[i]
		t.v = v
		mine := make(map[int]*Request, len(v.Aboard))
		for k := range v.Aboard {
			mine[v.Aboard[k].ID] = &v.Aboard[k].Request
		}
		out := make(map[int]bool)
		for _, s := range v.Plan {
			r, aboard := mine[s.Request], true
			if r == nil {
				if r, aboard = m.by[s.Request], false; r == nil {
					continue
				}
			}
			if aboard && (!s.Out || out[s.Request]) {
				continue
			}
			out[s.Request] = s.Out
			t.stops = append(t.stops, stop{r, s.Out})
		}
		for k := range v.Aboard { // nobody aboard is forgotten, whatever the plan says
			if r := &v.Aboard[k].Request; !out[r.ID] {
				t.stops = append(t.stops, stop{r, true})
			}
		}
		m.settle(i)
	}
}

// settle prices a resumed tour; if it can no longer be, whoever is not aboard is free for another vehicle.
func (m *matcher) settle(i int) {
	t := &m.tours[i]
	whole := make(map[int]int)
	for _, s := range t.stops {
		whole[s.r.ID]++
	}
	t.stops = slices.DeleteFunc(t.stops, func(s stop) bool {
		_, twice := m.owner[s.r.ID]
		return !m.aboard(t.v, s.r.ID) && (whole[s.r.ID] != 2 || twice || t.v.Held)
	})
	var ok bool
	if t.cost, ok = m.judge(t.v, t.stops, nil); !ok {
		t.stops = slices.DeleteFunc(t.stops, func(s stop) bool { return !m.aboard(t.v, s.r.ID) })
		t.cost, _ = m.judge(t.v, t.stops, nil)
	}
	for _, s := range t.stops {
		if !m.aboard(t.v, s.r.ID) {
			m.owner[s.r.ID] = i
		}
	}
}

// offer is the insertion of one request into one tour.
type offer struct {
	more    float64
	in, out int
}

// rounds gives those without a vehicle one: in each round every tour takes at most one more, by a minimum cost
// assignment of all offers, until nobody can be taken any more.
func (m *matcher) rounds() {
	var left []*Request
	for _, r := range m.open {
		if _, has := m.owner[r.ID]; !has {
			left = append(left, r)
		}
	}
	for len(left) > 0 {
		var arcs []Arc
		offers := make(map[[2]int32]offer)
		for row, r := range left {
			for _, col := range m.nearest(r) {
				if more, in, out := m.insert(&m.tours[col], r); !math.IsInf(more, 1) {
					arcs = append(arcs, Arc{int32(row), int32(col), more})
					offers[[2]int32{int32(row), int32(col)}] = offer{more, in, out}
				}
			}
		}
		taken := 0
		var still []*Request
		for row, col := range Assign(len(left), len(m.tours), arcs) {
			r := left[row]
			if col < 0 {
				still = append(still, r)
				continue
			}
			o := offers[[2]int32{int32(row), col}]
			m.tours[col].take(r, o.more, o.in, o.out)
			m.owner[r.ID] = int(col)
			taken++
		}
		if left = still; taken == 0 {
			return
		}
	}
}

// nearest gives the tours that could be at the request's place first, by where they are and by how much they have to do
// there. It looks once for each request: what others are given meanwhile doesn't change it.
func (m *matcher) nearest(r *Request) []int {
	if few, has := m.near[r.ID]; has {
		return few
	}
	few := make([]int, 0, m.rules.Nearest)
	at := make([]float64, 0, m.rules.Nearest)
	for i := range m.tours {
		t := &m.tours[i]
		if t.v.Held {
			continue
		}
		seconds, _ := m.ways.Way(t.v.At, r.From)
		when := t.v.Ready + seconds
		if when > r.Latest {
			continue
		}
		when += m.rules.Boarding * float64(len(t.v.Plan)+len(t.v.Aboard)) / 2
		k := len(at)
		for k > 0 && at[k-1] > when {
			k--
		}
		switch {
		case k == m.rules.Nearest:
			continue
		case len(at) == m.rules.Nearest:
			few, at = few[:len(few)-1], at[:len(at)-1]
		}
		few, at = slices.Insert(few, k, i), slices.Insert(at, k, when)
	}
	m.near[r.ID] = few
	return few
}

func (m *matcher) result() Result {
	r := Result{Plans: make([][]Stop, len(m.tours))}
	var at [2 * maxAboard]float64
	for i := range m.tours {
		t := &m.tours[i]
		m.judge(t.v, t.stops, at[:])
		for k, s := range t.stops {
			r.Plans[i] = append(r.Plans[i], Stop{s.r.ID, s.out, at[k]})
		}
		r.Cost += t.cost
	}
	for _, q := range m.open {
		if _, has := m.owner[q.ID]; !has {
			r.Without = append(r.Without, q.ID)
		}
	}
	return r
}
