// Package latency counts how long answers take, as Prometheus reads it.
package latency

import (
	"fmt"
	"math"

	"github.com/VictoriaMetrics/metrics"
)

// Histogram is one as Prometheus reads them: the library's own has buckets that only VictoriaMetrics knows. It may be used
// from many goroutines.
type Histogram struct {
	buckets [len(edges)]*metrics.Counter // cumulative
	count   *metrics.Counter
	sum     *metrics.FloatCounter
}

// edges are the upper ends of the buckets, in seconds.
var edges = [...]float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, math.Inf(1)}

// New makes the histogram of a route in set.
func New(set *metrics.Set, route string) *Histogram {
	const name = "hutong_http_request_seconds"
	l := &Histogram{
		count: set.NewCounter(fmt.Sprintf("%s_count{route=%q}", name, route)),
		sum:   set.NewFloatCounter(fmt.Sprintf("%s_sum{route=%q}", name, route)),
	}
	for i, edge := range edges {
		l.buckets[i] = set.NewCounter(fmt.Sprintf("%s_bucket{route=%q,le=\"%v\"}", name, route, edge))
	}
	return l
}

// Add counts one answer.
func (l *Histogram) Add(seconds float64) {
	l.count.Inc()
	l.sum.Add(seconds)
	for i, edge := range edges {
		if seconds <= edge {
			l.buckets[i].Inc()
		}
	}
}
