package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hutong/history"
	"hutong/thing"
)

// ours is the store of the hub.
type ours struct {
	s     *history.Store
	refs  []thing.Ref
	batch []thing.Change
	seq   uint64
}

func openOurs(dir string, series int) (*ours, error) {
	s, err := history.Open(dir, history.Options{SealSamples: max(60*series, 20_000), MaxResult: 20_000_000})
	return &ours{s: s}, err
}

func (o *ours) name() string { return "hutong" }

func (o *ours) ref(series int) thing.Ref {
	for len(o.refs) <= series {
		o.refs = append(o.refs, thing.Ref{Thing: thing.ID(fmt.Sprintf("urn:dev:zigbee2mqtt:0x00158d%06d", len(o.refs))), Name: "value"})
	}
	return o.refs[series]
}

// value is the value as the Thing's description has it typed.
func value(series int, v float64) thing.Value {
	switch series % 10 {
	case 4, 5, 6:
		return thing.Bool(v == 1)
	case 9:
		return thing.Int(int64(v))
	}
	return thing.Float(v)
}

func (o *ours) add(t int64, first int, values []float64) error {
	o.batch = o.batch[:0]
	at := thing.Time(t) * 1e6
	for i, v := range values {
		o.seq++
		o.batch = append(o.batch, thing.Change{
			Ref: o.ref(first + i), Point: thing.Handle(first + i + 1), Value: value(first+i, v), Quality: thing.Good,
			Device: at, Received: at + 3e6, Committed: at + 3e6 + 777, Seq: o.seq,
		})
	}
	for {
		err := o.s.Append(o.batch)
		if !errors.Is(err, history.ErrBehind) {
			return err
		}
		time.Sleep(time.Millisecond) // the hub's feed waits as well
	}
}

func (o *ours) flush() error { return o.s.Seal() }

func (o *ours) raw(series int, from, to int64, out []point) ([]point, error) {
	list, err := o.s.Query(context.Background(), history.Query{Ref: o.ref(series), From: thing.Time(from) * 1e6, To: thing.Time(to) * 1e6})
	for _, s := range list {
		out = append(out, point{int64(s.Time) / 1e6, number(s.Value)})
	}
	return out, err
}

func number(v thing.Value) float64 {
	if v.Type() == thing.Boolean {
		if v.Bool() {
			return 1
		}
		return 0
	}
	return v.Float()
}

func (o *ours) hourly(first, n int, from, to int64) (buckets int, sum float64, err error) {
	for i := first; i < first+n; i++ {
		list, err := o.s.Query(context.Background(), history.Query{
			Ref: o.ref(i), From: thing.Time(from) * 1e6, To: thing.Time(to) * 1e6, Step: time.Hour, Agg: "avg",
		})
		if err != nil {
			return 0, 0, err
		}
		for _, s := range list {
			buckets++
			sum += s.Value.Float()
		}
	}
	return buckets, sum, nil
}

func (o *ours) thin(series int, from, to int64, most int) (int, error) {
	list, err := o.s.Query(context.Background(), history.Query{
		Ref: o.ref(series), From: thing.Time(from) * 1e6, To: thing.Time(to) * 1e6, Max: most,
	})
	return len(list), err
}

func (o *ours) bytes() (int64, error) { return o.s.Stats().Bytes, nil }
func (o *ours) close() error          { return o.s.Close() }
