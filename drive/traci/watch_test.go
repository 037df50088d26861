package traci_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"hutong/drive/traci"
)

// counting is a SUMO that answers each step with the number of steps made, as what is subscribed of "sim". It writes
// answers several at a time where it can. It ends after the step last.
func counting(t *testing.T, last int) (c *traci.Client, steps <-chan int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan int, 1)
	go func() {
		n := 0
		defer func() { made <- n }()
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		message := make([]byte, 4+10) // a step's: length, id, time
		for n < last {
			if _, err := io.ReadFull(conn, message); err != nil {
				return
			}
			n++
			value := string([]byte{0x66, 0, 0x09, 0, 0, 0, byte(n)}) // an integer
			block := "\xeb\x00\x00\x00\x03sim\x01" + value           // of the simulation, one variable
			body := ok(0x02) + "\x00\x00\x00\x01" + string([]byte{byte(len(block) + 1)}) + block
			if _, err := conn.Write([]byte(framed(body))); err != nil {
				return
			}
		}
	}()
	if c, err = traci.Dial(t.Context(), l.Addr().String(), traci.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Abort(); l.Close() })
	return c, made
}

func number(r *traci.Results) int { return int(r.Objects[0].Values[0].Int) }

func TestWhoWatchesSeesEachStepOnceAndInOrder(t *testing.T) {
	c, steps := counting(t, 1000)
	next := 1
	err := c.Watch(t.Context(), func(r *traci.Results) bool {
		if number(r) != next {
			t.Errorf("step %d comes as the %d.", number(r), next)
		}
		next++
		return next <= 100
	})
	if err != nil || next != 101 {
		t.Fatalf("saw %d steps, %v", next-1, err)
	}
	at := number(c.Results())
	if at < 100 || at > 102 {
		t.Errorf("it stands at step %d", at)
	}
	if err := c.Step(t.Context(), 0); err != nil || number(c.Results()) != at+1 {
		t.Errorf("the step after it: %d, %v", number(c.Results()), err)
	}
	c.Abort()
	if n := <-steps; n != at+1 {
		t.Errorf("SUMO made %d steps", n)
	}
}

func TestWatchingEndsWithSUMOOrTheContext(t *testing.T) {
	c, _ := counting(t, 7)
	seen := 0
	err := c.Watch(t.Context(), func(*traci.Results) bool { seen++; return true })
	if err == nil || !strings.Contains(err.Error(), "connection to SUMO is lost") || seen != 7 {
		t.Errorf("after %d steps: %v", seen, err)
	}
	if err := c.Step(t.Context(), 0); err == nil {
		t.Error("a client that has lost SUMO goes on")
	}
	c, _ = counting(t, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = c.Watch(ctx, func(r *traci.Results) bool {
		if number(r) == 5 {
			cancel()
		}
		return true
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody wants it any more: %v", err)
	}
}
