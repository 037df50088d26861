package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hutong/api/sse"
	"hutong/thing"
)

func benchmarkGet(b *testing.B, path string) {
	h := newHub(b)
	h.says("urn:lamp", "on", thing.Bool(true))
	for i := range 200 {
		h.add(strings.Replace(lampTD, "urn:lamp", fmt.Sprintf("urn:more:%03d", i), 1))
	}
	req := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if h.api.ServeHTTP(w, req); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkReadProperty(b *testing.B) { benchmarkGet(b, "/things/urn:lamp/properties/on") }
func BenchmarkReadTD(b *testing.B)       { benchmarkGet(b, "/things/urn:lamp") }
func BenchmarkList100(b *testing.B)      { benchmarkGet(b, "/things") }

// nowhere is a client that takes everything.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
func (nowhere) FlushError() error           { return nil }

// BenchmarkDelta is one delta of 1,000 changes for one screen.
func BenchmarkDelta(b *testing.B) {
	h := newHub(b)
	v := &screen{api: h.api, call: &call{api: h.api}, sse: sse.New(nowhere{}), seen: map[thing.ID]*thing.Thing{}}
	var list []thing.Change
	for i := range 1000 {
		id := thing.ID(fmt.Sprintf("urn:more:%03d", i/4))
		name := []string{"on", "level", "power", "a/b ~c"}[i%4]
		if i%4 == 0 {
			h.add(strings.Replace(lampTD, "urn:lamp", string(id), 1))
			v.seen[id], _ = h.twin.Thing(id)
		}
		list = append(list, thing.Change{Ref: thing.Ref{Thing: id, Name: name}, Value: thing.Int(int64(i)), Quality: thing.Good, Device: 1e18, Committed: 1e18})
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.delta(list); err != nil {
			b.Fatal(err)
		}
	}
}
