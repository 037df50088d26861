package lane

import (
	"math"
	"slices"

	"hutong/drive/geom"
)

// A car's rear axle turns about a circle of turning metres. Where a lane bends more sharply than that its way lies inside the
// bend, and outside before and after it: by room metres at most, in lanes of the usual width.
const (
	turning = 3.9
	room    = 1.4
	back    = 2.6 // rad: who turns so far turns back, and swings out to do so
)

// tooTight gives where on the lane its middle bends more sharply than a car can follow, m from its start, -1 where it
// doesn't. Of a way through a junction that sources draw in several pieces each is that where the whole way is, with how it
// leaves the lane before and meets the one after: where a road ends, sources draw ways that turn back on the spot.
func (m *Map) tooTight(l *Lane) float64 {
	var b bends
	if l.Kind != Junction {
		b.add(l.Centre)
		return b.tooTight()
	}
	pieces := []*Lane{l}
	for n := 0; n < mostPieces && len(pieces[0].Prev) > 0; n++ {
		before := &m.Lanes[pieces[0].Prev[0]]
		if before.Kind != Junction {
			b.kink(before.Centre.At(before.Centre.Length()).Heading)
			break
		}
		pieces = slices.Insert(pieces, 0, before)
	}
	for _, x := range pieces {
		b.add(x.Centre)
	}
	for n := 0; n < mostPieces && len(l.Next) > 0; n++ {
		if l = &m.Lanes[l.Next[0]]; l.Kind != Junction {
			b.kink(l.Centre.At(0).Heading)
			break
		}
		b.add(l.Centre)
	}
	return min(b.tooTight(), 0)
}

// mostPieces is how many pieces of a way through a junction there are at most before one, and after it.
const mostPieces = 4

// bends is a line as its kinks: how far along it each is, and by how much it turns there.
type bends struct {
	at, turn []float64
	long     float64
	heading  float64
	begun    bool
}

// add goes on along a path.
func (b *bends) add(c geom.Path) {
	points := c.Points()
	for i := range len(points) - 1 {
		b.kink(points[i+1].Minus(points[i]).Angle())
		b.long += points[i].To(points[i+1])
	}
}

// kink turns into a direction. Kinks nearer than this to each other are one: where sources join pieces, a line goes a little
// back or aside, and no car does.
func (b *bends) kink(heading float64) {
	const near = 0.5 // m
	turn, last := heading-b.heading, len(b.at)-1
	switch {
	case last >= 0 && b.long-b.at[last] < near:
		b.turn[last] = geom.Wrap(b.turn[last] + turn)
	case b.begun:
		b.at, b.turn = append(b.at, b.long), append(b.turn, geom.Wrap(turn))
	}
	b.heading, b.begun = heading, true
}

// tooTight gives where the bend ends whose inside a car cuts by the most, m; -1 where there is room for all.
func (b *bends) tooTight() float64 {
	where, most := -1.0, room
	for i := range b.at {
		turn := 0.0
		for k := i; k < len(b.at) && b.at[k]-b.at[i] < turning*math.Pi; k++ {
			turn += b.turn[k]
			angle := min(math.Abs(turn), back)
			if angle < math.Pi/4 {
				continue
			}
			if cut := (turning - b.way(i, k)/angle) * (1/math.Cos(angle/2) - 1); cut > most {
				where, most = b.at[k], cut
			}
		}
	}
	return where
}

// way gives over how many metres the line turns from its i-th kink to its k-th. Each of several stands for a bend that reaches
// to half way to the next.
func (b *bends) way(i, k int) float64 {
	long := b.at[k] - b.at[i]
	if i == k {
		return 0
	}
	half := long / float64(k-i) / 2
	before, after := half, half
	if i > 0 {
		before = min(half, (b.at[i]-b.at[i-1])/2)
	}
	if k+1 < len(b.at) {
		after = min(half, (b.at[k+1]-b.at[k])/2)
	}
	return long + before + after
}
