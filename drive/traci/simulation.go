package traci

import "fmt"

// Time asks for the simulation's time, s.
func (c *Client) Time() (float64, error) { return c.Double(Simulation, VarTime, "") }

// Collision is what SUMO's own look at collisions saw begin in the last step.
type Collision struct {
	Collider, Victim           string
	ColliderType, VictimType   string
	ColliderSpeed, VictimSpeed float64
	Kind                       string // "collision", "junction", "frontal", ...
	Lane                       string
	Pos                        float64 // m along the lane
}

// Collisions asks which collisions began in the last step.
func (c *Client) Collisions() ([]Collision, error) {
	v, err := c.read(Simulation, VarCollisions, "", func(*writer) {}, loose)
	if err != nil || len(v.Parts) == 0 {
		return nil, err
	}
	parts := v.Parts[1:]
	if int(v.Parts[0].Int)*9 != len(parts) {
		return nil, fmt.Errorf("traci: %s: %d values for %d collisions",
			told(byte(Simulation), VarCollisions, ""), len(parts), v.Parts[0].Int)
	}
	all := make([]Collision, len(parts)/9)
	for i := range all {
		p := parts[9*i:]
		all[i] = Collision{
			p[0].Text, p[1].Text, p[2].Text, p[3].Text, p[4].X, p[5].X, p[6].Text, p[7].Text, p[8].X,
		}
	}
	return all, nil
}

// Stage is a part of a journey.
type Stage struct {
	Kind        int // Waiting, Walking, Driving, ...
	Type        string
	Line        string
	Stop        string
	Edges       []string
	TravelTime  float64 // s
	Cost        float64
	Length      float64 // m
	Intended    string
	Depart      float64
	DepartPos   float64
	ArrivalPos  float64
	Description string
}

// findRouteSize is how many parameters findRoute has.
func findRouteSize(api int) int {
	if api > 20 {
		return 7
	}
	return 5
}

// FindRoute asks for the fastest way between two edges for a vehicle type ("": the usual), departing at a time (negative:
// now). Its edges are empty where there is none.
func (c *Client) FindRoute(from, to, vtype string, depart float64) (Stage, error) {
	v, err := c.get(Simulation, varFindRoute, "", func(w *writer) {
		w.tCompound(findRouteSize(c.api))
		w.tString(from)
		w.tString(to)
		w.tString(vtype)
		w.tDouble(depart)
		w.tInt(0)
		if c.api > 20 { // from where on the first edge to where on the last
			w.tDouble(0)
			w.tDouble(Invalid)
		}
	})
	if err != nil {
		return Stage{}, err
	}
	p := v.Parts
	if v.Kind != KindCompound || len(p) != 13 {
		return Stage{}, fmt.Errorf("traci: simulation: findRoute: got a %v of %d, want a compound of 13", v.Kind, len(p))
	}
	return Stage{
		int(p[0].Int), p[1].Text, p[2].Text, p[3].Text, p[4].Texts(), p[5].X, p[6].X, p[7].X, p[8].Text, p[9].X, p[10].X,
		p[11].X, p[12].Text,
	}, nil
}

// ToGeo gives the longitude and latitude of a place, degrees; it fails where the net has no projection.
func (c *Client) ToGeo(x, y float64) (lon, lat float64, err error) {
	return c.convert(KindPoint, x, y, KindLonLat)
}

// FromGeo gives the place of a longitude and latitude.
func (c *Client) FromGeo(lon, lat float64) (x, y float64, err error) {
	return c.convert(KindLonLat, lon, lat, KindPoint)
}

func (c *Client) convert(from Kind, x, y float64, to Kind) (float64, float64, error) {
	v, err := c.get(Simulation, varConvert, "", func(w *writer) {
		w.tCompound(2)
		w.tPoint(from, x, y)
		w.tUByte(byte(to))
	})
	return v.X, v.Y, err
}

// Link is one way a light guards.
type Link struct{ From, To, Via string } // lanes

// ControlledLinks asks which ways a light guards: for each letter of its state, those that it says something to.
func (c *Client) ControlledLinks(id string) ([][]Link, error) {
	v, err := c.want(Lights, VarControlledLinks, id, KindCompound)
	if err != nil || len(v.Parts) == 0 {
		return nil, err
	}
	var all [][]Link
	for parts := v.Parts[1:]; len(parts) > 0; {
		n := int(parts[0].Int)
		if n < 0 || n > len(parts)-1 {
			return nil, fmt.Errorf("traci: %s: %d links in %d values", told(byte(Lights), VarControlledLinks, id), n,
				len(parts)-1)
		}
		links := make([]Link, 0, n)
		for _, p := range parts[1 : 1+n] {
			if len(p.Parts) == 3 {
				links = append(links, Link{p.Parts[0].Text, p.Parts[1].Text, p.Parts[2].Text})
			}
		}
		all, parts = append(all, links), parts[1+n:]
	}
	return all, nil
}

// Phase is one phase of a light's program.
type Phase struct {
	Duration, Min, Max float64 // s
	State              string
}

// Program is what a light does in turn.
type Program struct {
	ID     string
	Type   int // 0: fixed times; others change their phases by what comes
	Phases []Phase
	Next   [][]int // for each phase, those that may follow; none: the one after it
}

// Programs asks for a light's programs.
func (c *Client) Programs(id string) ([]Program, error) {
	v, err := c.want(Lights, VarPrograms, id, KindCompound)
	if err != nil {
		return nil, err
	}
	wrong := fmt.Errorf("traci: %s: the programs are not of the known shape", told(byte(Lights), VarPrograms, id))
	var all []Program
	for _, p := range v.Parts {
		if len(p.Parts) != 5 {
			return nil, wrong
		}
		program := Program{ID: p.Parts[0].Text, Type: int(p.Parts[1].Int)}
		for _, f := range p.Parts[3].Parts {
			if len(f.Parts) != 6 {
				return nil, wrong
			}
			program.Phases = append(program.Phases, Phase{f.Parts[0].X, f.Parts[2].X, f.Parts[3].X, f.Parts[1].Text})
			var next []int
			for _, n := range f.Parts[4].Parts {
				next = append(next, int(n.Int))
			}
			program.Next = append(program.Next, next)
		}
		all = append(all, program)
	}
	return all, nil
}
