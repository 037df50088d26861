package dispatch

import (
	"container/heap"
	"math"
)

// Arc says that a row may be given a column, and what that costs.
type Arc struct {
	Row, Col int32
	Cost     float64 // finite
}

// Assign gives each row at most one column and each column at most one row, so that first as many rows as can be have
// one, and then the costs are least in sum. It gives the column of each row, -1 for none. Arcs may come in any order;
// of two for the same pair the cheaper counts.
//
// It is the successive shortest path method with potentials, for sparse choices: rows·arcs·log(arcs) at worst.
func Assign(rows, cols int, arcs []Arc) []int32 {
	a := newAssignment(rows, cols, arcs)
	for r := range rows {
		a.augment(int32(r))
	}
	for r, c := range a.colOf {
		if int(c) >= cols {
			a.colOf[r] = -1
		}
	}
	return a.colOf
}

// assignment has one more column for each row, at a cost above all others: to stay without.
type assignment struct {
	rows         int
	first        []int32 // of each row's arcs in next
	next         []Arc
	colOf, rowOf []int32
	potential    []float64 // of columns
	dist         []float64
	from         []int32 // the row a column was reached from
	seen         []bool
	touched      []int32
	without      float64
}

func newAssignment(rows, cols int, arcs []Arc) *assignment {
	a := &assignment{rows: rows, first: make([]int32, rows+1), next: make([]Arc, len(arcs))}
	low, high := 0.0, 0.0
	for _, x := range arcs {
		a.first[x.Row+1]++
		low, high = min(low, x.Cost), max(high, x.Cost)
	}
	for r := range rows {
		a.first[r+1] += a.first[r]
	}
	at := append([]int32(nil), a.first...)
	for _, x := range arcs {
		x.Cost -= low // shortest paths need costs that are not negative; each row pays the same shift
		a.next[at[x.Row]] = x
		at[x.Row]++
	}
	a.without = (high - low + 1) * float64(rows+1)
	all := cols + rows
	a.colOf, a.rowOf = fill(rows, -1), fill(all, -1)
	a.potential, a.dist = make([]float64, all), make([]float64, all)
	a.from, a.seen = make([]int32, all), make([]bool, all)
	for c := range a.dist {
		a.dist[c] = math.Inf(1)
	}
	return a
}

func fill(n int, x int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = x
	}
	return s
}

// augment finds the cheapest way to give one more row a column, moving others on where that is cheaper.
func (a *assignment) augment(row int32) {
	var q columns
	alone := int32(len(a.rowOf) - a.rows)
	reach := func(r, c int32, cost float64) {
		if !a.seen[c] && cost < a.dist[c] {
			if math.IsInf(a.dist[c], 1) {
				a.touched = append(a.touched, c)
			}
			a.dist[c], a.from[c] = cost, r
			heap.Push(&q, column{c, cost})
		}
	}
	relax := func(r int32, base, own float64) {
		for _, x := range a.next[a.first[r]:a.first[r+1]] {
			reach(r, x.Col, base+x.Cost-a.potential[x.Col]-own)
		}
		reach(r, alone+r, base+a.without-a.potential[alone+r]-own)
	}
	relax(row, 0, 0)
	for {
		best := heap.Pop(&q).(column) // never empty: a row can always stay without
		c := best.col
		if a.seen[c] {
			continue
		}
		a.seen[c] = true
		r := a.rowOf[c]
		if r < 0 {
			a.turn(row, c, best.dist)
			return
		}
		own := a.cost(r, c) - a.potential[c]
		relax(r, best.dist, own)
	}
}

// cost gives what row r pays for its column c.
func (a *assignment) cost(r, c int32) float64 {
	if int(c) >= len(a.rowOf)-a.rows {
		return a.without
	}
	least := math.Inf(1)
	for _, x := range a.next[a.first[r]:a.first[r+1]] {
		if x.Col == c {
			least = min(least, x.Cost)
		}
	}
	return least
}

// turn gives every row on the path to the free column the column it was reached by, and brings the potentials up to it.
func (a *assignment) turn(row, free int32, dist float64) {
	for _, c := range a.touched {
		if a.seen[c] {
			a.potential[c] += a.dist[c] - dist
		}
	}
	for c := free; ; {
		r := a.from[c]
		old := a.colOf[r]
		a.colOf[r], a.rowOf[c] = c, r
		if r == row {
			break
		}
		c = old
	}
	for _, c := range a.touched {
		a.dist[c], a.seen[c] = math.Inf(1), false
	}
	a.touched = a.touched[:0]
}

type column struct {
	col  int32
	dist float64
}

type columns []column

func (q columns) Len() int           { return len(q) }
func (q columns) Less(i, j int) bool { return q[i].dist < q[j].dist }
func (q columns) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *columns) Push(x any)        { *q = append(*q, x.(column)) }
func (q *columns) Pop() any {
	old := *q
	c := old[len(old)-1]
	*q = old[:len(old)-1]
	return c
}
