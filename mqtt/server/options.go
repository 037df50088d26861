package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"hutong/mqtt/kept"
)

// Options say how a Server behaves. The zero value is an open server with the limits given below.
type Options struct {
	// Authenticate judges a CONNECT before anything else is done for it; nil lets everybody in. A Reason among the
	// errors it returns is told to the client, any other error as BadCredentials. It may set Login.Grant.
	Authenticate func(ctx context.Context, who *Login) error
	// Authorize judges whether who may publish to topic (write) or subscribe to it, when topic is a filter; nil
	// allows all. It is asked once for each connection and topic, until Server.Forget, and once for each filter of
	// a SUBSCRIBE. A Reason among the errors it returns is told to the client, any other error as NotAuthorized.
	Authorize func(who *Login, topic string, write bool) error
	// Store keeps retained messages and durable sessions over restarts; nil keeps them in memory only.
	Store kept.Store
	// Log takes one line for each refused or broken connection; nil for none.
	Log *slog.Logger

	// Loops is how many goroutines read the connections without TLS; 0 is one for each two CPUs, and -1 gives each
	// connection a goroutine of its own, as those with TLS and WebSockets have.
	Loops int

	MaxConnections   int           // 65,536
	MaxPacket        int           // bytes of one packet that a client may send; 1 MiB + 64 KiB
	MaxKeepAlive     time.Duration // MQTT 5 clients are held to this; 0 leaves it to them
	MaxSessionExpiry time.Duration // how long a session outlives its connection at most; 30 days
	MaxSubscriptions int           // of one session; 1,000
	MaxRetained      int           // messages; 200,000
	MaxRetainedBytes int           // 512 MiB
	MaxQueue         int           // QoS 1 and 2 messages that wait for one client; 4,096
	MaxQueueBytes    int           // of the same; 16 MiB
	MaxInflight      int           // of those, sent and not acknowledged; 256, or what the client says if fewer
	ReceiveMaximum   int           // QoS 1 and 2 messages of one MQTT 5 client not yet acknowledged; 1,024
	TopicAliases     int           // for each direction of a connection; 64. -1 for none
	ConnectTimeout   time.Duration // from accept to a complete CONNECT; 10 s
	Patience         time.Duration // how long a client may neither read nor acknowledge while others wait; 20 s
	SlowGrace        time.Duration // how long a QoS 0 message waits for a slow reader before it is dropped; 100 ms
}

func (o Options) withDefaults() Options {
	o.MaxConnections = cmp.Or(o.MaxConnections, 1<<16)
	o.MaxPacket = cmp.Or(o.MaxPacket, 1<<20+64<<10)
	o.MaxSessionExpiry = cmp.Or(o.MaxSessionExpiry, 30*24*time.Hour)
	o.MaxSubscriptions = cmp.Or(o.MaxSubscriptions, 1000)
	o.MaxRetained = cmp.Or(o.MaxRetained, 200_000)
	o.MaxRetainedBytes = cmp.Or(o.MaxRetainedBytes, 512<<20)
	o.MaxQueue = cmp.Or(o.MaxQueue, 4096)
	o.MaxQueueBytes = cmp.Or(o.MaxQueueBytes, 16<<20)
	o.MaxInflight = cmp.Or(o.MaxInflight, 256)
	o.ReceiveMaximum = cmp.Or(o.ReceiveMaximum, 1024)
	o.TopicAliases = cmp.Or(o.TopicAliases, 64)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	o.SlowGrace = cmp.Or(o.SlowGrace, 100*time.Millisecond)
	o.Loops = cmp.Or(o.Loops, max(1, min(runtime.GOMAXPROCS(0), runtime.NumCPU())/2))
	o.MaxInflight = min(o.MaxInflight, 65535)
	o.ReceiveMaximum = min(o.ReceiveMaximum, 65535)
	o.TopicAliases = min(max(o.TopicAliases, 0), 65535)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Login is who asks to connect, and afterwards who is connected.
type Login struct {
	ClientID string // as the client gave it; the server's own when it gave none
	Username string
	Password []byte // nil when there was none; always nil after Authenticate
	Version  byte   // 4 for MQTT 3.1.1, 5 for MQTT 5
	Addr     net.Addr
	TLS      *tls.ConnectionState // nil without TLS
	Grant    any                  // whatever Authenticate put here, for Authorize
}

// Stats are counts since the start of a Server, and sizes now.
type Stats struct {
	Connections   int64 // now
	Sessions      int64 // now, connected or not
	Subscriptions int64 // now
	Retained      int64 // now, messages
	RetainedBytes int64 // now
	Queued        int64 // now, QoS 1 and 2 messages that wait for a client or its acknowledgement

	Accepted     int64 // connections
	Refused      int64 // CONNECTs answered with an error
	Broken       int64 // connections ended for a malformed packet or a breach of protocol
	TimedOut     int64 // connections ended by keep-alive or while connecting
	TakenOver    int64 // connections ended because the same client connected again
	GivenUp      int64 // sessions ended because their queue was full and their client away
	Stuck        int64 // connections ended because they did not read or acknowledge
	Denied       int64 // publishes and subscriptions that Authorize refused
	Received     int64 // PUBLISH packets
	ReceivedSize int64 // their payload bytes
	Sent         int64 // PUBLISH packets
	Dropped      int64 // QoS 0 messages not sent to a slow reader
	Overflowed   int64 // QoS 1 and 2 messages refused because a queue or the retained store was full
	Unkept       int64 // messages not acknowledged because a Tap or the Store could not keep them
	Expired      int64 // messages past their expiry
	Oversized    int64 // messages larger than their reader accepts
	Wills        int64 // will messages published
}

type counters struct {
	connections, queued                                                atomic.Int64
	accepted, refused, broken, timedOut, takenOver, stuck, denied      atomic.Int64
	received, receivedSize, sent, dropped, overflowed, unkept, expired atomic.Int64
	oversized, wills, givenUp                                          atomic.Int64
}

// Stats gives the server's figures; it may be called at any time.
func (s *Server) Stats() Stats {
	c := &s.count
	st := Stats{
		Connections: c.connections.Load(), Queued: c.queued.Load(), Accepted: c.accepted.Load(),
		Refused: c.refused.Load(), Broken: c.broken.Load(), TimedOut: c.timedOut.Load(),
		TakenOver: c.takenOver.Load(), GivenUp: c.givenUp.Load(), Stuck: c.stuck.Load(), Denied: c.denied.Load(), Received: c.received.Load(),
		ReceivedSize: c.receivedSize.Load(), Sent: c.sent.Load(), Dropped: c.dropped.Load(),
		Overflowed: c.overflowed.Load(), Unkept: c.unkept.Load(), Expired: c.expired.Load(),
		Oversized: c.oversized.Load(), Wills: c.wills.Load(),
	}
	s.mu.Lock()
	st.Sessions = int64(len(s.sessions))
	s.mu.Unlock()
	s.topics.mu.RLock()
	st.Subscriptions = int64(s.topics.subs)
	s.topics.mu.RUnlock()
	count, size := s.retained.Size()
	st.Retained, st.RetainedBytes = int64(count), int64(size)
	return st
}
