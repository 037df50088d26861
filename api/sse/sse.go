// Package sse writes Server-Sent Events (HTML Living Standard, section 9.2) to one client, with a limit on how long the
// network may take for them.
package sse

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Media is the content type of a stream.
const Media = "text/event-stream"

const (
	within = 10 * time.Second // for the network to take a flush; a client slower than that is cut off and may come back
	retry  = "2000"           // milliseconds until it does
	shrink = 1 << 20          // a larger buffer is not kept
)

// Writer gathers messages and sends them. It is for one goroutine.
type Writer struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	buf []byte
}

// New is a Writer to w. Nothing is sent until Open.
func New(w http.ResponseWriter) *Writer {
	return &Writer{w: w, rc: http.NewResponseController(w)}
}

// Open sends the headers; from then on the connection is not bound by the server's time limits.
func (s *Writer) Open() error {
	h := s.w.Header()
	h.Set("Content-Type", Media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	s.w.WriteHeader(http.StatusOK)
	s.buf = append(s.buf, "retry: "+retry+"\n\n"...)
	return s.Flush()
}

// Message adds one message; data must hold no line break, as compact JSON does not. An empty event or id is left out.
func (s *Writer) Message(event, id string, data []byte) {
	if event != "" {
		s.buf = append(append(append(s.buf, "event: "...), oneLine(event)...), '\n')
	}
	if id != "" {
		s.buf = append(append(append(s.buf, "id: "...), id...), '\n')
	}
	s.buf = append(append(append(s.buf, "data: "...), data...), '\n', '\n')
}

// Ping adds a comment, which clients pass over, to show that the line is alive.
func (s *Writer) Ping() { s.buf = append(s.buf, ": ping\n\n"...) }

// Len is how many bytes wait to be flushed.
func (s *Writer) Len() int { return len(s.buf) }

// Flush sends what was added and waits until the network has taken it. After an error the client is gone.
func (s *Writer) Flush() error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write(s.buf)
	if s.buf = s.buf[:0]; cap(s.buf) > shrink {
		s.buf = nil
	}
	if err == nil {
		err = s.rc.Flush()
	}
	return err
}

// oneLine keeps a name from breaking out of its line.
func oneLine(s string) string {
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' || s[i] == 0 {
			return strconv.Quote(s)
		}
	}
	return s
}
