package text

// Scene is the text of a scene: what several points become at once.
type Scene struct {
	ID          string
	Title       string
	Description string
	Version     string

	Points []Point
	Then   []Step
}

// ParseScene reads the text of scene id.
func ParseScene(id string, source []byte) (*Scene, Problems) {
	r, top, ok := open(source)
	if !ok {
		return nil, r.problems
	}
	s := &Scene{ID: id, Title: id, Version: Version(source)}
	for _, f := range r.object(top, "", "id", "title", "description", "points", "set", "invoke") {
		switch f.name {
		case "id":
			if t := r.text(f, 64); t.S != id && id != "" {
				r.refuse(f.at(), "the id %q is not the file's name, %q", t.S, id)
			}
		case "title":
			s.Title = r.text(f, 200).S
		case "description":
			s.Description = r.text(f, 4000).S
		case "points":
			s.Points = r.points(f)
		case "set":
			s.Then = append(s.Then, Step{At: f.at(), Kind: "set", Targets: r.targets(f, false)})
		case "invoke":
			for _, item := range r.list(f, false) {
				s.Then = append(s.Then, r.invocation(item))
			}
		}
	}
	if len(s.Then) == 0 && len(r.problems) == 0 {
		r.refuse(At{top.Line, top.Column, ""}, "a scene wants set: or invoke:, or both")
	}
	r.problems.Sort()
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return s, nil
}

// invocation reads one entry of a scene's invoke: {action: name, with: input}.
func (r *reader) invocation(f field) Step {
	d := Step{At: f.at(), Kind: "invoke"}
	for _, m := range r.object(f.node, f.path, "action", "with") {
		if m.name == "action" {
			d.target().Point = r.text(m, 64)
		} else {
			v := r.value(m)
			d.target().Lit = &v
		}
	}
	if len(d.Targets) == 0 || d.Targets[0].Point.S == "" {
		r.refuse(d.At, "say which action, such as - {action: start}")
	}
	return d
}
