package main

import (
	"math/rand/v2"
)

// generator makes what sensors say, the same whenever it is asked.
type generator struct {
	dice   *rand.Rand
	values []float64
	first  int // number of its first series
	jitter int64
	count  int
}

func newGenerator(series int, jitter int64) *generator {
	g := &generator{dice: rand.New(rand.NewPCG(1, 2)), values: make([]float64, series), jitter: jitter}
	for i := range g.values {
		switch i % 10 {
		case 0, 1, 2, 3:
			g.values[i] = 200 // tenths of a degree
		case 7, 8:
			g.values[i] = float64(g.dice.IntN(1_000_000))
		}
	}
	return g
}

// value is what a series says at a minute.
func (g *generator) next(i int) float64 {
	switch v := &g.values[i]; i % 10 {
	case 0, 1, 2, 3:
		*v += float64(g.dice.IntN(3) - 1)
		return *v / 10
	case 4, 5, 6:
		if g.dice.IntN(60) == 0 {
			*v = 1 - *v
		}
		return *v
	case 7, 8:
		*v += float64(g.dice.IntN(20))
		return *v / 1000
	default:
		if g.dice.IntN(200) == 0 {
			*v = float64(g.dice.IntN(5))
		}
		return *v
	}
}

// fill gives all stores the same, minute by minute.
func (g *generator) fill(stores []store, days int) error {
	row := make([]float64, len(g.values))
	for m := range int64(days) * 1440 {
		at := start + m*minute
		if g.jitter > 0 {
			at += g.dice.Int64N(2*g.jitter) - g.jitter
		}
		for i := range row {
			row[i] = g.next(i)
		}
		for _, x := range stores {
			if err := x.add(at, g.first, row); err != nil {
				return err
			}
		}
		g.count += len(row)
	}
	return nil
}

// lttb thins a line as ours does (Steinarsson 2013), for those who cannot.
func lttb(list []point, most int) []point {
	if len(list) <= most {
		return list
	}
	out := make([]point, 0, most)
	out = append(out, list[0])
	stretch := float64(len(list)-2) / float64(most-2)
	edge := func(k int) int { return min(1+int(float64(k)*stretch), len(list)-1) }
	at := 0
	for k := range most - 2 {
		from, to, next := edge(k), edge(k+1), edge(k+2)
		if k == most-3 {
			to, next = len(list)-1, len(list)
		}
		var mx, my float64
		for i := to; i < next; i++ {
			mx += float64(list[i].t - list[0].t)
			my += list[i].v
		}
		n := float64(next - to)
		mx, my = mx/n, my/n
		x, y := float64(list[at].t-list[0].t), list[at].v
		best, area := from, -1.0
		for i := from; i < to; i++ {
			a := (x-mx)*(list[i].v-y) - (x-float64(list[i].t-list[0].t))*(my-y)
			if a < 0 {
				a = -a
			}
			if a > area {
				best, area = i, a
			}
		}
		out = append(out, list[best])
		at = best
	}
	return append(out, list[len(list)-1])
}
