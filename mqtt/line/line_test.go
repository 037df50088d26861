package line

import (
	"bytes"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hutong/mqtt/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheBufferGrowsWithWhatHasComeNotWithWhatIsPromised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		in := NewInbox(far, 100<<20)
		go near.Write([]byte("\x30\xff\xff\xff\x1f\x00\x01a")) // a packet of 64 MiB begins
		_, _, err := in.Next(time.Second, nil)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if len(in.buf) > largeBuf {
			t.Errorf("%d bytes are kept for 8", len(in.buf))
		}
		near.Close()
		far.Close()
	})
}

func TestPacketsComeWholeHoweverTheyAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		in := NewInbox(far, 1<<20)
		var all []byte
		payload := bytes.Repeat([]byte("x"), 9000)
		for range 30 {
			p := wire.Publish{Topic: []byte("t"), Payload: payload}
			all = wire.AppendEmpty(p.Append(all, wire.V5), wire.PINGREQ)
		}
		go func() {
			for i, size := 0, 1; i < len(all); i, size = i+size, size*3%70001 {
				_, _ = near.Write(all[i:min(i+size, len(all))]) // the reader's Fatal closes it
			}
			near.Close()
		}()
		pauses := 0
		for range 30 {
			header, body, err := in.Next(0, func() { pauses++ })
			if err != nil || header != 0x30 || !bytes.HasSuffix(body, payload) {
				t.Fatalf("packet %x of %d bytes: %v", header, len(body), err)
			}
			if header, _, err = in.Next(0, nil); err != nil || header != 0xc0 {
				t.Fatalf("packet %x: %v", header, err)
			}
		}
		if pauses == 0 {
			t.Error("never told that it had to wait")
		}
		if _, _, err := in.Next(0, nil); err == nil {
			t.Error("no end")
		}
		far.Close()
	})
}

func TestALargeBufferIsGivenBackWhenLittleComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		in := NewInbox(far, 1<<20)
		big := wire.Publish{Topic: []byte("t"), Payload: make([]byte, 500_000)}
		go func() {
			_, _ = near.Write(big.Append(nil, wire.V5)) // judged by the reader
			for range 50 {
				_, _ = near.Write(wire.AppendEmpty(nil, wire.PINGREQ))
			}
		}()
		for range 51 {
			if _, _, err := in.Next(0, nil); err != nil {
				t.Fatal(err)
			}
		}
		if len(in.buf) > smallBuf {
			t.Errorf("%d bytes are kept for packets of 2", len(in.buf))
		}
		near.Close()
		far.Close()
	})
}

func TestAStoppedInboxReadsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		in := NewInbox(far, 1<<20)
		over := make(chan error)
		go func() {
			_, _, err := in.Next(time.Hour, nil)
			over <- err
		}()
		synctest.Wait()
		in.Stop()
		if err := <-over; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		near.Close()
		far.Close()
	})
}

func TestAWriteThatNobodyReadsBreaksTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := NewOutbox(far, 5*time.Second)
		add := func() bool { return o.Add(func(b []byte) []byte { return append(b, make([]byte, softLimit)...) }) }
		add()
		o.Kick()
		synctest.Wait()
		add()
		if !o.Full() || o.WaitRoom(time.Second) {
			t.Error("there is room where nobody reads")
		}
		time.Sleep(5 * time.Second)
		if add() {
			t.Error("a broken outbox takes more")
		}
		o.Close(time.Second)
		near.Close()
	})
}

func TestWhatIsAddedTogetherLeavesInOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := NewOutbox(far, time.Second)
		for range 100 {
			o.Add(func(b []byte) []byte { return wire.AppendEmpty(b, wire.PINGREQ) })
		}
		go o.Close(time.Second) // sends what is there
		buf := make([]byte, 1000)
		if n, err := near.Read(buf); n != 200 || err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		synctest.Wait()
		near.Close()
	})
}

// gate is a Waiter that opens when told.
type gate struct {
	open chan struct{}
	err  error
}

func (g *gate) Wait(uint64) error {
	<-g.open
	return g.err
}

func TestAcknowledgementsWaitForTheirDebtsAndKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := NewOutbox(far, time.Minute)
		s := NewSettler(o, wire.V5)
		var settled []uint16
		s.Settled = func(a Ack) { settled = append(settled, a.ID) }
		s.Failed = func(_ Ack, err error) (wire.Reason, bool) { return ReasonOf(err, wire.UnspecifiedError), true }
		good, bad := &gate{open: make(chan struct{})}, &gate{open: make(chan struct{}), err: wire.QuotaExceeded}
		b := s.Take()
		b.Ack(wire.PUBACK, 1, 0, b.Owe(good, 1)|b.Owe(good, 2))
		b.Ack(wire.PUBACK, 2, 0, b.Owe(bad, 1))
		b.Ack(wire.PUBACK, 3, 0, 0)
		s.Send(b)
		b = s.Take()
		b.Ack(wire.PUBACK, 4, 0, 0)
		s.Send(b)
		synctest.Wait()
		if len(settled) != 0 {
			t.Errorf("%v left before the debts were paid", settled)
		}
		close(good.open)
		close(bad.open)
		want := "\x40\x02\x00\x01\x40\x03\x00\x02\x97\x40\x02\x00\x03\x40\x02\x00\x04"
		got := make([]byte, 0, 100)
		for len(got) < len(want) {
			n, err := near.Read(got[len(got):cap(got)])
			if err != nil {
				t.Fatal(err)
			}
			got = got[:len(got)+n]
		}
		if string(got) != want {
			t.Errorf("% x, want % x", got, want)
		}
		s.Wait()
		o.Close(0)
		near.Close()
	})
}
