package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hutong/api/sse"
)

const (
	maxStreams = 2048 // at once, of everybody
	pingEvery  = 15 * time.Second
	checkEvery = time.Minute // whether the token is still good
	flushAt    = 64 << 10    // bytes gathered before they are sent
)

// stream is an answer that runs body until it returns or the client, the hub or the token ends. body subscribes first
// and opens the stream then, so that a client whose stream is open misses nothing.
func (a *API) stream(c *call, body func(ctx context.Context, s *sse.Writer) error) (*answer, error) {
	if c.Method == http.MethodHead {
		return (&answer{status: http.StatusOK}).set("Content-Type", sse.Media), nil
	}
	if a.streams.Add(1) > maxStreams {
		a.streams.Add(-1)
		return nil, fail(http.StatusServiceUnavailable, "%d clients are listening already, which is the most", maxStreams).with("Retry-After", "10")
	}
	run := func(c *call) error {
		defer a.streams.Add(-1)
		ctx, cancel := context.WithCancel(c.Context())
		defer cancel()
		defer context.AfterFunc(a.life, cancel)()
		return body(ctx, sse.New(c.w))
	}
	return &answer{status: http.StatusOK, stream: run}, nil
}

// pinger tells when to say that the line is alive, and looks now and then whether its holder is still welcome.
type pinger struct {
	*time.Ticker
	c     *call
	check time.Time
}

func newPinger(c *call) *pinger {
	return &pinger{Ticker: time.NewTicker(pingEvery), c: c, check: time.Now().Add(checkEvery)}
}

func (p *pinger) ping(s *sse.Writer) error {
	s.Ping()
	return s.Flush()
}

// welcome is an error, which ends the stream, once its token was revoked or has expired.
func (p *pinger) welcome() error {
	if time.Now().Before(p.check) {
		return nil
	}
	p.check = time.Now().Add(checkEvery)
	if by, _, err := p.c.api.Access.Holder(p.c.token); err != nil || by != p.c.by {
		return errors.New("the token is no longer good")
	}
	return nil
}
