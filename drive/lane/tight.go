package lane

import (
	"math"

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
	first := l
	for n := 0; n < mostPieces && len(first.Prev) > 0; n++ {
		p := &m.Lanes[first.Prev[0]]
		if p.Kind != Junction {
			b.add(p.Centre)
			b.forget()
			break
		}
		first = p
	}
	for n, at := 0, first; n < mostPieces; n++ {
		b.add(at.Centre)
		if len(at.Next) == 0 {
			break
		}
		if at = &m.Lanes[at.Next[0]]; at.Kind != Junction {
			b.meet(at.Centre)
			break
		}
	}
	return min(b.tooTight(), 0)
}

// mostPieces is of how many pieces a way through a junction is made at most.
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

// meet turns into the direction in which a path begins.
func (b *bends) meet(c geom.Path) { b.kink(c.At(0).Heading) }

// forget keeps nothing of the line so far but its direction.
func (b *bends) forget() { b.at, b.turn, b.long = b.at[:0], b.turn[:0], 0 }

func (b *bends) kink(heading float64) {
	if b.begun {
		b.at, b.turn = append(b.at, b.long), append(b.turn, geom.Wrap(heading-b.heading))
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
