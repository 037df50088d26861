package plan

import (
	"bufio"
	"fmt"
	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
	"hutong/drive/vehicle"
	"os"
	"testing"
)

func TestZZ(t *testing.T) {
	f, _ := os.Open("/work/shared/data/road/bologna/acosta/acosta_buslanes.net.xml")
	m, err := sumonet.Read(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := m.Find(":13_0_0")
	spec := vehicle.Shuttle
	var w Way
	w.Samples = make([]Sample, 0, samples)
	prev := m.Lane(id).Prev[0]
	w.make(m, m.NewField(lane.Spot{Lane: m.Lane(id).Next[0], S: 20}, lane.Cars), lane.Spot{Lane: prev, S: m.Lane(prev).Centre.Length() - 15}, lane.None, &spec, 14)
	for _, l := range w.Legs {
		fmt.Println(m.Lane(l.Lane).Name, l.Begin, l.End, m.Lane(l.Lane).Centre.Points(), m.Lane(l.Lane).ToLeft)
	}
	for i := 0; i < 120; i++ {
		x := w.Samples[i]
		fr := x.Ahead(4.0, 0.975)
		fr2 := x.Ahead(4.0, -0.975)
		rr := x.Ahead(0, -0.975)
		fmt.Printf("%5.1f (%.1f,%.1f) h=%.2f k=%.3f cap=%.1f mid=%.2f on %v %v %v\n", float64(i)*Pace, x.X, x.Y, x.Heading, x.Curve, x.Cap, x.Local(w.middle[i]).Y, far(m, fr), far(m, fr2), far(m, rr))
	}
}
func far(m *lane.Map, v geom.Vec) float64 {
	d := 0.0
	for ; d < 3 && !m.On(v, ^(lane.People|lane.Rails), d); d += 0.1 {
	}
	return d
}
