//go:build linux

package poll

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// owner notes what it is told.
type owner struct {
	sock  *Socket
	data  chan []byte
	room  chan struct{}
	gone  chan error
	pause bool // stop reading after each piece
}

func newOwner() *owner {
	return &owner{data: make(chan []byte, 1000), room: make(chan struct{}, 1), gone: make(chan error, 2)}
}

func (o *owner) Data(b []byte) {
	if o.pause {
		o.sock.Pause()
	}
	o.data <- bytes.Clone(b)
}

func (o *owner) Writable() {
	select {
	case o.room <- struct{}{}:
	default: // it knows
	}
}
func (o *owner) Gone(err error) { o.gone <- err }

func set(t *testing.T, o Options) *Set {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pair gives a Socket of s and the other end of its connection.
func pair(t *testing.T, s *Set, o *owner, idle time.Duration) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if o.sock, err = s.Socket(near, o, idle); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return far
}

func send(t *testing.T, c net.Conn, b string) {
	t.Helper()
	if _, err := io.WriteString(c, b); err != nil {
		t.Fatal(err)
	}
}

func TestWhatComesIsHandedOverAndThenThatItEnded(t *testing.T) {
	rounds := make(chan int, 100)
	s := set(t, Options{Loops: 2, End: func(n int) { rounds <- n }})
	o := newOwner()
	c := pair(t, s, o, 0)
	send(t, c, "before")
	o.sock.Resume()
	if got := <-o.data; string(got) != "before" {
		t.Errorf("%q", got)
	}
	if n := <-rounds; n != o.sock.Loop() {
		t.Errorf("loop %d ended a round of loop %d", n, o.sock.Loop())
	}
	send(t, c, "more")
	if got := <-o.data; string(got) != "more" {
		t.Errorf("%q", got)
	}
	c.Close()
	if err := <-o.gone; !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if err := o.sock.Close(); err != nil {
		t.Error(err)
	}
	if _, err := o.sock.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	s.Close()
}

func TestAPausedSocketIsNotReadUntilItIsResumed(t *testing.T) {
	s := set(t, Options{Pace: time.Millisecond})
	o, other := newOwner(), newOwner()
	o.pause = true
	c, d := pair(t, s, o, 0), pair(t, s, other, 0)
	o.sock.Resume()
	other.sock.Resume()
	send(t, c, "1")
	<-o.data
	send(t, c, "2")
	send(t, d, "x")
	<-other.data // the loop has gone round since
	select {
	case got := <-o.data:
		t.Errorf("%q was read", got)
	default:
	}
	o.sock.Stop() // is told when it is resumed, not before
	send(t, d, "y")
	<-other.data
	select {
	case <-o.gone:
		t.Error("a paused socket was told that it is gone")
	default:
	}
	o.sock.Resume()
	for told := false; !told; {
		select {
		case err := <-o.gone:
			if told = true; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		case <-o.data: // it was read once more, which has paused it again
			o.sock.Resume()
		}
	}
	other.sock.Stop()
	<-other.gone
	if err := errors.Join(o.sock.Close(), other.sock.Close()); err != nil {
		t.Error(err)
	}
	s.Close()
}

func TestWhatIsSilentForTooLongIsGone(t *testing.T) {
	s := set(t, Options{})
	o, patient := newOwner(), newOwner()
	pair(t, s, o, tick)
	pair(t, s, patient, 0)
	patient.sock.Resume()
	o.sock.Resume()
	if err := <-o.gone; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	patient.sock.Stop()
	if err := <-patient.gone; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := errors.Join(o.sock.Close(), patient.sock.Close()); err != nil {
		t.Error(err)
	}
	s.Close()
}

func TestAReaderThatStopsMakesNobodyWaitAndGetsAllInTheEnd(t *testing.T) {
	s := set(t, Options{})
	o := newOwner()
	c := pair(t, s, o, 0)
	o.sock.Resume()
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	var all sync.WaitGroup
	begin := make(chan struct{})
	all.Go(func() {
		<-begin
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("what came is not what was sent: %v", err)
		}
	})
	n, err := o.sock.Write(want)
	if err != nil || n == len(want) {
		t.Fatalf("%d of %d bytes went into the socket: %v", n, len(want), err)
	}
	close(begin)
	for n < len(want) {
		<-o.room
		k, err := o.sock.Write(want[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	all.Wait()
	nc, err := o.sock.Detach()
	if err != nil {
		t.Fatal(err)
	}
	send(t, nc, "bye")
	got := make([]byte, 3)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "bye" {
		t.Errorf("%q, %v", got, err)
	}
	nc.Close()
	s.Close()
}

func TestASlotIsUsedAgainAndOldNewsOfItIsNobodys(t *testing.T) {
	s := set(t, Options{})
	for range 50 {
		o := newOwner()
		c := pair(t, s, o, time.Hour)
		o.sock.Resume()
		send(t, c, "x")
		<-o.data
		c.Close()
		<-o.gone
		if err := o.sock.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.loops[0].sockets); n > 2 {
		t.Errorf("%d slots for one socket at a time", n)
	}
	s.Close()
}

func TestTheWheelJudgesEachAtItsTick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel
		due := map[*Socket]int64{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				s := &Socket{}
				at := w.now + rapid.Int64Range(-1, turn+20).Draw(t, "in")
				w.put(s, at)
				due[s] = min(max(at, w.now+1), w.now+turn-1)
			case 2:
				for s := range due {
					w.drop(s)
					delete(due, s)
					break
				}
			case 3:
				now := w.now + rapid.Int64Range(1, turn+100).Draw(t, "ticks")
				if first := w.wait(); first >= 0 {
					for _, at := range due {
						if at < w.now+first {
							t.Fatalf("a wait of %d ticks is too long for %d", first, at-w.now)
						}
					}
				}
				w.advance(now, func(s *Socket) {
					if due[s] > now || due[s] == 0 {
						t.Fatalf("judged at %d, due %d", now, due[s])
					}
					delete(due, s)
				})
				for _, at := range due {
					if at <= now {
						t.Fatalf("at %d nobody judged who was due at %d", now, at)
					}
				}
			}
			if w.held != len(due) {
				t.Fatalf("%d held, want %d", w.held, len(due))
			}
		}
	})
}
