package sse

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMessagesAreWrittenAsTheStandardSays(t *testing.T) {
	w := httptest.NewRecorder()
	s := New(w)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	s.Message("on", "7", []byte("true"))
	s.Message("", "", []byte("1"))
	s.Message("a\nid: 9", "", []byte("2"))
	s.Ping()
	if w.Body.String() != "retry: 2000\n\n" || s.Len() == 0 {
		t.Errorf("sent before the flush: %q", w.Body)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "retry: 2000\n\nevent: on\nid: 7\ndata: true\n\ndata: 1\n\nevent: \"a\\nid: 9\"\ndata: 2\n\n: ping\n\n"
	if w.Body.String() != want || w.Header().Get("Content-Type") != Media || s.Len() != 0 {
		t.Errorf("%q\nwant %q", w.Body, want)
	}
}

// once is a listener with one connection.
type once struct {
	conn   chan net.Conn
	closed chan struct{}
}

func (l once) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l once) Close() error { close(l.closed); return nil }
func (once) Addr() net.Addr { return &net.TCPAddr{} }

func TestAClientThatNeverReadsIsCutOffAndOneThatReadsIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		l := once{make(chan net.Conn, 1), make(chan struct{})}
		l.conn <- near
		ended := make(chan error, 1)
		var took time.Duration
		srv := &http.Server{WriteTimeout: time.Second, ReadTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := New(w)
			err := s.Open()
			for range 5 { // this long the client reads, well past the server's own limits
				time.Sleep(5 * time.Second)
				s.Message("", "", []byte("1"))
				err = errors.Join(err, s.Flush())
			}
			if err != nil || r.Context().Err() != nil {
				t.Errorf("while the client read: %v, %v", err, r.Context().Err())
			}
			start := time.Now()
			for err == nil {
				s.Message("", "", []byte(strings.Repeat("x", 1<<20)))
				err = s.Flush()
			}
			took = time.Since(start)
			ended <- err
		})}
		go func() { _ = srv.Serve(l) }() // ends with Close
		if _, err := far.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		buf, seen := make([]byte, 4096), ""
		for strings.Count(seen, "data: 1\n\n") < 5 {
			n, err := far.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			seen += string(buf[:n])
		}
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || took != within {
			t.Errorf("after %v: %v", took, err)
		}
		if err := errors.Join(srv.Close(), far.Close()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}
