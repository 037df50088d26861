package commonroad

import (
	"errors"
	"fmt"
	"io"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/unzip"
)

// Read reads a scenario, plain or gzipped. It fails, naming the element by its id, where the text is not well-formed, a
// number is none, something refers to what isn't there, or there is more of it than any public scenario has tenfold.
func Read(r io.Reader) (*Scenario, error) {
	in, err := unzip.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("commonroad: %w", err)
	}
	s, err := read(in)
	if err != nil {
		return nil, fmt.Errorf("commonroad: %w", err)
	}
	return s, nil
}

func read(r io.Reader) (*Scenario, error) {
	x, err := parse(r)
	if err != nil {
		return nil, err
	}
	s := &Scenario{ID: x.ID, Version: x.Version, Step: float64(x.Step)}
	b := &builder{file: x, out: s, byID: make(map[int64]lane.ID, len(x.Lanelets))}
	if err := b.network(); err != nil {
		return nil, err
	}
	for _, group := range [][]xObstacle{x.Old, x.Static, x.Dynamic} {
		for i := range group {
			o, err := b.obstacle(&group[i])
			if err != nil {
				return nil, fmt.Errorf("obstacle %d: %w", group[i].ID, err)
			}
			s.Others = append(s.Others, o)
		}
	}
	// 2020a's elements say their role by their name.
	for i := range x.Static {
		s.Others[len(x.Old)+i].Static = true
	}
	for i := range x.Problems {
		p, err := b.problem(&x.Problems[i])
		if err != nil {
			return nil, fmt.Errorf("planning problem %d: %w", x.Problems[i].ID, err)
		}
		s.Problems = append(s.Problems, p)
	}
	return s, nil
}

func (b *builder) obstacle(x *xObstacle) (Obstacle, error) {
	o := Obstacle{ID: x.ID, Type: x.Type, Static: x.Role == "static"}
	var err error
	if o.Shapes, _, err = b.shapes(&x.Shape); err != nil {
		return o, fmt.Errorf("shape: %w", err)
	}
	if x.Initial == nil {
		return o, errors.New("has no initialState")
	}
	first, err := state(x.Initial)
	if err != nil {
		return o, fmt.Errorf("initialState: %w", err)
	}
	o.States = append(o.States, first)
	for i := range x.Path.States {
		next, err := state(&x.Path.States[i])
		if err != nil {
			return o, fmt.Errorf("state %d: %w", i, err)
		}
		if next.Step <= o.States[len(o.States)-1].Step {
			return o, fmt.Errorf("state %d: its time %d doesn't come after the last one's", i, next.Step)
		}
		o.States = append(o.States, next)
	}
	for i := range x.Fills.Fill {
		f := &x.Fills.Fill[i]
		from, to, err := f.Time.steps()
		if err != nil {
			return o, fmt.Errorf("occupancy %d: %w", i, err)
		}
		shapes, _, err := b.shapes(&f.Shape)
		if err == nil && len(shapes) == 0 {
			err = errors.New("has no shape")
		}
		if err != nil {
			return o, fmt.Errorf("occupancy %d: %w", i, err)
		}
		o.Fills = append(o.Fills, Fill{from, to, shapes})
	}
	if len(o.Shapes) == 0 && len(o.Fills) == 0 {
		return o, errors.New("has no shape")
	}
	return o, nil
}

// state reads a state whose place is a point, or the middle of a shape.
func state(x *xState) (State, error) {
	s := State{Speed: x.Speed.middle(0), Accel: x.Accel.middle(0), YawRate: x.YawRate.middle(0)}
	s.Heading = x.Heading.middle(0) // as written: solutions must begin with the very same number
	if x.Time != nil {
		from, _, err := x.Time.steps()
		if err != nil {
			return s, err
		}
		s.Step = from
	}
	if x.Place == nil {
		return s, errors.New("position is missing")
	}
	if len(x.Place.Points) > 0 {
		v, err := x.Place.Points[0].vec()
		s.Vec = v
		return s, err
	}
	shapes, _, err := (&builder{}).shapes(x.Place)
	if err == nil && len(shapes) == 0 {
		err = errors.New("position is neither a point nor a shape")
	}
	if err == nil {
		box := shapes[0].Bounds()
		s.Vec = box.Vec
	}
	return s, err
}

// shapes reads what lies in an element; lanelets count by their outlines, and are named besides.
func (b *builder) shapes(x *xShapes) ([]Shape, []lane.ID, error) {
	var out []Shape
	var lanes []lane.ID
	for i := range x.Rectangles {
		r := &x.Rectangles[i]
		if r.Length < 0 || r.Width < 0 {
			return nil, nil, fmt.Errorf("a rectangle of %g by %g m", float64(r.Length), float64(r.Width))
		}
		box := geom.Box{Length: float64(r.Length), Width: float64(r.Width)}
		box.Heading = float64(r.Heading)
		if r.Centre != nil {
			v, err := r.Centre.vec()
			if err != nil {
				return nil, nil, err
			}
			box.Vec = v
		}
		out = append(out, Shape{Form: Rectangle, Box: box})
	}
	for i := range x.Circles {
		s := Shape{Form: Circle, Radius: float64(x.Circles[i].Radius)}
		if s.Radius < 0 {
			return nil, nil, fmt.Errorf("a circle of %g m", s.Radius)
		}
		if c := x.Circles[i].Centre; c != nil {
			v, err := c.vec()
			if err != nil {
				return nil, nil, err
			}
			s.Box.Vec = v
		}
		out = append(out, s)
	}
	for i := range x.Polygons {
		points, err := vecs(x.Polygons[i].Points)
		if err != nil {
			return nil, nil, fmt.Errorf("polygon: %w", err)
		}
		if len(points) < 3 {
			return nil, nil, fmt.Errorf("a polygon of %d points", len(points))
		}
		out = append(out, Shape{Form: Polygon, Points: points})
	}
	for _, l := range x.Lanelets {
		id, there := b.byID[l.Ref]
		if !there {
			return nil, nil, fmt.Errorf("lanelet %d isn't there", l.Ref)
		}
		lanes = append(lanes, id)
		out = append(out, Shape{Form: Polygon, Points: b.out.Lanelets[id].Outline()})
	}
	return out, lanes, nil
}

func (b *builder) problem(x *xProblem) (Problem, error) {
	p := Problem{ID: x.ID}
	if x.Initial == nil {
		return p, errors.New("has no initialState")
	}
	var err error
	if p.Initial, err = state(x.Initial); err != nil {
		return p, fmt.Errorf("initialState: %w", err)
	}
	if len(x.Goals) == 0 {
		return p, errors.New("has no goalState")
	}
	for i := range x.Goals {
		g, err := b.goal(&x.Goals[i])
		if err != nil {
			return p, fmt.Errorf("goalState %d: %w", i, err)
		}
		p.Goals = append(p.Goals, g)
	}
	return p, nil
}

func (b *builder) goal(x *xState) (g Goal, err error) {
	if g.From, g.To, err = x.Time.steps(); err != nil {
		return g, err
	}
	if x.Place != nil {
		if g.Shapes, g.Lanes, err = b.shapes(x.Place); err != nil {
			return g, err
		}
		if len(g.Shapes) == 0 {
			return g, errors.New("position holds no shape")
		}
	}
	if g.Speed, err = x.Speed.interval("velocity"); err != nil {
		return g, err
	}
	g.Heading, err = x.Heading.interval("orientation")
	return g, err
}
