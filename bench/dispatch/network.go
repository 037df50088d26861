package main

import (
	"container/heap"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"hutong/road/dispatch"
)

// network is a street network with fixed travel times. Ways to a place are looked up in a table made when the place is
// first asked for.
type network struct {
	in, out [][]edge    // of each node
	seconds [][]float64 // to a place, from every node; nil before it is asked for
	metres  [][]float64
}

type edge struct {
	other           int32
	metres, seconds float64
}

// readNetwork reads FleetPy's edges.csv.
func readNetwork(path string) (*network, error) {
	n := &network{}
	err := eachRow(path, []string{"from_node", "to_node", "distance", "travel_time"}, func(f []float64) {
		from, to := int(f[0]), int(f[1])
		for len(n.in) <= max(from, to) {
			n.in, n.out = append(n.in, nil), append(n.out, nil)
		}
		n.in[to] = append(n.in[to], edge{int32(from), f[2], f[3]})
		n.out[from] = append(n.out[from], edge{int32(to), f[2], f[3]})
	})
	n.seconds, n.metres = make([][]float64, len(n.in)), make([][]float64, len(n.in))
	return n, err
}

// eachRow gives the named columns of a CSV file, row by row.
func eachRow(path string, columns []string, row func([]float64)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	at := make([]int, len(columns))
	for i, want := range columns {
		at[i] = -1
		for k, name := range head {
			if name == want {
				at[i] = k
			}
		}
		if at[i] < 0 {
			return fmt.Errorf("%s has no column %q", path, want)
		}
	}
	values := make([]float64, len(columns))
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, k := range at {
			if values[i], err = strconv.ParseFloat(cells[k], 64); err != nil {
				return fmt.Errorf("%s: %s: %w", path, columns[i], err)
			}
		}
		row(values)
	}
}

// Way is dispatch.Ways.
func (n *network) Way(from, to dispatch.Place) (float64, float64) {
	if n.seconds[to] == nil {
		n.look(to)
	}
	return n.seconds[to][from], n.metres[to][from]
}

// look fills in the table of ways to a place, by Dijkstra's method backwards.
func (n *network) look(to dispatch.Place) {
	seconds, metres := make([]float64, len(n.in)), make([]float64, len(n.in))
	for i := range seconds {
		seconds[i], metres[i] = math.Inf(1), math.Inf(1)
	}
	seconds[to], metres[to] = 0, 0
	q := reached{{int32(to), 0}}
	for len(q) > 0 {
		x := heap.Pop(&q).(reach)
		if x.at > seconds[x.node] {
			continue
		}
		for _, e := range n.in[x.node] {
			if at := x.at + e.seconds; at < seconds[e.other] {
				seconds[e.other], metres[e.other] = at, metres[x.node]+e.metres
				heap.Push(&q, reach{e.other, at})
			}
		}
	}
	n.seconds[to], n.metres[to] = seconds, metres
}

// next gives the edge to take from a node towards a place.
func (n *network) next(from, to dispatch.Place) edge {
	n.Way(from, to)
	seconds := n.seconds[to]
	best, least := edge{other: -1}, math.Inf(1)
	for _, e := range n.out[from] {
		if at := e.seconds + seconds[e.other]; at < least {
			best, least = e, at
		}
	}
	return best
}

type reach struct {
	node int32
	at   float64
}

type reached []reach

func (q reached) Len() int           { return len(q) }
func (q reached) Less(i, j int) bool { return q[i].at < q[j].at }
func (q reached) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *reached) Push(x any)        { *q = append(*q, x.(reach)) }
func (q *reached) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
