package tracitest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Tape is what one session said: each message of the client, and SUMO's answer to it.
type Tape struct {
	Asked, Answered [][]byte // whole messages, their length in front
}

// Record listens on a port of this machine, takes one client, hands everything on to SUMO at addr and writes it down.
// Its wait function gives the tape once the client has gone.
func Record(addr string) (listen string, wait func() (*Tape, error), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	var tape Tape
	var failed error
	var done sync.WaitGroup
	done.Go(func() {
		defer l.Close()
		failed = tape.run(l, addr)
	})
	return l.Addr().String(), func() (*Tape, error) { done.Wait(); return &tape, failed }, nil
}

func (t *Tape) run(l net.Listener, addr string) error {
	client, err := l.Accept()
	if err != nil {
		return err
	}
	defer client.Close()
	sumo, err := dial(addr)
	if err != nil {
		return err
	}
	defer sumo.Close()
	for {
		asked, err := message(client)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.Asked = append(t.Asked, asked)
		if _, err := sumo.Write(asked); err != nil {
			return err
		}
		answered, err := message(sumo)
		if err != nil {
			return err
		}
		t.Answered = append(t.Answered, answered)
		if _, err := client.Write(answered); err != nil {
			return err
		}
	}
}

// dial tries for ten seconds: a SUMO that was just started reads its network first.
func dial(addr string) (net.Conn, error) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for until := time.Now().Add(10 * time.Second); ; <-again.C {
		conn, err := net.Dial("tcp", addr)
		if err == nil || time.Now().After(until) {
			return conn, err
		}
	}
}

// message reads one message, its length in front.
func message(r io.Reader) ([]byte, error) {
	b := make([]byte, 4)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(b)
	if n < 4 || n > 64<<20 {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	b = append(b, make([]byte, n-4)...)
	_, err := io.ReadFull(r, b[4:])
	return b, err
}

// Play takes one client at l and gives it the tape's answers, whatever it asks, until the tape ends or the client goes.
// from is where, after its end, the tape begins again; negative: it ends. It gives what the client asked that the tape
// doesn't hold: "" when every message was the same, byte for byte.
func (t *Tape) Play(l net.Listener, from int) (different string, err error) {
	client, err := l.Accept()
	if err != nil {
		return "", err
	}
	defer client.Close()
	in := make([]byte, 64<<10)
	for i := 0; ; i++ {
		if i == len(t.Answered) {
			if from < 0 {
				return different, nil
			}
			i = from
		}
		asked, err := messageInto(client, &in)
		if errors.Is(err, io.EOF) {
			return different, nil
		}
		if err != nil {
			return different, err
		}
		if different == "" && !bytes.Equal(asked, t.Asked[i]) {
			different = fmt.Sprintf("message %d is %x, on the tape it is %x", i, asked, t.Asked[i])
		}
		if _, err := client.Write(t.Answered[i]); err != nil {
			return different, err
		}
	}
}

// messageInto is message without new room for each.
func messageInto(r io.Reader, room *[]byte) ([]byte, error) {
	b := *room
	if _, err := io.ReadFull(r, b[:4]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < 4 || n > 64<<20 {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	if n > len(b) {
		b = append(b, make([]byte, n-len(b))...)
		*room = b
	}
	_, err := io.ReadFull(r, b[4:n])
	return b[:n], err
}

// Bytes gives the tape as one file: asked and answered in turn.
func (t *Tape) Bytes() []byte {
	var all []byte
	for i := range t.Answered {
		all = append(append(all, t.Asked[i]...), t.Answered[i]...)
	}
	return all
}

// ReadTape reads what Bytes gave.
func ReadTape(b []byte) (*Tape, error) {
	var t Tape
	for r := bytes.NewReader(b); ; {
		asked, err := message(r)
		if errors.Is(err, io.EOF) {
			return &t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("tracitest: a tape: %w", err)
		}
		answered, err := message(r)
		if err != nil {
			return nil, fmt.Errorf("tracitest: a tape: %w", err)
		}
		t.Asked, t.Answered = append(t.Asked, asked), append(t.Answered, answered)
	}
}
