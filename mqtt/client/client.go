// Package client is an MQTT client that stays connected: it comes back by itself, subscribes again, and sends again
// what was not acknowledged. It is a Broker, so a program may live in an outside broker as in its own server.
package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"sync"
	"time"

	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

// The errors of a Client.
var (
	// ErrOffline says that there is no connection just now.
	ErrOffline = errors.New("mqtt: not connected")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("mqtt: client closed")
)

// Options say whom a Client connects to and how. Only URL is needed.
type Options struct {
	URL string // mqtt:// mqtts:// ws:// or wss://, [user[:password]@]host[:port][/path]; default ports 1883, 8883, 80, 443

	ClientID      string // random when empty
	Username      string // in place of the URL's
	Password      string
	Version       byte          // 5, and 4 (MQTT 3.1.1) with a broker that knows no more; 4 is that only
	CleanStart    bool          // begin with a new session; later connections resume it while SessionExpiry lasts
	SessionExpiry time.Duration // how long the broker keeps the session; 0: MQTT 5 not at all, 3.1.1 per CleanStart
	KeepAlive     time.Duration // 30 s
	Will          *tap.Message  // published by the broker when the client is lost
	WillDelay     time.Duration // MQTT 5

	TLS            *tls.Config // for mqtts and wss
	Dialer         func(ctx context.Context, network, addr string) (net.Conn, error)
	ConnectTimeout time.Duration // 10 s, from dialling to CONNACK
	MinBackoff     time.Duration // 250 ms, before the first new attempt; it doubles, with jitter
	MaxBackoff     time.Duration // 30 s
	ReceiveMaximum int           // QoS 1 and 2 messages the broker may send ahead; 256
	MaxPacket      int           // bytes the broker may send at once; 16 MiB

	// OnConnect is called after each CONNACK, OnDisconnect when a connection was lost or an attempt failed. Both must
	// return soon.
	OnConnect    func(sessionPresent bool)
	OnDisconnect func(err error)
	// Log takes one line for each lost connection and refused subscription; nil for none.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.KeepAlive = cmp.Or(o.KeepAlive, 30*time.Second)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.MinBackoff = cmp.Or(o.MinBackoff, 250*time.Millisecond)
	o.MaxBackoff = cmp.Or(o.MaxBackoff, 30*time.Second)
	o.ReceiveMaximum = cmp.Or(o.ReceiveMaximum, 256)
	o.MaxPacket = cmp.Or(o.MaxPacket, 16<<20)
	o.Version = cmp.Or(o.Version, wire.V5)
	o.ClientID = cmp.Or(o.ClientID, "hutong-"+rand.Text())
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dialer == nil {
		o.Dialer = (&net.Dialer{}).DialContext
	}
	return o
}

// Client is a connection to a broker that is made anew whenever it breaks. All methods may be called from any
// goroutine.
type Client struct {
	opts   Options
	target target
	cancel context.CancelFunc
	done   chan struct{} // closed when run is over
	everUp chan struct{} // closed by the first connection
	inbox  dispatcher

	mu      sync.Mutex
	link    *link         // nil while there is no connection
	up      chan struct{} // closed while there is a connection
	freed   chan struct{} // closed when a packet identifier was freed; nil when nobody waits
	closed  bool
	version byte
	started bool // a connection was made before
	flights map[uint16]*flight
	lastID  uint16
	lastSeq uint64
	subs    map[string]*subscription
	entries []*entry
	gen     uint64          // changes when kept routes are out of date
	qos2    map[uint16]bool // QoS 2 messages received and not released; true when they may be acknowledged
	before  *link           // the connection before this one
	settles sync.WaitGroup  // acknowledgements of lost connections that still wait
}

// Start begins to connect and returns at once. Close the Client when it is no longer needed.
func Start(o Options) (*Client, error) {
	c, _, err := start(o)
	return c, err
}

// Dial is Start, and waits for the first connection. Network errors are tried again until ctx ends; that the broker
// refuses is an error at once, a wire.Reason.
func Dial(ctx context.Context, o Options) (*Client, error) {
	c, failed, err := start(o)
	if err != nil {
		return nil, err
	}
	var last error
	for {
		select {
		case <-c.everUp:
			return c, nil
		case err := <-failed:
			var refused wire.Reason
			if last = err; errors.As(err, &refused) {
				c.Close()
				return nil, err
			}
		case <-ctx.Done():
			c.Close()
			return nil, fmt.Errorf("mqtt: connect to %s: %w", c.target.addr, errors.Join(ctx.Err(), last))
		}
	}
}

func start(o Options) (*Client, <-chan error, error) {
	t, err := parseURL(&o)
	if err != nil {
		return nil, nil, err
	}
	o = o.withDefaults()
	if o.Version != wire.V5 && o.Version != wire.V311 {
		return nil, nil, fmt.Errorf("mqtt: version %d is not known, only 4 and 5", o.Version)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{
		opts: o, target: t, cancel: cancel, done: make(chan struct{}), everUp: make(chan struct{}), up: make(chan struct{}), version: o.Version,
		flights: map[uint16]*flight{}, subs: map[string]*subscription{}, qos2: map[uint16]bool{},
	}
	c.inbox.init()
	first := make(chan error, 1)
	go c.run(ctx, first)
	return c, first, nil
}

// run keeps the connection until ctx ends. failed is told why an attempt failed, if it has room.
func (c *Client) run(ctx context.Context, failed chan<- error) {
	defer close(c.done)
	pause := c.opts.MinBackoff
	for ctx.Err() == nil {
		born := time.Now()
		l, err := c.connect(ctx)
		if err == nil {
			err = l.serve(ctx)
			c.down(l)
		} else {
			select {
			case failed <- err:
			default:
			}
		}
		if ctx.Err() != nil {
			return
		}
		c.opts.Log.Info("mqtt: not connected", "broker", c.target.addr, "error", err)
		if c.opts.OnDisconnect != nil {
			c.opts.OnDisconnect(err)
		}
		// A connection that lasted was a success; one that was cut at once (taken over, say) was none.
		if l != nil && time.Since(born) > 5*time.Second {
			pause = c.opts.MinBackoff
		}
		select {
		case <-time.After(pause/2 + mrand.N(pause)):
		case <-ctx.Done():
		}
		pause = min(2*pause, c.opts.MaxBackoff)
	}
}

// Connected says whether there is a connection now.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link != nil
}

// Version is the protocol version spoken last: 4 or 5.
func (c *Client) Version() byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// Dropped is how many QoS 0 messages were not handed over because handlers were too slow.
func (c *Client) Dropped() int64 { return c.inbox.dropped.Load() }

// Close says goodbye to the broker, so that no will is published, and ends the connection. Messages not acknowledged
// are given up with ErrClosed. It waits for the handler that is running, so a handler must not call it.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		<-c.done
		return nil
	}
	c.closed = true
	flights := c.flights
	c.flights = map[uint16]*flight{}
	for _, s := range c.subs {
		s.finish(ErrClosed)
	}
	l := c.link
	c.mu.Unlock()
	for _, f := range flights {
		f.finish(ErrClosed)
	}
	c.inbox.close()
	if l != nil {
		l.goodbye()
	}
	c.cancel()
	<-c.done
	c.inbox.wait()
	c.settles.Wait()
	return nil
}

// await waits for a connection.
func (c *Client) await(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		l, up, closed := c.link, c.up, c.closed
		c.mu.Unlock()
		switch {
		case closed:
			return nil, ErrClosed
		case l != nil:
			return l, nil
		}
		select {
		case <-up:
		case <-c.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, errors.Join(ErrOffline, ctx.Err())
		}
	}
}
