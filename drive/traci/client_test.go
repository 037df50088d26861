package traci_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hutong/drive/traci"
	"hutong/drive/traci/tracitest"
)

// tape is the session as SUMO's Python client held it with SUMO 1.15.0 (interop/sumo_test.go records it).
func tape(t testing.TB) *tracitest.Tape {
	t.Helper()
	packed, err := os.ReadFile("testdata/session.tape.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	all, err := tracitest.ReadTape(b)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheClientSaysByteForByteWhatThePythonClientSaid(t *testing.T) {
	recorded := tape(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	type end struct {
		different string
		err       error
	}
	played := make(chan end, 1)
	go func() {
		different, err := recorded.Play(l, -1)
		played <- end{different, err}
	}()
	c, err := traci.Dial(t.Context(), l.Addr().String(), traci.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := tracitest.Session(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if e := <-played; e.err != nil || e.different != "" {
		t.Fatal(e.different, e.err)
	}
	if len(lines) < 1500 || lines[0] != "version 20 SUMO 1.15.0" {
		t.Errorf("learnt %d things, the first %q", len(lines), lines[0])
	}
}

// with gives a client of a SUMO that answers each message with the next answer.
func with(t *testing.T, answers ...string) *traci.Client {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		head := make([]byte, 4)
		for _, a := range answers {
			if _, err := io.ReadFull(far, head); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, far, int64(head[2])<<8+int64(head[3])-4); err != nil {
				return
			}
			if _, err := far.Write([]byte(a)); err != nil {
				return
			}
		}
	}()
	c := traci.NewClient(near, traci.Options{})
	t.Cleanup(c.Abort)
	return c
}

// ok is the status of a command that went well.
func ok(cmd byte) string { return "\x07" + string([]byte{cmd}) + "\x00\x00\x00\x00\x00" }

func framed(body string) string {
	n := len(body) + 4
	return string([]byte{0, 0, byte(n >> 8), byte(n)}) + body
}

func TestARefusalSaysTheCommandAndWhatSUMOAnsweredAndTheClientGoesOn(t *testing.T) {
	c := with(t,
		framed("\x0d\xc4\xff\x00\x00\x00\x06not so"),
		framed(ok(0xc4)))
	err := c.SetSpeed("ego", 3)
	var refused *traci.Error
	if !errors.As(err, &refused) || refused.Text != "not so" || refused.Command != `vehicle: set 0x40 of "ego"` || refused.Unknown {
		t.Errorf("got %#v", err)
	}
	if err := c.SetSpeed("ego", 3); err != nil {
		t.Errorf("after a refusal the client is of no use: %v", err)
	}
}

func TestOfManyCommandsInOneMessageEachRefusalIsTold(t *testing.T) {
	c := with(t, framed(ok(0xc4)+"\x0a\xc4\xff\x00\x00\x00\x03one"+"\x0a\xc4\x01\x00\x00\x00\x03two"))
	err := c.Together(func() error {
		return errors.Join(c.SetSpeed("a", 1), c.SetSpeed("b", 2), c.SetSpeed("c", 3))
	})
	if err == nil || !strings.Contains(err.Error(), `"b": SUMO answered: one`) ||
		!strings.Contains(err.Error(), `"c": SUMO doesn't know this command: two`) || strings.Contains(err.Error(), `"a"`) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsAskedWithinTogether(t *testing.T) {
	c := with(t, framed(ok(0xc4)))
	err := c.Together(func() error {
		_, asked := c.Time()
		return errors.Join(asked, c.SetSpeed("a", 1))
	})
	if err == nil || !strings.Contains(err.Error(), "within Together") {
		t.Errorf("got %v", err)
	}
}

func TestAnswersThatMakeNoSenseBreakTheConnectionWithWords(t *testing.T) {
	for name, answer := range map[string]string{
		"a shorter message than a message can be": "\x00\x00\x00\x03",
		"far too long a message":                  "\x7f\xff\xff\xff",
		"the status of another command":           framed(ok(0xa5)),
		"a status longer than it says":            framed("\x06\xab\x00\x00\x00\x00\x00"),
		"a status cut short":                      framed("\x07\xab\x00\x00"),
		"no value":                                framed(ok(0xab)),
		"a value of an unknown kind":              framed(ok(0xab) + "\x09\xbb\x66\x00\x00\x00\x00\x77\x00"),
		"an answer about something else":          framed(ok(0xab) + "\x10\xbb\x65\x00\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00"),
		"bytes after the value":                   framed(ok(0xab) + "\x11\xbb\x66\x00\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"more than was announced":                 framed(ok(0xab)) + "more",
		"an end in the middle":                    "\x00\x00\x01\x00abc",
	} {
		c := with(t, answer)
		_, err := c.Time()
		if err == nil {
			t.Errorf("%s went well", name)
			continue
		}
		if !strings.Contains(err.Error(), "simulation: get 0x66") {
			t.Errorf("%s: the error doesn't say the command: %v", name, err)
		}
		if again := c.SetSpeed("ego", 1); again == nil {
			t.Errorf("%s: the client goes on", name)
		}
	}
}

func TestASilentSUMOIsAnErrorAfterTheClientsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		c := traci.NewClient(near, traci.Options{Patience: 3 * time.Second})
		began := time.Now()
		err := c.Step(context.Background(), 0)
		if took := time.Since(began); took != 3*time.Second || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		far.Close()
	})
}

func TestAStepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		c := traci.NewClient(near, traci.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := c.Step(ctx, 0)
		if took := time.Since(began); took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		if err := c.Step(t.Context(), 0); err == nil {
			t.Error("a connection with an answer still to come was used again")
		}
		far.Close()
	})
}

func TestWithoutSUMOTheErrorSaysHowToGetIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := traci.Start(t.Context(), traci.Command{})
	if !errors.Is(err, traci.ErrAbsent) || !strings.Contains(err.Error(), "apt-get install sumo") {
		t.Errorf("got %v", err)
	}
}

func TestAProgramThatEndsAtOnceIsToldWithWhatItSaid(t *testing.T) {
	fake := filepath.Join(t.TempDir(), "sumo")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho no such net >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := traci.Start(t.Context(), traci.Command{Binary: fake})
	if err == nil || !strings.Contains(err.Error(), "no such net") {
		t.Errorf("got %v", err)
	}
}

func TestAStepOfManyVehiclesAllocatesNothing(t *testing.T) {
	recorded := tape(t)
	var longest []byte
	for i, a := range recorded.Answered {
		if step := recorded.Asked[i][5] == 2; step && len(a) > len(longest) {
			longest = a
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	again := tracitest.Tape{Asked: [][]byte{nil}, Answered: [][]byte{longest}}
	go func() { _, _ = again.Play(l, 0) }()
	c, err := traci.Dial(t.Context(), l.Addr().String(), traci.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	step := func() {
		if err := c.Step(context.Background(), 0); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if len(c.Results().Objects) == 0 {
		t.Fatal("the longest answer of the tape is not that of a step")
	}
	if n := testing.AllocsPerRun(50, step); n > 4 { // the reader, and lists of ids that came and went
		t.Errorf("a step allocates %v times", n)
	}
}
