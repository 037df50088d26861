package recorder

import (
	"cmp"
	"slices"
	"time"
)

// Frame is one thing a vehicle said.
type Frame struct {
	Topic string // "cabin", "reason", "orders", ...
	At    time.Time
	Data  []byte // a JSON value; the recorder keeps it, the caller must not change it
}

// Incident is a finished recording.
type Incident struct {
	Vehicle  string
	Cause    string // of the first trigger: "collision", "failSafe", "stopNow", ...
	Also     []string
	At       time.Time // of the first trigger
	From, To time.Time
	Frames   []Frame // in the order of their times
	Dropped  int     // frames that found no room
}

// Options bound a Recorder. Zero fields take the values in brackets.
type Options struct {
	Before time.Duration // kept before a trigger [30 s]
	After  time.Duration // recorded after it [10 s]; a trigger meanwhile prolongs the recording, to
	Most   time.Duration // at most this after the first [2 min]
	Bytes  int           // kept of one vehicle [8 MiB]; the oldest frames go first, and are counted
	Total  int           // kept of all vehicles [512 MiB]: where there are many, each has an equal part of it
	Fleet  int           // vehicles [4096]; others are not recorded
}

// overhead is what a frame takes besides its data, bytes.
const overhead = 64

// Recorder keeps the last seconds of every vehicle. It is pure: times are those of the frames. It is not safe for
// concurrent use.
type Recorder struct {
	o     Options
	rings map[string]*ring
}

type ring struct {
	frames  []Frame
	bytes   int
	dropped int
	open    *Incident // under way
	until   time.Time
}

// New makes a Recorder.
func New(o Options) *Recorder {
	o.Before = cmp.Or(o.Before, 30*time.Second)
	o.After = cmp.Or(o.After, 10*time.Second)
	o.Most = cmp.Or(o.Most, 2*time.Minute)
	o.Bytes = cmp.Or(o.Bytes, 8<<20)
	o.Total = cmp.Or(o.Total, 512<<20)
	o.Fleet = cmp.Or(o.Fleet, 4096)
	return &Recorder{o: o, rings: make(map[string]*ring)}
}

// Add keeps a frame of a vehicle. Times of one vehicle should not go back; a frame older than the last is kept in its
// place.
func (r *Recorder) Add(vehicle string, f Frame) {
	g := r.ring(vehicle)
	if g == nil {
		return
	}
	at := len(g.frames)
	for at > 0 && g.frames[at-1].At.After(f.At) {
		at--
	}
	g.frames = slices.Insert(g.frames, at, f)
	g.bytes += len(f.Data) + overhead
	r.trim(g, g.frames[len(g.frames)-1].At)
}

func (r *Recorder) ring(vehicle string) *ring {
	g := r.rings[vehicle]
	if g == nil && len(r.rings) < r.o.Fleet {
		g = &ring{}
		r.rings[vehicle] = g
	}
	return g
}

// trim lets go of what is too old or too much. While an incident is open, its first frames are not too old.
func (r *Recorder) trim(g *ring, now time.Time) {
	oldest := now.Add(-r.o.Before)
	if g.open != nil {
		oldest = g.open.From
	}
	n := 0
	for n < len(g.frames) && g.frames[n].At.Before(oldest) {
		g.bytes -= len(g.frames[n].Data) + overhead
		n++
	}
	most := min(r.o.Bytes, r.o.Total/max(1, len(r.rings)))
	for n < len(g.frames)-1 && g.bytes > most {
		g.bytes -= len(g.frames[n].Data) + overhead
		g.dropped++
		n++
	}
	g.frames = slices.Delete(g.frames, 0, n)
}

// Trigger says that something has happened: a recording begins, Before the time given, or goes on where one is under way.
func (r *Recorder) Trigger(vehicle, cause string, at time.Time) {
	g := r.ring(vehicle)
	if g == nil {
		return
	}
	if g.open == nil {
		g.dropped = 0
		g.open = &Incident{Vehicle: vehicle, Cause: cause, At: at, From: at.Add(-r.o.Before)}
		g.until = at.Add(r.o.After)
		return
	}
	if !slices.Contains(g.open.Also, cause) && cause != g.open.Cause {
		g.open.Also = append(g.open.Also, cause)
	}
	if until := at.Add(r.o.After); until.After(g.until) {
		g.until = until
	}
	if most := g.open.At.Add(r.o.Most); g.until.After(most) {
		g.until = most
	}
}

// Done gives the recordings whose last second has passed by now, the oldest first, and lets go of what is too old by
// now, and of vehicles of which there's nothing left. Call it about once a second, and once with a far time at the end.
func (r *Recorder) Done(now time.Time) []Incident {
	var done []Incident
	for vehicle, g := range r.rings {
		if g.open == nil || now.Before(g.until) {
			if r.trim(g, now); g.open == nil && len(g.frames) == 0 {
				delete(r.rings, vehicle)
			}
			continue
		}
		i := g.open
		i.To, i.Dropped = g.until, g.dropped
		for _, f := range g.frames {
			if !f.At.Before(i.From) && !f.At.After(i.To) {
				i.Frames = append(i.Frames, f)
			}
		}
		g.open = nil
		done = append(done, *i)
	}
	slices.SortFunc(done, func(a, b Incident) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Vehicle, b.Vehicle))
	})
	return done
}
