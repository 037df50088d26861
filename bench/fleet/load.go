package main

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"hutong/bench/rig"
)

// load is a pattern of arrival.
type load struct {
	name       string
	publishers int // goroutines, each a window of its own
	conns      int // all of them together
	window     int // messages of one publisher on their way
	qos        byte
	together   bool // what there is room for goes in one write
	wantRate   float64
	wantCPU    float64
}

var loads = map[string]*load{
	"fleet":      {"fleet: 1,000 connections, one packet each in turn, 500 on their way", 1, 1000, 500, 0, false, 1.3, 0.8},
	"bursty":     {"bursty: 100 connections, one write per message, 100 of each on their way", 100, 100, 100, 0, false, 4, 0},
	"durable":    {"durable: QoS 1, 100 connections, window 64, one write for all there is room for", 100, 100, 64, 1, true, 5, 0},
	"durable-1":  {"durable: QoS 1, 1 connection, window 64, one write for all there is room for", 1, 1, 64, 1, true, 2, 0},
	"trickled":   {"durable: QoS 1, 100 connections, window 64, one write per message", 100, 100, 64, 1, false, 5, 0},
	"trickled-1": {"durable: QoS 1, 1 connection, window 64, one write per message", 1, 1, 64, 1, false, 2, 0},
}

// key is the name by which a load is asked for.
func (l *load) key() string {
	for k, x := range loads {
		if x == l {
			return k
		}
	}
	return ""
}

// fleet is the senders of one run.
type fleet struct {
	load  *load
	pubs  []*publisher
	conns []net.Conn
	stop  chan struct{}
	errs  chan error
}

// publisher sends the messages of its devices in turn, as far as its window allows.
type publisher struct {
	f       *fleet
	index   int
	conns   []net.Conn
	devices []int
	round   int

	mu    sync.Mutex
	room  sync.Cond
	sent  int
	done  int // what came back
	waits bool
	over  bool
	hot   int // of sent: those that a rule acts on
}

// newFleet connects everybody to addr.
func newFleet(l *load, addr string, who rig.Login) (*fleet, error) {
	f := &fleet{load: l, stop: make(chan struct{}), errs: make(chan error, l.conns+l.publishers)}
	for i := range l.conns {
		c, err := rig.Dial311(addr, "dev"+strconv.Itoa(i), who)
		if err != nil {
			f.close()
			return nil, err
		}
		f.conns = append(f.conns, c)
	}
	for p := range l.publishers {
		x := &publisher{f: f, index: p}
		x.room.L = &x.mu
		for i := p; i < l.conns; i += l.publishers {
			x.conns = append(x.conns, f.conns[i])
		}
		for d := p; d < devices; d += l.publishers {
			x.devices = append(x.devices, d)
		}
		f.pubs = append(f.pubs, x)
	}
	if l.qos > 0 {
		for i, c := range f.conns {
			go f.acks(c, f.pubs[i%l.publishers])
		}
	}
	return f, nil
}

func (f *fleet) close() {
	for _, c := range f.conns {
		c.Close()
	}
}

// acks counts PUBACKs.
func (f *fleet) acks(c net.Conn, p *publisher) {
	buf := make([]byte, 16<<10)
	rest := 0
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		rest += n // a PUBACK of MQTT 3.1.1 has four bytes
		p.came(rest / 4)
		rest %= 4
	}
}

// came says that n messages of p have arrived.
func (p *publisher) came(n int) {
	p.mu.Lock()
	p.done += n
	if p.waits && p.sent-p.done <= p.f.load.window/2 { // so that one packet does not wake for one
		p.room.Signal()
	}
	p.mu.Unlock()
}

// take waits for room for at least one message and says for how many there is.
func (p *publisher) take() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sent-p.done >= p.f.load.window && !p.over {
		p.waits = true
		p.room.Wait()
		p.waits = false
	}
	if p.over {
		return 0
	}
	n := p.f.load.window - (p.sent - p.done)
	p.sent += n
	return n
}

// run sends until the time is over; then sent is exact.
func (p *publisher) run(end time.Time) error {
	buf := make([]byte, 0, 16<<10)
	for {
		n := p.take()
		if n == 0 {
			return nil
		}
		for k := range n {
			if k&15 == 0 && time.Now().After(end) {
				p.mu.Lock()
				p.sent -= n - k
				p.mu.Unlock()
				return p.write(buf, p.conns[0])
			}
			turn, place := p.round/len(p.devices), p.round%len(p.devices)
			hot := (turn+place)%10 == 0
			if hot {
				p.hot++
			}
			buf = message(buf, p.devices[place], turn, hot, p.f.load.qos, uint16(p.round%65535)+1)
			p.round++
			if p.f.load.together && k+1 < n {
				continue
			}
			if err := p.write(buf, p.conns[place%len(p.conns)]); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
}

func (p *publisher) write(b []byte, to net.Conn) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := to.Write(b); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// drive sends for d and returns how many messages that were. They may still be on their way.
func (f *fleet) drive(d time.Duration) (int, error) {
	before, end := f.sent(), time.Now().Add(d)
	var all sync.WaitGroup
	errs := make(chan error, len(f.pubs))
	release := time.AfterFunc(d+time.Second, func() { f.over(true) })
	for _, p := range f.pubs {
		all.Go(func() { errs <- p.run(end) })
	}
	all.Wait()
	release.Stop()
	f.over(false)
	close(errs)
	for err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return f.sent() - before, nil
}

func (f *fleet) over(is bool) {
	for _, p := range f.pubs {
		p.mu.Lock()
		p.over = is
		p.room.Broadcast()
		p.mu.Unlock()
	}
}

func (f *fleet) sent() (n int) {
	for _, p := range f.pubs {
		p.mu.Lock()
		n += p.sent
		p.mu.Unlock()
	}
	return n
}

// hot is how many messages a rule acts on. Nobody may be sending.
func (f *fleet) hot() (n int) {
	for _, p := range f.pubs {
		n += p.hot
	}
	return n
}

// settle forgets what is on its way, once it is known to have arrived.
func (f *fleet) settle() {
	for _, p := range f.pubs {
		p.mu.Lock()
		p.done = p.sent
		p.mu.Unlock()
	}
}

// acked waits until every QoS 1 message was acknowledged.
func (f *fleet) acked() error {
	return rig.Wait(func() (bool, int) {
		open, done := 0, 0
		for _, p := range f.pubs {
			p.mu.Lock()
			open, done = open+p.sent-p.done, done+p.done
			p.mu.Unlock()
		}
		return open == 0, done
	})
}
