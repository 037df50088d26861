package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"hutong/mqtt/line"
	"hutong/mqtt/wire"
)

// target is where to connect, as the URL says.
type target struct {
	scheme string
	addr   string // host:port
	host   string
	url    string // for WebSockets
}

func parseURL(o *Options) (target, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		var bad *url.Error // which would show the password
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return target{}, fmt.Errorf("mqtt: broker URL: %w", err)
	}
	port := map[string]string{"mqtt": "1883", "tcp": "1883", "mqtts": "8883", "ssl": "8883", "ws": "80", "wss": "443"}[u.Scheme]
	if port == "" || u.Hostname() == "" {
		return target{}, fmt.Errorf("mqtt: broker URL %q: want mqtt://, mqtts://, ws:// or wss:// and a host", u.Redacted())
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if u.User != nil && o.Username == "" {
		o.Username = u.User.Username()
		o.Password, _ = u.User.Password()
	}
	u.User = nil
	return target{u.Scheme, net.JoinHostPort(u.Hostname(), port), u.Hostname(), u.String()}, nil
}

// open makes the connection below MQTT.
func (c *Client) open(ctx context.Context) (net.Conn, error) {
	t, o := c.target, &c.opts
	if t.scheme == "ws" || t.scheme == "wss" {
		hc := &http.Client{Transport: &http.Transport{DialContext: o.Dialer, TLSClientConfig: o.TLS}}
		ws, res, err := websocket.Dial(ctx, t.url, &websocket.DialOptions{HTTPClient: hc, Subprotocols: []string{"mqtt"}})
		if err != nil {
			return nil, err
		}
		if res.Body != nil {
			res.Body.Close()
		}
		if ws.Subprotocol() != "mqtt" {
			ws.CloseNow()
			return nil, errors.New("the server does not speak MQTT over WebSocket")
		}
		ws.SetReadLimit(-1)
		return websocket.NetConn(context.Background(), ws, websocket.MessageBinary), nil
	}
	nc, err := o.Dialer(ctx, "tcp", t.addr)
	if err != nil || t.scheme == "mqtt" || t.scheme == "tcp" {
		return nc, err
	}
	conf := o.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{}
	}
	if conf.ServerName == "" {
		conf.ServerName = t.host
	}
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// connect makes a connection and takes it into use. MQTT 3.1.1 is tried when the broker knows no MQTT 5.
func (c *Client) connect(ctx context.Context) (*link, error) {
	limit, cancel := context.WithTimeout(ctx, c.opts.ConnectTimeout)
	defer cancel()
	c.mu.Lock()
	version := c.version
	c.mu.Unlock()
	l, ack, err := c.handshake(limit, version)
	if errors.Is(err, wire.UnsupportedVersion) && version == wire.V5 {
		l, ack, err = c.handshake(limit, wire.V311)
	}
	if err != nil {
		return nil, fmt.Errorf("mqtt: connect to %s: %w", c.target.addr, err)
	}
	if !c.raise(l, ack.SessionPresent) {
		l.out.Close(0)
		return nil, ErrClosed
	}
	if c.opts.OnConnect != nil {
		c.opts.OnConnect(ack.SessionPresent)
	}
	return l, nil
}

// handshake opens a connection, sends CONNECT and reads CONNACK.
func (c *Client) handshake(ctx context.Context, version byte) (*link, *wire.Connack, error) {
	nc, err := c.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	ack, in, err := c.greet(nc, version)
	if err != nil {
		nc.Close()
		return nil, nil, errors.Join(ctx.Err(), err)
	}
	return newLink(c, nc, in, version, ack), ack, nil
}

func (c *Client) greet(nc net.Conn, version byte) (*wire.Connack, *line.Inbox, error) {
	if _, err := nc.Write(c.hello(version).Append(nil)); err != nil {
		return nil, nil, err
	}
	in := line.NewInbox(nc, c.opts.MaxPacket)
	header, body, err := in.Next(0, nil)
	if err != nil {
		return nil, nil, err
	}
	if header != byte(wire.CONNACK)<<4 {
		return nil, nil, &wire.Error{Reason: wire.ProtocolError, Text: "the first packet is not CONNACK"}
	}
	var ack wire.Connack
	if err := ack.Decode(body, version); err != nil {
		return nil, nil, err
	}
	if ack.Reason != wire.Success {
		if why := ack.Props.ReasonString; why != "" {
			return nil, nil, fmt.Errorf("the broker refuses: %w: %s", ack.Reason, why)
		}
		return nil, nil, fmt.Errorf("the broker refuses: %w", ack.Reason)
	}
	return &ack, in, nil
}

// hello is the CONNECT packet.
func (c *Client) hello(version byte) *wire.Connect {
	o := &c.opts
	c.mu.Lock()
	clean := o.CleanStart && (!c.started || o.SessionExpiry == 0)
	c.mu.Unlock()
	p := &wire.Connect{
		Version: version, CleanStart: clean, KeepAlive: seconds16(o.KeepAlive), ClientID: o.ClientID,
		HasUsername: o.Username != "" || o.Password != "", Username: o.Username,
		HasPassword: o.Password != "", Password: []byte(o.Password),
	}
	if o.SessionExpiry > 0 {
		p.Props.SessionExpiry = uint32(min(o.SessionExpiry/time.Second, 1<<32-1))
		p.Props.Set(wire.SessionExpiry)
	}
	p.Props.ReceiveMaximum, p.Props.MaximumPacketSize = uint16(o.ReceiveMaximum), uint32(o.MaxPacket)
	p.Props.TopicAliasMaximum = maxAliases
	p.Props.Set(wire.ReceiveMaximum, wire.MaximumPacketSize, wire.TopicAliasMaximum)
	if w := o.Will; w != nil {
		p.Will = &wire.Will{Topic: w.Topic, Payload: w.Payload, QoS: w.QoS, Retain: w.Retain}
		if props := w.Properties.ToWire(&p.Will.Props); props == nil {
			p.Will.Props = wire.Properties{}
		}
		if o.WillDelay > 0 {
			p.Will.Props.WillDelay = uint32(o.WillDelay / time.Second)
			p.Will.Props.Set(wire.WillDelay)
		}
	}
	return p
}

func seconds16(d time.Duration) uint16 { return uint16(min(max(d/time.Second, 1), 65535)) }
