package town

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"hutong/drive/lane"
	"hutong/drive/scene"
)

// programme is what one junction's lights do, again and again.
type programme struct {
	cycle  float64 // s
	offset float64
	phases []phase
}

type phase struct {
	Duration float64 `xml:"duration,attr"`
	State    string  `xml:"state,attr"` // a letter for each link, as SUMO writes it
}

// lamp is one signal of the map: a link of a programme.
type lamp struct {
	p    *programme
	link int
}

// readLamps takes the programmes from the net and gives the lamp of each of the map's signals.
func readLamps(m *lane.Map) ([]lamp, error) {
	plain, err := gzip.NewReader(bytes.NewReader(netFile))
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	var net struct {
		Logics []struct {
			ID     string  `xml:"id,attr"`
			Offset float64 `xml:"offset,attr"`
			Phases []phase `xml:"phase"`
		} `xml:"tlLogic"`
	}
	if err := xml.NewDecoder(plain).Decode(&net); err != nil {
		return nil, err
	}
	byID := make(map[string]*programme)
	for _, l := range net.Logics {
		p := &programme{offset: l.Offset, phases: l.Phases}
		for _, ph := range l.Phases {
			p.cycle += ph.Duration
		}
		byID[l.ID] = p
	}
	lamps := make([]lamp, len(m.Signals))
	for i := range m.Signals {
		id, link, _ := strings.Cut(m.Signals[i].Name, "/")
		n, err := strconv.Atoi(link)
		p := byID[id]
		if err != nil || p == nil || n >= len(p.phases[0].State) {
			return nil, fmt.Errorf("signal %q has no programme", m.Signals[i].Name)
		}
		lamps[i] = lamp{p, n}
	}
	return lamps, nil
}

// at gives what the lamp shows at a time, and for how long still.
func (l lamp) at(now float64) (scene.Colour, float64) {
	into := now + l.p.offset
	into -= float64(int(into/l.p.cycle)) * l.p.cycle
	k := 0
	for into >= l.p.phases[k].Duration-1e-9 && k < len(l.p.phases)-1 {
		into -= l.p.phases[k].Duration
		k++
	}
	show := l.p.phases[k].State[l.link]
	left := l.p.phases[k].Duration - into
	for n := 1; n < len(l.p.phases); n++ {
		next := &l.p.phases[(k+n)%len(l.p.phases)]
		if next.State[l.link] != show {
			break
		}
		left += next.Duration
	}
	return colourOf(show), max(left, 0)
}

func colourOf(letter byte) scene.Colour {
	switch letter {
	case 'G':
		return scene.Green
	case 'g', 's':
		return scene.GreenYield
	case 'y', 'Y':
		return scene.Amber
	case 'u':
		return scene.RedAmber
	case 'r':
		return scene.Red
	case 'o':
		return scene.Blinking
	}
	return scene.Dark
}
