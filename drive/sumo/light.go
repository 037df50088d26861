package sumo

import (
	"strconv"
	"strings"

	"hutong/drive/scene"
	"hutong/drive/traci"
)

// light is one controller and the map's signals that it switches.
type light struct {
	id       string
	links    [][]int32 // of each link, the signals
	programs map[string]*program

	state   string
	program string
	phase   int
	next    float64 // s of SUMO's time
}

// program is a fixed sequence of phases: after[p][k] is how long link k stays as it is once phase p is over, s.
type program struct{ after [][]float64 }

// watchLights finds out which links of SUMO's lights are which signals of the map, and subscribes to their states.
func (w *World) watchLights() error {
	byID := map[string]map[int][]int32{}
	for i := range w.m.Signals {
		w.shown = append(w.shown, scene.Light{Signal: int32(i), Remaining: -1})
		at := strings.LastIndexByte(w.m.Signals[i].Name, '/')
		link, err := strconv.Atoi(w.m.Signals[i].Name[at+1:])
		if at < 0 || err != nil || link < 0 {
			continue
		}
		id := w.m.Signals[i].Name[:at]
		if byID[id] == nil {
			byID[id] = map[int][]int32{}
		}
		byID[id][link] = append(byID[id][link], int32(i))
	}
	ids, err := w.sumo.Texts(traci.Lights, traci.VarIDs, "")
	if err != nil {
		return err
	}
	for _, id := range ids {
		links := byID[id]
		if links == nil {
			continue
		}
		l := light{id: id, programs: map[string]*program{}}
		for k, signals := range links {
			for len(l.links) <= k {
				l.links = append(l.links, nil)
			}
			l.links[k] = signals
		}
		programs, err := w.sumo.Programs(id)
		if err != nil {
			return err
		}
		for _, p := range programs {
			if fixed := newProgram(p, len(l.links)); fixed != nil {
				l.programs[p.ID] = fixed
			}
		}
		w.lights = append(w.lights, l)
		if err := w.sumo.Subscribe(traci.Lights, id, traci.VarLightState, traci.VarNextSwitch, traci.VarPhase, traci.VarProgram); err != nil {
			return err
		}
	}
	return nil
}

// newProgram works out a program of fixed times; nil for one whose times depend on who comes.
func newProgram(p traci.Program, links int) *program {
	if p.Type != 0 || len(p.Phases) == 0 {
		return nil
	}
	for i, next := range p.Next {
		if len(next) > 1 || len(next) == 1 && next[0] != (i+1)%len(p.Phases) {
			return nil
		}
	}
	fixed := &program{after: make([][]float64, len(p.Phases))}
	for i := range p.Phases {
		fixed.after[i] = make([]float64, links)
		for k := range links {
			for n := 1; n <= len(p.Phases); n++ {
				following := &p.Phases[(i+n)%len(p.Phases)]
				if letter(following.State, k) != letter(p.Phases[i].State, k) {
					break
				}
				fixed.after[i][k] += following.Duration
				if n == len(p.Phases) {
					fixed.after[i][k] = -1 // it never changes
				}
			}
		}
	}
	return fixed
}

func letter(state string, k int) byte {
	if k < len(state) {
		return state[k]
	}
	return 'O'
}

func (w *World) takeLight(o *traci.Object) {
	for i := range w.lights {
		l := &w.lights[i]
		if l.id != o.ID {
			continue
		}
		for j := range o.Values {
			switch v := &o.Values[j]; v.Var {
			case traci.VarLightState:
				l.state = v.Text
			case traci.VarNextSwitch:
				l.next = v.X
			case traci.VarPhase:
				l.phase = int(v.Int)
			case traci.VarProgram:
				l.program = v.Text
			}
		}
		return
	}
}

// showLights brings the lights' colours, and the time they have left, up to now.
func (w *World) showLights() {
	now := w.begin + w.now
	for i := range w.lights {
		l := &w.lights[i]
		fixed := l.programs[l.program]
		for k, signals := range l.links {
			left := -1.0
			if fixed != nil && l.phase >= 0 && l.phase < len(fixed.after) {
				if after := fixed.after[l.phase][k]; after >= 0 {
					left = max(0, l.next-now) + after
				}
			}
			for _, s := range signals {
				w.shown[s].Colour, w.shown[s].Remaining = colour(letter(l.state, k)), left
			}
		}
	}
}

// colour reads a letter of SUMO's light states.
func colour(c byte) scene.Colour {
	switch c {
	case 'r', 's': // s: a green arrow after a stop, which we don't use
		return scene.Red
	case 'u':
		return scene.RedAmber
	case 'y', 'Y':
		return scene.Amber
	case 'G':
		return scene.Green
	case 'g':
		return scene.GreenYield
	case 'o':
		return scene.Blinking
	}
	return scene.Dark
}
