package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hutong/mqtt/client"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server that clients reach by pipes, which can be cut and kept closed.
type house struct {
	t *testing.T
	*server.Server

	mu    sync.Mutex
	open  bool
	pipes []net.Conn
	dials []time.Time
}

func in(t *testing.T, o server.Options, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := server.New(o)
		if err != nil {
			t.Fatal(err)
		}
		f(t, &house{t: t, Server: s, open: true})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func (h *house) dial(context.Context, string, string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials = append(h.dials, time.Now())
	if !h.open {
		return nil, errors.New("the house is shut")
	}
	near, far := net.Pipe()
	h.pipes = append(h.pipes, near)
	go h.ServeConn(far)
	return near, nil
}

func (h *house) cut(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = open
	for _, p := range h.pipes {
		p.Close()
	}
	h.pipes = nil
}

func (h *house) join(o client.Options) *client.Client {
	h.t.Helper()
	o.URL, o.Dialer = "mqtt://house", h.dial
	c, err := client.Dial(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestAClientComesBackAndSubscribesAgain(t *testing.T) {
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			in(t, server.Options{}, func(t *testing.T, h *house) {
				var ups, downs int
				c := h.join(client.Options{
					Version: version, CleanStart: true,
					OnConnect: func(bool) { ups++ }, OnDisconnect: func(error) { downs++ },
				})
				defer c.Close()
				got := make(chan string, 10)
				if err := c.Subscribe(t.Context(), "a/+", 1, func(m *tap.Message) { got <- string(m.Payload) }); err != nil {
					t.Fatal(err)
				}
				h.cut(true)
				time.Sleep(time.Minute)
				if err := h.Publish(t.Context(), &tap.Message{Topic: "a/b", Payload: []byte("x"), QoS: 1}); err != nil {
					t.Fatal(err)
				}
				if s := <-got; s != "x" {
					t.Errorf("got %q", s)
				}
				if ups != 2 || downs != 1 || !c.Connected() || c.Version() != version {
					t.Errorf("%d connections, %d losses, version %d", ups, downs, c.Version())
				}
			})
		})
	}
}

func TestAttemptsGrowRarerAndAreNotInStep(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, h *house) {
		c := h.join(client.Options{MinBackoff: time.Second, MaxBackoff: 16 * time.Second})
		defer c.Close()
		h.cut(false)
		time.Sleep(10 * time.Minute)
		h.mu.Lock()
		defer h.mu.Unlock()
		n := len(h.dials)
		if n < 10*60/24 || n > 10*60/8+6 {
			t.Errorf("%d attempts in ten minutes", n)
		}
		pauses := map[time.Duration]bool{}
		for i := 2; i < n; i++ {
			d := h.dials[i].Sub(h.dials[i-1])
			if pauses[d] = true; d > 24*time.Second {
				t.Errorf("a pause of %v", d)
			}
		}
		if len(pauses) < n/2 {
			t.Errorf("only %d different pauses in %d attempts", len(pauses), n)
		}
	})
}

func TestAMessageIsSentAgainUntilItIsAcknowledged(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, h *house) {
		var mu sync.Mutex
		heard := map[string]int{}
		detach, err := h.Attach(taps(func(m *tap.Message) {
			mu.Lock()
			defer mu.Unlock()
			heard[string(m.Payload)]++
		}), "#")
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		c := h.join(client.Options{SessionExpiry: time.Hour, ClientID: "c"})
		defer c.Close()
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				m := &tap.Message{Topic: "t", Payload: fmt.Append(nil, i), QoS: 1 + byte(i%2)}
				if err := c.Publish(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
			if i%10 == 5 {
				h.cut(i != 15)
			}
			if i == 20 {
				time.Sleep(10 * time.Second)
				h.cut(true)
			}
		}
		wg.Wait()
		mu.Lock()
		defer mu.Unlock()
		for i := range 30 {
			n := heard[fmt.Sprint(i)]
			if n == 0 || i%2 == 1 && n != 1 {
				t.Errorf("message %d of QoS %d was heard %d times", i, 1+i%2, n)
			}
		}
	})
}

// taps is a Tap of one function, which keeps everything at once.
type taps func(m *tap.Message)

func (f taps) Route(string) tap.Sink { return f }
func (f taps) Wait(uint64) error     { return nil }
func (f taps) Publish(m *tap.Message) uint64 {
	f(m)
	return 1
}

func TestQoS0FailsWhileThereIsNoConnection(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, h *house) {
		c := h.join(client.Options{})
		h.cut(false)
		synctest.Wait()
		if err := c.Publish(t.Context(), &tap.Message{Topic: "t"}); !errors.Is(err, client.ErrOffline) {
			t.Errorf("QoS 0: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Publish(ctx, &tap.Message{Topic: "t", QoS: 1})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, client.ErrOffline) {
			t.Errorf("QoS 1: %v", err)
		}
		if err := c.Publish(t.Context(), &tap.Message{Topic: "t/#", QoS: 1}); !errors.Is(err, wire.TopicNameInvalid) {
			t.Errorf("a wildcard: %v", err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := c.Publish(t.Context(), &tap.Message{Topic: "t", QoS: 1}); !errors.Is(err, client.ErrClosed) {
				t.Errorf("at the end: %v", err)
			}
		})
		synctest.Wait()
		c.Close()
		wg.Wait()
		if err := c.Subscribe(t.Context(), "x", 0, func(*tap.Message) {}); !errors.Is(err, client.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestARefusalIsAReasonAtOnce(t *testing.T) {
	o := server.Options{
		Authenticate: func(_ context.Context, who *server.Login) error {
			if who.Username != "ann" || string(who.Password) != "p@ss" {
				return wire.BadCredentials
			}
			return nil
		},
		Authorize: func(_ *server.Login, topic string, _ bool) error {
			if topic == "secret" {
				return wire.NotAuthorized
			}
			return nil
		},
	}
	in(t, o, func(t *testing.T, h *house) {
		for _, version := range []byte{4, 5} {
			if _, err := client.Dial(t.Context(), client.Options{URL: "mqtt://ann:no@house", Dialer: h.dial, Version: version}); !errors.Is(err, wire.BadCredentials) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		c, err := client.Dial(t.Context(), client.Options{URL: "mqtt://ann:p%40ss@house", Dialer: h.dial})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Subscribe(t.Context(), "secret", 0, func(*tap.Message) {}); !errors.Is(err, wire.NotAuthorized) {
			t.Errorf("subscribe: %v", err)
		}
		if err := c.Publish(t.Context(), &tap.Message{Topic: "secret", QoS: 1}); !errors.Is(err, wire.NotAuthorized) {
			t.Errorf("publish: %v", err)
		}
		if err := c.Publish(t.Context(), &tap.Message{Topic: "open", QoS: 2}); err != nil {
			t.Errorf("publish: %v", err)
		}
	})
}

func TestATapHearsThroughAClientWhatItHearsFromAServer(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, h *house) {
		if err := h.Publish(t.Context(), &tap.Message{Topic: "a/old", Payload: []byte("kept"), QoS: 1, Retain: true}); err != nil {
			t.Fatal(err)
		}
		c := h.join(client.Options{})
		defer c.Close()
		heard := make(chan string, 10)
		detach, err := c.Attach(taps(func(m *tap.Message) {
			heard <- fmt.Sprintf("%s %s %v", m.Topic, m.Payload, m.Retain)
		}), "a/#")
		if err != nil {
			t.Fatal(err)
		}
		f := func(want string) {
			t.Helper()
			if got := <-heard; got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
		f("a/old kept true")
		if err := c.Publish(t.Context(), &tap.Message{Topic: "a/own", Payload: []byte("mine"), QoS: 1}); err != nil {
			t.Fatal(err)
		}
		if err := h.Publish(t.Context(), &tap.Message{Topic: "a/live", Payload: []byte("x"), QoS: 1, Retain: true}); err != nil {
			t.Fatal(err)
		}
		f("a/live x false")
		detach()
		synctest.Wait()
		if st := h.Stats(); st.Subscriptions != 0 {
			t.Errorf("%d subscriptions left", st.Subscriptions)
		}
		if _, err := c.Attach(taps(nil), "a#"); err == nil {
			t.Error("a bad filter was taken")
		}
	})
}

func TestABrokerThatFallsSilentIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := make(chan error, 10)
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				buf := make([]byte, 1000)
				_, _ = far.Read(buf)                         // CONNECT
				_, _ = far.Write([]byte("\x20\x02\x00\x00")) // CONNACK of 3.1.1
				for {
					if _, err := far.Read(buf); err != nil { // PINGREQ, never answered
						return
					}
				}
			}()
			return near, nil
		}
		begin := time.Now()
		c, err := client.Dial(t.Context(), client.Options{
			URL: "mqtt://x", Version: 4, Dialer: dial, KeepAlive: 10 * time.Second, OnDisconnect: func(err error) { lost <- err },
		})
		if err != nil {
			t.Fatal(err)
		}
		err = <-lost
		if took := time.Since(begin); took < 10*time.Second || took > 25*time.Second {
			t.Errorf("left after %v: %v", took, err)
		}
		c.Close()
	})
}

func TestAnOldBrokerIsSpokenToInItsOwnVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var versions []byte
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				buf := make([]byte, 1000)
				_, _ = far.Read(buf)
				versions = append(versions, buf[8])
				if buf[8] != 4 {
					_, _ = far.Write([]byte("\x20\x02\x00\x01"))
					return
				}
				_, _ = far.Write([]byte("\x20\x02\x00\x00"))
				_, _ = far.Read(buf)
			}()
			return near, nil
		}
		c, err := client.Dial(t.Context(), client.Options{URL: "mqtt://x", Dialer: dial})
		if err != nil {
			t.Fatal(err)
		}
		if c.Version() != 4 || string(versions) != "\x05\x04" {
			t.Errorf("version %d after asking for %v", c.Version(), versions)
		}
		c.Close()
	})
}

func TestBadURLsAreRefused(t *testing.T) {
	for _, url := range []string{"", "house", "http://house", "mqtt://", "mqtt://a b", "://"} {
		if c, err := client.Start(client.Options{URL: url}); err == nil {
			c.Close()
			t.Errorf("%q was taken", url)
		}
	}
	if _, err := client.Start(client.Options{URL: "mqtt://ann:secret@host:x"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is shown: %v", err)
	}
}

func TestTLSAndWebSocketCarryTheSame(t *testing.T) {
	s, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s.WebSocket())
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake
	web.StartTLS()                                   // its certificate is for example.com
	defer web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- s.ServeTLS(l, &tls.Config{Certificates: web.TLS.Certificates}) }()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	conf := &tls.Config{RootCAs: roots, ServerName: "example.com"}
	for _, url := range []string{"mqtts://" + l.Addr().String(), strings.Replace(web.URL, "https", "wss", 1)} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		c, err := client.Dial(ctx, client.Options{URL: url, TLS: conf})
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		got := make(chan string, 1)
		if err := c.Subscribe(ctx, "x", 2, func(m *tap.Message) { got <- string(m.Payload) }); err != nil {
			t.Fatal(err)
		}
		big := strings.Repeat("x", 200_000)
		if err := c.Publish(ctx, &tap.Message{Topic: "x", Payload: []byte(big), QoS: 2}); err != nil {
			t.Fatal(err)
		}
		if s := <-got; s != big {
			t.Errorf("%s: %d bytes came back", url, len(s))
		}
		c.Close()
		failed := make(chan error, 10)
		c, err = client.Start(client.Options{URL: url, TLS: &tls.Config{}, OnDisconnect: func(err error) { failed <- err }})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: a certificate nobody vouches for: %v", url, err)
		}
		c.Close()
		cancel()
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-over; !errors.Is(err, server.ErrClosed) {
		t.Error(err)
	}
}
