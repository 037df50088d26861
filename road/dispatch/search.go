package dispatch

import (
	"math"
	"slices"
)

// search takes some requests out of their tours, near ones together, and puts them back where they cost least, as often
// as the rules say; what is not better is undone.
func (m *matcher) search() {
	for _, r := range m.open {
		if _, has := m.owner[r.ID]; !has || !r.Fixed {
			m.loose = append(m.loose, r)
		}
	}
	if len(m.loose) == 0 || len(m.tours) == 0 {
		return
	}
	for range m.rules.Effort {
		m.attempt()
	}
}

// undo is a tour as it was.
type undo struct {
	index int
	stops []stop
	cost  float64
}

func (m *matcher) attempt() {
	out := m.related(1 + m.rand.IntN(4))
	if len(out) == 0 {
		return
	}
	var before []undo
	keep := func(i int) {
		if !slices.ContainsFunc(before, func(u undo) bool { return u.index == i }) {
			before = append(before, undo{i, slices.Clone(m.tours[i].stops), m.tours[i].cost})
		}
	}
	owners := make([]int, len(out))
	served := 0
	for i, r := range out {
		owners[i] = -1
		if o, has := m.owner[r.ID]; has {
			owners[i] = o
			served++
			keep(o)
			m.drop(&m.tours[o], r.ID)
			delete(m.owner, r.ID)
		}
	}
	again := m.repair(slices.Clone(out), keep)
	change := 0.0
	for _, u := range before {
		change += m.tours[u.index].cost - u.cost
	}
	if again > served || again == served && change < -1e-9 {
		return
	}
	for _, u := range before {
		m.tours[u.index].stops, m.tours[u.index].cost = u.stops, u.cost
	}
	for i, r := range out {
		delete(m.owner, r.ID)
		if owners[i] >= 0 {
			m.owner[r.ID] = owners[i]
		}
	}
}

// related gives up to n requests that may move, and that begin near each other or at the same time, one drawn first.
func (m *matcher) related(n int) []*Request {
	first := m.loose[m.rand.IntN(len(m.loose))]
	type other struct {
		r   *Request
		far float64
	}
	near := make([]other, 0, len(m.loose))
	for _, r := range m.loose {
		seconds, _ := m.ways.Way(first.From, r.From)
		near = append(near, other{r, seconds + 0.5*math.Abs(r.Asked-first.Asked) + 60*m.rand.Float64()})
	}
	slices.SortStableFunc(near, func(a, b other) int {
		switch {
		case a.r == first:
			return -1
		case b.r == first:
			return 1
		case a.far < b.far:
			return -1
		case a.far > b.far:
			return 1
		}
		return 0
	})
	out := make([]*Request, 0, n)
	for _, o := range near[:min(n, len(near))] {
		out = append(out, o.r)
	}
	return out
}

// repair puts requests back, first the one that would regret most to wait, and gives how many found a place.
func (m *matcher) repair(out []*Request, keep func(tour int)) (placed int) {
	for len(out) > 0 {
		pick, tour, regret := -1, -1, math.Inf(-1)
		var best offer
		for i, r := range out {
			first, second, at := offer{more: math.Inf(1)}, math.Inf(1), -1
			for _, k := range m.nearest(r) {
				more, in, to := m.insert(&m.tours[k], r)
				switch {
				case more < first.more:
					first, second, at = offer{more, in, to}, first.more, k
				case more < second:
					second = more
				}
			}
			if at < 0 {
				continue
			}
			if math.IsInf(second, 1) {
				second = first.more + 1e6 // its only chance
			}
			if gain := second - first.more + 1e-3*m.rand.Float64(); gain > regret {
				pick, tour, regret, best = i, at, gain, first
			}
		}
		if pick < 0 {
			return placed
		}
		keep(tour)
		m.tours[tour].take(out[pick], best.more, best.in, best.out)
		m.owner[out[pick].ID] = tour
		placed++
		out = slices.Delete(out, pick, pick+1)
	}
	return placed
}
