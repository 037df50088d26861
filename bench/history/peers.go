package main

import (
	"cmp"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"
	_ "modernc.org/sqlite" // registers the driver
)

// victoria is VictoriaMetrics' storage, asked as its own server asks it.
type victoria struct {
	s     *storage.Storage
	dir   string
	names [][]byte
	rows  []storage.MetricRow
}

func openVictoria(dir string) *victoria {
	logger.SetOutputForTests(quiet{})
	return &victoria{s: storage.MustOpenStorage(dir, storage.OpenOptions{Retention: 100 * 365 * 24 * time.Hour}), dir: dir}
}

type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

func (v *victoria) name() string { return "VictoriaMetrics" }

func label(series int) string { return fmt.Sprintf("urn:dev:zigbee2mqtt:0x00158d%06d", series) }

func (v *victoria) raws(series int) []byte {
	for len(v.names) <= series {
		v.names = append(v.names, storage.MarshalMetricNameRaw(nil, []prompb.Label{
			{Name: "__name__", Value: "value"}, {Name: "thing", Value: label(len(v.names))},
		}))
	}
	return v.names[series]
}

func (v *victoria) add(t int64, first int, values []float64) error {
	for i, x := range values {
		v.rows = append(v.rows, storage.MetricRow{MetricNameRaw: v.raws(first + i), Timestamp: t, Value: x})
	}
	if len(v.rows) >= 10_000 { // it is fastest with large batches
		v.s.AddRows(v.rows, 64)
		v.rows = v.rows[:0]
	}
	return nil
}

func (v *victoria) flush() error {
	v.s.AddRows(v.rows, 64)
	v.rows = v.rows[:0]
	v.s.DebugFlush()
	return v.s.ForceMergePartitions("")
}

// each hands out the blocks of the series of a filter. Their times may overlap: it keeps parts that are not merged yet.
func (v *victoria) each(filter *storage.TagFilters, from, to int64, f func(ts []int64, vs []float64)) error {
	tr := storage.TimeRange{MinTimestamp: from, MaxTimestamp: to - 1}
	var search storage.Search
	search.Init(nil, v.s, []*storage.TagFilters{filter}, tr, 1e6, uint64(time.Now().Unix())+600)
	defer search.MustClose()
	var b storage.Block
	var ts []int64
	var vs []float64
	for search.NextMetricBlock() {
		search.MetricBlockRef.BlockRef.MustReadBlock(&b)
		if err := b.UnmarshalData(); err != nil {
			return err
		}
		ts, vs = b.AppendRowsWithTimeRangeFilter(ts[:0], vs[:0], tr)
		f(ts, vs)
	}
	return search.Error()
}

func one(series int) (*storage.TagFilters, error) {
	f := storage.NewTagFilters()
	return f, f.Add([]byte("thing"), []byte(label(series)), false, false)
}

func (v *victoria) raw(series int, from, to int64, out []point) ([]point, error) {
	filter, err := one(series)
	if err != nil {
		return nil, err
	}
	err = v.each(filter, from, to, func(ts []int64, vs []float64) {
		for i := range ts {
			out = append(out, point{ts[i], vs[i]})
		}
	})
	if earlier := func(a, b point) int { return cmp.Compare(a.t, b.t) }; !slices.IsSortedFunc(out, earlier) {
		slices.SortFunc(out, earlier)
	}
	return out, err
}

func (v *victoria) hourly(first, n int, from, to int64) (buckets int, sum float64, err error) {
	type bucket struct {
		count int
		sum   float64
	}
	var list []bucket
	for i := first; i < first+n; i++ {
		filter, err := one(i)
		if err != nil {
			return 0, 0, err
		}
		list = append(list[:0], make([]bucket, (to-1)/hour-from/hour+1)...)
		err = v.each(filter, from, to, func(ts []int64, vs []float64) {
			for k, t := range ts {
				b := &list[t/hour-from/hour]
				b.count++
				b.sum += vs[k]
			}
		})
		if err != nil {
			return 0, 0, err
		}
		for _, b := range list {
			if b.count > 0 {
				buckets++
				sum += b.sum / float64(b.count)
			}
		}
	}
	return buckets, sum, nil
}

func (v *victoria) thin(series int, from, to int64, most int) (int, error) {
	list, err := v.raw(series, from, to, nil)
	return len(lttb(list, most)), err
}

func (v *victoria) bytes() (size int64, err error) {
	err = filepath.WalkDir(v.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

func (v *victoria) close() error {
	v.s.MustClose()
	return nil
}

// lite is SQLite, with the rows in the order they are asked for.
type lite struct {
	db   *sql.DB
	tx   *sql.Tx
	put  *sql.Stmt
	most int // series it takes: it is slow to fill
	rows int
	have map[int]bool
}

func openLite(file string, most int) (*lite, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=cache_size(-65536)&_pragma=mmap_size(1073741824)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE samples (series INTEGER, t INTEGER, v REAL, PRIMARY KEY (series, t)) WITHOUT ROWID")
	return &lite{db: db, most: most, have: map[int]bool{}}, err
}

func (l *lite) name() string { return "SQLite" }

func (l *lite) add(t int64, first int, values []float64) (err error) {
	if l.tx == nil {
		if l.tx, err = l.db.Begin(); err != nil {
			return err
		}
		if l.put, err = l.tx.Prepare("INSERT INTO samples VALUES (?, ?, ?)"); err != nil {
			return err
		}
	}
	for i, v := range values[:min(len(values), l.most)] {
		l.have[first+i] = true
		if _, err := l.put.Exec(first+i, t, v); err != nil {
			return err
		}
		l.rows++
	}
	if l.rows > 500_000 {
		return l.flush()
	}
	return nil
}

func (l *lite) flush() error {
	if l.tx == nil {
		return nil
	}
	err := l.tx.Commit()
	l.tx, l.rows = nil, 0
	return err
}

func (l *lite) raw(series int, from, to int64, out []point) ([]point, error) {
	rows, err := l.db.Query("SELECT t, v FROM samples WHERE series = ? AND t >= ? AND t < ? ORDER BY t", series, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p point
		if err := rows.Scan(&p.t, &p.v); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (l *lite) hourly(first, n int, from, to int64) (buckets int, sum float64, err error) {
	if !l.have[first+n-1] {
		return 0, 0, errTooFew
	}
	rows, err := l.db.Query("SELECT avg(v) FROM samples WHERE series >= ? AND series < ? AND t >= ? AND t < ? GROUP BY series, t / 3600000",
		first, first+n, from, to)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var avg float64
		if err := rows.Scan(&avg); err != nil {
			return 0, 0, err
		}
		buckets++
		sum += avg
	}
	return buckets, sum, rows.Err()
}

func (l *lite) thin(series int, from, to int64, most int) (int, error) {
	list, err := l.raw(series, from, to, nil)
	return len(lttb(list, most)), err
}

func (l *lite) bytes() (int64, error) { return 0, nil }

func (l *lite) close() error { return l.db.Close() }
