// Command stream measures the live stream of screens: 1,000 clients of /stream, each watching 20 points, while 2,000 values
// change a second.
//
//	go run ./bench/stream            5 runs of 5 s
//	go run ./bench/stream --quick    200 clients, 3 runs of 2 s
//
// Arrival: two messages each millisecond over one connection, QoS 0, in turn over 2,000 points of 500 Things; each value is
// the time at which it was sent, and every client reads it from the stream it gets. A screen gets at most ten messages a
// second by design, so a tenth of a second is the least that p99 can be. Then 50 clients more stop reading, and the
// publisher must not be slowed: what the hub took of what was sent is told with and without them. CPU is of the whole hub.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"hutong/bench/rig"
)

const (
	things  = 500
	each    = 4 // points of a Thing
	watched = 5 // Things of a client: 20 points
	rate    = 2000
)

type settings struct {
	clients, runs int
	length        time.Duration
	work          string
	hub           *rig.Hub
}

func main() {
	var s settings
	flag.IntVar(&s.clients, "clients", 1000, "screens")
	flag.IntVar(&s.runs, "runs", 5, "runs")
	flag.DurationVar(&s.length, "length", 5*time.Second, "of each")
	rig.Parse(map[string]string{"clients": "200", "runs": "3", "length": "2s"})
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "stream:", err)
		os.Exit(1)
	}
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-stream-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	if err := rig.OpenFiles(s.clients + 500); err != nil {
		return err
	}
	program, err := rig.Build(context.Background(), s.work, nil)
	if err != nil {
		return err
	}
	data := filepath.Join(s.work, "data")
	who, err := rig.Token(program, data)
	if err != nil {
		return err
	}
	if s.hub, err = rig.Start(program, data, who, nil); err != nil {
		return err
	}
	return errors.Join(s.measure(), s.hub.End())
}

func describe(i int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:stream:%d","title":"Meter %[1]d","security":"nosec","securityDefinitions":{"nosec":{"scheme":"nosec"}},"properties":{`, i)
	for p := range each {
		if p > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"p%d":{"type":"integer","readOnly":true,"observable":true,"forms":[{"href":"mqtt://broker","op":["readproperty","observeproperty"],"mqv:filter":"stream/%d/p%[1]d"}]}`, p, i)
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// screen reads one stream.
type screen struct {
	conn net.Conn
	mu   sync.Mutex
	ms   []float64
}

func (s *settings) open(dice *rand.Rand) (*screen, error) {
	addr := strings.TrimPrefix(s.hub.HTTP, "http://")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	var query []string
	for range watched {
		query = append(query, "things=urn:stream:"+strconv.Itoa(dice.IntN(things)))
	}
	_, err = fmt.Fprintf(c, "GET /stream?%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", strings.Join(query, "&"), addr, s.hub.Who.Password)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &screen{conn: c}, nil
}

// read notes how old each value of a delta is when it comes; it ends with the connection. opened is told once.
func (x *screen) read(opened chan<- error) {
	r := bufio.NewReaderSize(x.conn, 8<<10)
	res, err := http.ReadResponse(r, nil)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("/stream: %s", res.Status)
	}
	opened <- err
	if err != nil {
		return
	}
	defer res.Body.Close()
	lines := bufio.NewReaderSize(res.Body, 8<<10)
	delta := false
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
		if bytes.HasPrefix(line, []byte("event: ")) {
			delta = bytes.HasPrefix(line, []byte("event: delta"))
		}
		if delta {
			x.take(line, time.Now().UnixMicro())
		}
	}
}

// take finds the values in a line: numbers of 16 digits, which are times in microseconds.
func (x *screen) take(line []byte, now int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := 0; i < len(line); {
		n := i
		for n < len(line) && line[n] >= '0' && line[n] <= '9' {
			n++
		}
		if n-i == 16 {
			if at, err := strconv.ParseInt(string(line[i:n]), 10, 64); err == nil {
				x.ms = append(x.ms, float64(now-at)/1e3)
			}
		}
		i = max(n, i+1)
	}
}

func (s *settings) measure() error {
	c, err := s.hub.Dial("announcer")
	if err != nil {
		return err
	}
	for i := range things {
		if err := c.Publish("hutong/td/stream/"+strconv.Itoa(i), describe(i), true); err != nil {
			return err
		}
	}
	defer c.Close()
	before, err := s.hub.RSS()
	if err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(1, 2))
	var screens []*screen
	opened := make(chan error, s.clients)
	for range s.clients {
		x, err := s.open(dice)
		if err != nil {
			return err
		}
		defer x.conn.Close()
		screens = append(screens, x)
		go x.read(opened)
	}
	for range s.clients {
		if err := <-opened; err != nil {
			return err
		}
	}
	var p99, p50, cpu, slowed []float64
	for run := range s.runs + 1 {
		r, err := s.once(c, screens)
		if err != nil {
			return err
		}
		if run > 0 { // the first is for warming up
			p99, p50, cpu = append(p99, r.p99), append(p50, r.p50), append(cpu, r.cpu)
		}
	}
	rss, err := s.hub.RSS()
	if err != nil {
		return err
	}
	for range 50 { // who asks and never reads
		x, err := s.open(dice)
		if err != nil {
			return err
		}
		defer x.conn.Close()
	}
	for range s.runs {
		r, err := s.once(c, screens)
		if err != nil {
			return err
		}
		slowed = append(slowed, r.p99)
	}
	slow := rig.Median(p99)
	fmt.Printf("%s, %d runs of %s\n\n| what | median | bar |\n|---|---|---|\n", rig.Where(), s.runs, s.length)
	fmt.Printf("| %d screens of 20 points, %d changes/s: change to screen, p99 | **%.0f ms** | < 250 ms: %s |\n", s.clients, rate, slow, rig.Met(slow < 250))
	fmt.Printf("| p50 | %.0f ms | |\n| p99 with 50 more that never read | %.0f ms | |\n", rig.Median(p50), rig.Median(slowed))
	fmt.Printf("| memory of each screen | %.0f KB | |\n| CPU of the hub | %.2f of a core | |\n", float64(rss-before)/float64(s.clients)/1024, rig.Median(cpu))
	return nil
}

type result struct{ p50, p99, cpu float64 }

// once sends for the length of a run. Every message must be taken by the hub.
func (s *settings) once(c *rig.Conn, screens []*screen) (r result, err error) {
	for _, x := range screens {
		x.mu.Lock()
		x.ms = x.ms[:0]
		x.mu.Unlock()
	}
	seq, err := s.hub.Metric("history_last_seq")
	if err != nil {
		return r, err
	}
	used, err := s.hub.CPU()
	if err != nil {
		return r, err
	}
	began, n := time.Now(), 0
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var buf []byte
	for time.Since(began) < s.length {
		<-tick.C
		for due := int(time.Since(began).Seconds() * rate); n < due; n++ {
			i, p := n/each%things, n%each
			buf = rig.Message(buf[:0], 0, fmt.Sprintf("stream/%d/p%d", i, p), 0, strconv.AppendInt(nil, time.Now().UnixMicro(), 10))
			if _, err := c.Write(buf); err != nil {
				return r, err
			}
		}
	}
	err = rig.Wait(func() (bool, int) {
		now, err := s.hub.Metric("history_last_seq")
		return err == nil && now >= seq+n, now
	})
	if err != nil {
		return r, fmt.Errorf("of %d messages not all were taken: %w", n, err)
	}
	time.Sleep(500 * time.Millisecond) // the last deltas
	after, err := s.hub.CPU()
	if err != nil {
		return r, err
	}
	var ms []float64
	for _, x := range screens {
		x.mu.Lock()
		ms = append(ms, x.ms...)
		x.mu.Unlock()
	}
	r = result{rig.Percentile(ms, 0.5), rig.Percentile(ms, 0.99), (after - used).Seconds() / time.Since(began).Seconds()}
	fmt.Fprintf(os.Stderr, "%d messages, %d values seen by screens, p50 %.0f ms, p99 %.0f ms, %.2f of a core, load %s\n", n, len(ms), r.p50, r.p99, r.cpu, rig.Load())
	if len(ms) == 0 {
		return r, errors.New("no screen saw anything")
	}
	return r, nil
}
