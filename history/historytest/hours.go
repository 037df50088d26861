package historytest

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hutong/history"
	"hutong/thing"
)

// hourly is a step of a history in which points say something every minute or less, some of it days late, so that whatever
// an engine has summed up beforehand must not be told from the samples.
func (r *run) hourly() {
	switch rapid.SampledFrom([]string{"feed", "feed", "feed", "query", "seal", "reopen", "retain"}).Draw(r.T, "step") {
	case "feed":
		r.feedHours()
	case "seal":
		if err := r.engine.Seal(); err != nil {
			r.Fatal(err)
		}
	case "reopen":
		r.reopen()
	case "retain":
		r.retained = r.now
		r.retain()
	}
	for range 3 {
		r.queryHours()
	}
}

// feedHours appends many changes of one point: numbers that are alike, and now and then something else.
func (r *run) feedHours() {
	ref := rapid.SampledFrom([]thing.Ref{refs[0], refs[1], refs[2], refs[3]}).Draw(r.T, "ref")
	as := rapid.SampledFrom([]thing.Ref{ref, ref, refs[0], refs[1], refs[2], refs[3]}).Draw(r.T, "as")
	pace := rapid.SampledFrom([]time.Duration{2 * time.Second, 10 * time.Second, 20 * time.Second, time.Minute, 50 * time.Minute}).Draw(r.T, "pace")
	many := rapid.SampledFrom([]int{1, 10, 200, 2000}).Draw(r.T, "many")
	odd := rapid.SampledFrom([]int{0, 0, 1, 10, 30}).Draw(r.T, "odd of 1000")
	late := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Hour, 50*time.Hour + time.Second}).Draw(r.T, "kept back for")
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(r.T, "seed"), 0))
	number := dice.Int64N(500)
	for range many {
		r.now += thing.Time(pace)
		c := thing.Change{Ref: ref, Quality: thing.Good, Received: r.now, Committed: r.now + 5, Seq: uint64(len(r.fed) + 1)}
		if late > 0 {
			c.Device = r.now - thing.Time(late)
		}
		number += dice.Int64N(3) - 1
		switch as {
		case refs[0]:
			c.Value = thing.Bool(number%7 > 3)
		case refs[1]:
			c.Value = thing.Int(number << (number & 56))
		case refs[2]:
			c.Value = thing.Float(float64(number) / 10)
		default:
			c.Value = thing.Float(dice.NormFloat64())
		}
		if dice.IntN(1000) < odd {
			switch dice.IntN(4) {
			case 0:
				c.Device = r.now - thing.Time(dice.Int64N(int64(3*24*time.Hour))>>dice.IntN(8))
			case 1:
				c.Quality = thing.Quality(dice.IntN(5))
			case 2:
				c.Value = []thing.Value{thing.Null(), thing.String("x"), thing.Int(7), thing.Float(-0.5), thing.Float(1e300)}[dice.IntN(5)]
			case 3:
				r.now += thing.Time(dice.Int64N(int64(5 * time.Hour)))
			}
		}
		r.fed = append(r.fed, c)
	}
	r.append(r.fed[len(r.fed)-many:])
}

func (r *run) queryHours() {
	when := rapid.Int64Range(-int64(24*time.Hour), int64(r.now)+int64(time.Hour))
	q := history.Query{
		Ref:  rapid.SampledFrom(refs[:4]).Draw(r.T, "ref"),
		Step: rapid.SampledFrom([]time.Duration{0, 20 * time.Minute, time.Hour, time.Hour, 5 * time.Hour, 24 * time.Hour}).Draw(r.T, "step"),
		Agg:  rapid.SampledFrom([]string{"avg", "min", "max", "sum", "count", "last"}).Draw(r.T, "agg"),
	}
	if rapid.Bool().Draw(r.T, "ranged") {
		a, b := when.Draw(r.T, "from"), when.Draw(r.T, "to")
		q.From, q.To = thing.Time(min(a, b)), thing.Time(max(a, b))
	}
	got, err := r.engine.Query(context.Background(), q)
	if err != nil {
		r.Fatal(err)
	}
	if diff := cmp.Diff(r.want(q), got, same, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("%+v (-want +got):\n%s", q, diff)
	}
}
