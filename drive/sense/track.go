package sense

import (
	"math"

	"hutong/drive/geom"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// follow takes a look's detections into the tracks.
func (s *Sensor) follow(l *look) {
	for i := range l.seen {
		d := &l.seen[i]
		k, known := s.byID[d.id]
		if !known {
			k = s.begin(d.id)
		}
		tr := &s.tracks[k]
		s.wander(tr, l.at, known)
		tr.actor, tr.at = d.actor, l.at
		s.err(tr, d.far)
	}
}

// begin starts a track with a number of its own, which says nothing about the object's in the world.
func (s *Sensor) begin(id uint32) int {
	s.named++
	s.tracks = append(s.tracks, track{truth: id, name: s.named, size: [2]float64{s.rng.NormFloat64(), s.rng.NormFloat64()}})
	s.byID[id] = len(s.tracks) - 1
	return len(s.tracks) - 1
}

// wander lets a track's errors go on: a first-order Gauss-Markov process.
func (s *Sensor) wander(tr *track, now float64, known bool) {
	keep := 0.0
	if known {
		keep = math.Exp(-(now - tr.at) / steadiness)
	}
	fresh := math.Sqrt(1 - keep*keep)
	for i := range tr.err {
		tr.err[i] = keep*tr.err[i] + fresh*s.rng.NormFloat64()
	}
}

// err puts a track's errors on what was seen.
func (s *Sensor) err(tr *track, far float64) {
	a, c := &tr.actor, &s.c
	grow := 0.5 + far/100
	a.Box.Vec = a.Box.Ahead(grow*c.NoisePos*tr.err[0], grow*c.NoisePos*tr.err[1])
	a.Speed += grow * c.NoiseSpeed * tr.err[2]
	a.Accel += grow * c.NoiseSpeed * tr.err[4]
	a.Box.Heading = geom.Wrap(a.Box.Heading + grow*c.NoiseHeading*tr.err[3])
	a.Box.Length = max(0.2, a.Box.Length+c.NoiseSize*tr.size[0])
	a.Box.Width = max(0.2, a.Box.Width+c.NoiseSize*tr.size[1])
	if far > signReach {
		a.Turn, a.Braking = scene.NoTurn, false
	}
}

// forget lets go of tracks that weren't seen for too long.
func (s *Sensor) forget(now float64) {
	n := 0
	for i := range s.tracks {
		tr := &s.tracks[i]
		if now-tr.at > coasting+s.c.Latency+1e-6 {
			delete(s.byID, tr.truth)
			continue
		}
		s.tracks[n] = *tr
		s.byID[tr.truth] = n
		n++
	}
	s.tracks = s.tracks[:n]
}

// fill writes the view of now: all tracks brought forward at the velocity they had.
func (s *Sensor) fill(out *scene.View, now float64, ego vehicle.State, middle geom.Pose, fresh *look) {
	out.Time, out.Ego = now, ego
	out.Actors = out.Actors[:0]
	for i := range s.tracks {
		tr := &s.tracks[i]
		a := tr.actor
		a.ID, a.Age = tr.name, now-tr.at
		a.Box.Vec = a.Box.Ahead(a.Speed*a.Age, 0)
		out.Actors = append(out.Actors, a)
	}
	out.Blind = fresh != nil && fresh.blind
	if fresh == nil { // nothing new was due; blind stays blind
		fresh = s.newest()
		out.Blind = fresh.blind
	}
	if out.Blind {
		out.Lights = out.Lights[:0]
		s.shrink(out, now)
		return
	}
	out.Taken = fresh.at
	out.Lights = append(out.Lights[:0], fresh.lights...)
	for i := range out.Lights {
		if l := &out.Lights[i]; l.Remaining >= 0 {
			l.Remaining = max(0, l.Remaining-(now-fresh.at))
		}
	}
	s.shift(out, fresh, middle)
}

// newest gives the look that was given last.
func (s *Sensor) newest() *look {
	for i := s.count - 1; i > 0; i-- {
		if l := s.ring(i); l.at == s.given {
			return l
		}
	}
	return s.ring(0)
}

// shift brings the free sight of a look to where the vehicle is now. What it moved meanwhile is taken off, so that the
// view never claims to see further than it did.
func (s *Sensor) shift(out *scene.View, l *look, now geom.Pose) {
	moved := float32(l.from.To(now.Vec))
	turned := geom.Wrap(now.Heading-l.from.Heading) / (2 * math.Pi) * scene.Bearings
	by := int(math.Round(turned)) + scene.Bearings
	for i := range out.Free {
		out.Free[i] = max(0, l.free[(i+by)%scene.Bearings]-moved)
	}
	out.Range = s.c.Range - float64(moved)
}

// shrink takes off the free sight what a blind vehicle may have missed since it saw last.
func (s *Sensor) shrink(out *scene.View, now float64) {
	lost := (seenToReach + out.Ego.Speed) * (now - out.Taken)
	out.Range = max(0, s.c.Range-lost)
	for i := range out.Free {
		out.Free[i] = min(out.Free[i], float32(out.Range))
	}
}
