package reach

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/vehicle"
)

// How the line is fitted: it is moved aside by up to fitReach, in steps of fitStep, every fitGrain metres along.
const (
	fitReach = 1.6
	fitStep  = 0.1
	fitGrain = 1.0
	fitSides = int(2*fitReach/fitStep) + 1
	fitSlope = 3 // steps aside between two places
)

// fit moves a line for the rear axle aside so that the vehicle's whole body, which cuts corners in front, keeps to the
// ground with room to spare: the cheapest of all ways through the places, by dynamic programming. It passes where the
// vehicle starts, if that isn't too far aside.
func (l *line) fit(g *ground, spec *vehicle.Spec, start geom.Vec) error {
	begin, off := l.place(start)
	n := int(l.length()/fitGrain) + 1
	cost := make([][fitSides]float64, n)
	from := make([][fitSides]int8, n)
	q := &search{spec: spec, ground: g, line: l}
	for i := 1; i < n; i++ {
		at, _ := l.pose(float64(i) * fitGrain)
		last, _ := l.pose(float64(i-1) * fitGrain)
		for k := range fitSides {
			v := at.Ahead(0, side(k))
			if i == int(begin/fitGrain+0.5) && math.Abs(off) < fitReach && math.Abs(side(k)-off) > fitStep {
				cost[i][k] = 1e9 // +Inf would leave ends nothing leads to
				continue
			}
			cost[i][k] = math.Inf(1)
			for j := max(0, k-fitSlope); j <= min(fitSides-1, k+fitSlope); j++ {
				turn := side(k) - side(j)
				sum := cost[i-1][j] + 6*turn*turn + 0.05*side(k)*side(k)
				if sum >= cost[i][k] {
					continue
				}
				heading := v.Minus(last.Ahead(0, side(j))).Angle()
				if sum += q.tight(geom.Pose{Vec: v, Heading: heading}); sum < cost[i][k] {
					cost[i][k], from[i][k] = sum, int8(j)
				}
			}
		}
	}
	best := 0
	for k := range fitSides {
		if cost[n-1][k] < cost[n-1][best] {
			best = k
		}
	}
	points := make([]geom.Vec, n)
	for i := n - 1; i >= 0; i-- {
		at, _ := l.pose(float64(i) * fitGrain)
		points[i] = at.Ahead(0, side(best))
		best = int(from[i][best])
	}
	path, err := geom.NewPath(points)
	if err != nil {
		return err
	}
	if err := l.smooth(path, 4, 3); err != nil {
		return err
	}
	l.tight = make([]float64, len(l.at))
	const ahead = int(12 / grain)
	for i, at := range l.at {
		t := min(5*q.tight(at), 20)
		for k := max(0, i-ahead); k <= i; k++ {
			l.tight[k] = max(l.tight[k], t)
		}
	}
	return nil
}

func side(k int) float64 { return float64(k)*fitStep - fitReach }

// tight is what it costs to stand somewhere: the more, the less room there is on both sides.
func (q *search) tight(at geom.Pose) float64 {
	b := q.body(at)
	switch room := q.ground.room(&b); {
	case room < 0.05:
		return 20 + 20*max(0, 0.05-room)
	case room < 0.2:
		return 4
	case room < 0.35:
		return 1
	case room < 0.5:
		return 0.3
	}
	return 0
}
