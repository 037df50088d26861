package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"

	"hutong/drive/scene"
	"hutong/drive/world"
)

// frame is one cycle as it is dumped.
type frame struct {
	Time       float64      `json:"t"`
	Ego        [6]float64   `json:"ego"` // rear axle x, y, heading, speed, acceleration, steering
	Mode       uint8        `json:"mode"`
	Reason     string       `json:"reason"`
	Subject    uint32       `json:"subject"`
	Lane       int32        `json:"lane"`
	Goal       [2]float64   `json:"goal"` // the lane and the way along it; -1: nowhere
	S          float64      `json:"s"`
	Plan       [][3]float64 `json:"plan"` // x, y, speed, 0.5 s apart
	Candidates []candidate  `json:"candidates"`
	Truth      []body       `json:"truth"` // within 80 m, as they are
	Seen       []body       `json:"seen"`  // as the sensors had them
	Lights     [][3]float64 `json:"lights"`
}

type candidate struct {
	Name   string  `json:"name"`
	Score  float64 `json:"score"`
	Veto   string  `json:"veto,omitempty"`
	Chosen bool    `json:"chosen,omitempty"`
}

// body is a road user: id, kind, x, y, heading, speed, acceleration, length, width.
type body [9]float64

// tape holds the last 30 s of one vehicle.
type tape struct {
	frames []frame
	at     int
}

const tapeLength = 300

func round(x float64) float64 { return math.Round(x*1000) / 1000 }

func (t *tape) add(truth *scene.Truth, r *world.Rider) {
	d := &r.Decision
	s := r.State
	f := frame{
		Time: round(truth.Time), Mode: uint8(d.Mode), Reason: d.Reason.Code, Subject: d.Reason.Subject,
		Ego:  [6]float64{round(s.X), round(s.Y), round(s.Heading), round(s.Speed), round(s.Accel), round(s.Steer)},
		Lane: int32(d.Lane.Lane), S: round(d.Lane.S), Goal: [2]float64{-1},
	}
	if g := r.Orders.Goal; g != nil {
		f.Goal = [2]float64{float64(g.Goal.Lane), round(g.Goal.S)}
	}
	for i := 0; i < len(d.Plan); i += 5 {
		f.Plan = append(f.Plan, [3]float64{round(d.Plan[i].X), round(d.Plan[i].Y), round(d.Plan[i].Speed)})
	}
	for i, c := range d.Candidates {
		if i < 12 || c.Chosen {
			f.Candidates = append(f.Candidates, candidate{c.Name, round(c.Score), c.Veto, c.Chosen})
		}
	}
	for i := range truth.Actors {
		if a := &truth.Actors[i]; a.ID != r.ID && a.Box.Vec.To(s.Vec) < 80 {
			f.Truth = append(f.Truth, bodyOf(a))
		}
	}
	for i := range r.View.Actors {
		if a := &r.View.Actors[i]; a.Box.Vec.To(s.Vec) < 80 {
			f.Seen = append(f.Seen, bodyOf(a))
		}
	}
	for _, l := range r.View.Lights {
		f.Lights = append(f.Lights, [3]float64{float64(l.Signal), float64(l.Colour), round(l.Remaining)})
	}
	if len(t.frames) < tapeLength {
		t.frames = append(t.frames, f)
		return
	}
	t.frames[t.at] = f
	t.at = (t.at + 1) % tapeLength
}

func bodyOf(a *scene.Actor) body {
	return body{
		float64(a.ID), float64(a.Kind), round(a.Box.X), round(a.Box.Y), round(a.Box.Heading), round(a.Speed), round(a.Accel),
		a.Box.Length, a.Box.Width,
	}
}

// write writes the tape, the oldest first, after a line that says what happened.
func (t *tape) write(path, why string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	to := json.NewEncoder(w)
	if err := to.Encode(map[string]string{"why": why}); err != nil {
		return err
	}
	for i := range t.frames {
		if err := to.Encode(&t.frames[(t.at+i)%len(t.frames)]); err != nil {
			return err
		}
	}
	return w.Flush()
}
