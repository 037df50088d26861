// Package historytest is the proof that something is a history: what package history promises, tried with random
// histories against a plain slice, with late samples and restarts in between.
package historytest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hutong/history"
	"hutong/thing"
)

// Engine is what is tried: the methods of history.Store, with the same duties.
type Engine interface {
	Append(batch []thing.Change) error
	Query(ctx context.Context, q history.Query) ([]history.Sample, error)
	Last(ref thing.Ref) (thing.State, bool)
	Describe(ref thing.Ref, p thing.Point)
	Keeper
}

// Keeper is the part of an Engine that has to do with the disk.
type Keeper interface {
	Durable() uint64
	Seal() error
	Retain(now thing.Time) error
	Close() error
}

// Run tries an engine. open opens the one in a folder, making it there when there is none; it is closed before it is
// opened again.
func Run(t *testing.T, open func(dir string) (Engine, error)) {
	drawn := func(name string, most int, step, after func(*run)) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp("", "historytest")
				if err != nil {
					rt.Fatal(err)
				}
				defer os.RemoveAll(dir)
				r := &run{T: rt, dir: dir, open: open, state: map[thing.Ref]thing.State{}, now: thing.Time(time.Minute)}
				r.reopen()
				for range rapid.IntRange(1, most).Draw(rt, "steps") {
					step(r)
				}
				after(r)
				if err := r.engine.Close(); err != nil {
					rt.Fatal(err)
				}
			})
		})
	}
	drawn("any history can be queried as a slice could", 25, (*run).step, (*run).everything)
	drawn("any history can be gathered by hours as a slice could", 12, (*run).hourly, func(*run) {})
	t.Run("a cancelled query says so", func(t *testing.T) {
		e, err := open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := thing.Change{Ref: refs[0], Value: thing.Int(1), Quality: thing.Good, Received: 1, Committed: 1, Seq: 1}
		if err := e.Append([]thing.Change{c}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := e.Query(ctx, history.Query{Ref: refs[0]}); err == nil {
			t.Fatal("no error")
		}
	})
	t.Run("a query that makes no sense is refused", func(t *testing.T) {
		e, err := open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, q := range []history.Query{{Agg: "mode"}, {Step: -1}, {Max: -1}, {Limit: -1}, {From: 2, To: 1}} {
			if _, err := e.Query(t.Context(), q); err == nil {
				t.Errorf("%+v: no error", q)
			}
		}
	})
}

// refs are the points of the random histories; each has its own kind of values.
var refs = [...]thing.Ref{
	{Thing: "urn:switch", Name: "on"},
	{Thing: "urn:meter", Name: "energy"},
	{Thing: "urn:meter", Name: "power"},
	{Thing: "urn:meter", Kind: thing.Event, Name: "power"},
	{Thing: "urn:lamp:一", Name: "effect"},
	{Thing: "urn:lamp:一", Name: "colour"},
	{Thing: "urn:odd", Name: ""},
}

func value(t *rapid.T, ref thing.Ref) thing.Value {
	switch ref {
	case refs[0]:
		return thing.Bool(rapid.Bool().Draw(t, "bool"))
	case refs[1]:
		return thing.Int(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5, 5)).Draw(t, "int"))
	case refs[2]:
		return thing.Float(float64(rapid.IntRange(-500, 500).Draw(t, "tenths")) / 10)
	case refs[3]:
		return thing.Float(rapid.Float64().Draw(t, "float"))
	case refs[4]:
		return thing.String(rapid.SampledFrom([]string{"", "none", "rainbow", "彩虹"}).Draw(t, "text"))
	case refs[5]:
		v, err := thing.Of(map[string]int{"h": rapid.IntRange(0, 360).Draw(t, "hue"), "s": 100})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if rapid.Bool().Draw(t, "null") {
		return thing.Null()
	}
	return value(t, rapid.SampledFrom(refs[:6]).Draw(t, "as"))
}

// run is one random history and the slice it is compared with.
type run struct {
	*rapid.T
	dir      string
	open     func(dir string) (Engine, error)
	engine   Engine
	fed      []thing.Change // all, in order of Seq
	state    map[thing.Ref]thing.State
	now      thing.Time
	retained thing.Time
}

// points describe two refs; the others keep exact times for ever.
func (r *run) describe() {
	r.engine.Describe(refs[2], thing.Point{Name: "power", Resolution: time.Second})
	r.engine.Describe(refs[1], thing.Point{Name: "energy", Retention: time.Minute})
}

func (r *run) reopen() {
	var err error
	if r.engine != nil {
		if err := r.engine.Close(); err != nil {
			r.Fatal(err)
		}
	}
	if r.engine, err = r.open(r.dir); err != nil {
		r.Fatal(err)
	}
	r.describe()
	if r.retained != 0 {
		r.retain()
	}
	durable := r.engine.Durable()
	if n := len(r.fed); n > 0 && durable > r.fed[n-1].Seq {
		r.Fatalf("durable is %d, only %d were fed", durable, r.fed[n-1].Seq)
	}
	back := rapid.Uint64Range(0, 3).Draw(r.T, "back") // feeding some again is harmless
	for _, c := range r.fed {
		if c.Seq+back > durable {
			r.append([]thing.Change{c})
		}
	}
}

func (r *run) append(batch []thing.Change) {
	if err := r.engine.Append(batch); err != nil {
		r.Fatal(err)
	}
}

func (r *run) retain() {
	if err := r.engine.Retain(r.retained); err != nil {
		r.Fatal(err)
	}
}

func (r *run) step() {
	switch rapid.SampledFrom([]string{"feed", "feed", "feed", "query", "query", "last", "seal", "reopen", "retain"}).Draw(r.T, "step") {
	case "feed":
		r.feed()
	case "query":
		r.query(r.anyQuery())
	case "last":
		r.last()
	case "seal":
		if err := r.engine.Seal(); err != nil {
			r.Fatal(err)
		}
		if n := len(r.fed); n > 0 && r.engine.Durable() != r.fed[n-1].Seq {
			r.Fatalf("sealed up to %d, fed %d", r.engine.Durable(), r.fed[n-1].Seq)
		}
	case "reopen":
		r.reopen()
	case "retain":
		r.retained = r.now
		r.retain()
	}
}

// feed appends a batch of changes to a few refs: mostly on time, now and then late, long ago or twice at one time.
func (r *run) feed() {
	few := rapid.SliceOfN(rapid.SampledFrom(refs[:]), 1, 2).Draw(r.T, "refs")
	pace := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, time.Second + 7}).Draw(r.T, "pace")
	var batch []thing.Change
	for range rapid.SampledFrom([]int{1, 3, 20, 300}).Draw(r.T, "many") {
		ref := few[len(batch)%len(few)]
		r.now += thing.Time(pace)
		c := thing.Change{
			Ref: ref, Quality: thing.Good, Received: r.now, Committed: r.now + 5, Seq: uint64(len(r.fed) + len(batch) + 1),
		}
		old := len(batch) - len(few)
		switch odd := rapid.IntRange(0, 19).Draw(r.T, "odd"); {
		case odd == 0:
			c.Device = r.now - thing.Time(rapid.Int64Range(-int64(20*time.Minute), int64(3*time.Minute)).Draw(r.T, "late"))
		case odd == 1:
			c.Quality = rapid.SampledFrom([]thing.Quality{thing.Unknown, thing.Bad, thing.Stale, thing.Uncertain}).Draw(r.T, "quality")
		case odd < 10 && old >= 0:
			c.Value, c.Repeat = batch[old].Value, true
			batch = append(batch, c)
			continue
		}
		c.Value = value(r.T, ref)
		batch = append(batch, c)
	}
	r.fed = append(r.fed, batch...)
	for _, c := range batch {
		s := thing.State{
			Value: c.Value, Quality: c.Quality, Device: c.Device, Received: c.Received, Committed: c.Committed,
			Since: c.Committed, Seq: c.Seq,
		}
		if old, ok := r.state[c.Ref]; ok && old.Value.Equal(c.Value) {
			s.Since = old.Since
		}
		r.state[c.Ref] = s
	}
	r.append(batch)
}

func (r *run) last() {
	for _, ref := range refs {
		got, ok := r.engine.Last(ref)
		want, known := r.state[ref]
		if ok != known || got != want {
			r.Fatalf("last of %v:\n got %+v, %v\nwant %+v, %v", ref, got, ok, want, known)
		}
	}
}

func (r *run) anyQuery() history.Query {
	when := rapid.Int64Range(-int64(time.Minute), int64(r.now)+int64(time.Minute))
	q := history.Query{Ref: rapid.SampledFrom(refs[:]).Draw(r.T, "ref")}
	if rapid.Bool().Draw(r.T, "ranged") {
		a, b := when.Draw(r.T, "from"), when.Draw(r.T, "to")
		q.From, q.To = thing.Time(min(a, b)), thing.Time(max(a, b))
	}
	if rapid.Bool().Draw(r.T, "stepped") {
		q.Step = rapid.SampledFrom([]time.Duration{0, 1, time.Millisecond * 3, time.Second, time.Minute, time.Hour}).Draw(r.T, "step")
		q.Agg = rapid.SampledFrom([]string{"", "avg", "min", "max", "sum", "count", "last"}).Draw(r.T, "agg")
	}
	q.Before = rapid.Bool().Draw(r.T, "before")
	q.Limit = rapid.SampledFrom([]int{0, 0, 0, 1, 10}).Draw(r.T, "limit")
	return q
}

func (r *run) everything() {
	r.last()
	for _, ref := range refs {
		r.query(history.Query{Ref: ref})
	}
}

func (r *run) query(q history.Query) {
	want := r.want(q)
	got, err := r.engine.Query(context.Background(), q)
	if err != nil {
		r.Fatal(err)
	}
	if diff := cmp.Diff(want, got, same, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("%+v (-want +got):\n%s", q, diff)
	}
	q.Max = rapid.IntRange(1, 30).Draw(r.T, "max")
	thin, err := r.engine.Query(context.Background(), q)
	if err != nil {
		r.Fatal(err)
	}
	if err := thinned(want, thin, q.Max); err != nil {
		r.Fatalf("%+v: %v", q, err)
	}
}

var same = cmp.Comparer(func(a, b thing.Value) bool { return a == b })

// thinned checks what any thinning must be: few enough, from the first to the last, all of them real and in order.
func thinned(all, thin []history.Sample, most int) error {
	if len(thin) > most || len(thin) < min(most, len(all)) {
		return fmt.Errorf("%d of %d samples, %d were asked for", len(thin), len(all), most)
	}
	if n := len(thin); n > 1 && (thin[0] != all[0] || thin[n-1] != all[len(all)-1]) {
		return fmt.Errorf("the ends are not kept")
	}
	i := 0
	for _, s := range thin {
		for i < len(all) && all[i] != s {
			i++
		}
		if i == len(all) {
			return fmt.Errorf("%+v is not among the samples, or out of order", s)
		}
		i++
	}
	return nil
}
