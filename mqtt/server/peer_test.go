package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hutong/mqtt/line"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// in runs f in a bubble of its own time, with a server that is closed at the end.
func in(t *testing.T, o server.Options, f func(t *testing.T, s *server.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := server.New(o)
		if err != nil {
			t.Fatal(err)
		}
		f(t, s)
		shut(t, s)
	})
}

func shut(t *testing.T, s *server.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
	synctest.Wait()
}

// device is the other end of a connection: it sends and expects single packets.
type device struct {
	t  *testing.T
	nc net.Conn
	in *line.Inbox
	v  byte
}

// plug connects without a word.
func plug(t *testing.T, s *server.Server, version byte) *device {
	t.Helper()
	near, far := net.Pipe()
	go s.ServeConn(far)
	t.Cleanup(func() { near.Close() })
	return &device{t, near, line.NewInbox(near, 1<<28), version}
}

// join connects as id with the given changes to CONNECT, and returns what CONNACK said.
func join(t *testing.T, s *server.Server, version byte, id string, change ...func(p *wire.Connect)) (*device, wire.Connack) {
	t.Helper()
	d := plug(t, s, version)
	p := &wire.Connect{Version: version, ClientID: id, CleanStart: true}
	for _, f := range change {
		f(p)
	}
	d.send(p.Append(nil))
	header, body := d.recv()
	var ack wire.Connack
	if wire.Kind(header>>4) != wire.CONNACK {
		t.Fatalf("%s: the first packet is %x", id, header)
	}
	if err := ack.Decode(body, version); err != nil {
		t.Fatal(err)
	}
	return d, ack
}

func keepSession(p *wire.Connect) {
	p.CleanStart = false
	p.Props.SessionExpiry = 3600
	p.Props.Set(wire.SessionExpiry)
}

func (d *device) send(b []byte) {
	d.t.Helper()
	if _, err := d.nc.Write(b); err != nil {
		d.t.Fatalf("send: %v", err)
	}
}

// recv gives the next packet, or header 0 when the server has closed.
func (d *device) recv() (header byte, body []byte) {
	header, body, err := d.in.Next(0, nil)
	if err != nil {
		return 0, nil
	}
	return header, bytes.Clone(body)
}

// silent says that nothing is to come.
func (d *device) silent() {
	d.t.Helper()
	synctest.Wait()
	if err := d.nc.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		d.t.Fatal(err)
	}
	if header, body, err := d.in.Next(0, nil); err == nil {
		d.t.Fatalf("unexpected packet %x % x", header, body)
	}
	if err := d.nc.SetReadDeadline(time.Time{}); err != nil {
		d.t.Fatal(err)
	}
}

// closed says that the server ends the connection, with DISCONNECT and the reason when it is MQTT 5 and reason is not
// zero.
func (d *device) closed(reason wire.Reason) {
	d.t.Helper()
	for {
		header, body := d.recv()
		switch wire.Kind(header >> 4) {
		case 0:
			if reason != 0 && d.v == wire.V5 {
				d.t.Errorf("closed without DISCONNECT, want %s", reason)
			}
			return
		case wire.DISCONNECT:
			var p wire.Disconnect
			if err := p.Decode(body, d.v); err != nil {
				d.t.Error(err)
			}
			if p.Reason != reason {
				d.t.Errorf("DISCONNECT says %s, want %s", p.Reason, reason)
			}
			reason = 0
		}
	}
}

func (d *device) subscribe(filters ...wire.Filter) []wire.Reason {
	d.t.Helper()
	return d.subscribeAs(0, filters...)
}

func (d *device) subscribeAs(subID uint32, filters ...wire.Filter) []wire.Reason {
	d.t.Helper()
	p := wire.Subscribe{ID: 77, Filters: filters}
	if subID != 0 {
		p.Props.SubscriptionIDs = []uint32{subID}
	}
	d.send(p.Append(nil, d.v))
	header, body := d.recv()
	ack := wire.Suback{Kind: wire.SUBACK}
	if wire.Kind(header>>4) != wire.SUBACK {
		d.t.Fatalf("packet %x % x in place of SUBACK", header, body)
	}
	if err := ack.Decode(body, d.v); err != nil {
		d.t.Fatal(err)
	}
	return ack.Reasons
}

func (d *device) publish(p wire.Publish) {
	d.t.Helper()
	d.send(p.Append(nil, d.v))
}

func message(name, payload string, qos byte) wire.Publish {
	p := wire.Publish{Topic: []byte(name), Payload: []byte(payload), QoS: qos}
	if qos > 0 {
		p.ID = 5
	}
	return p
}

// tell publishes and waits for the acknowledgement, which it returns.
func (d *device) tell(p wire.Publish) wire.Reason {
	d.t.Helper()
	d.publish(p)
	switch p.QoS {
	case 1:
		return d.ack(wire.PUBACK, p.ID)
	case 2:
		if r := d.ack(wire.PUBREC, p.ID); r.Failed() {
			return r
		}
		d.answer(wire.PUBREL, p.ID)
		return d.ack(wire.PUBCOMP, p.ID)
	}
	return 0
}

func (d *device) ack(want wire.Kind, id uint16) wire.Reason {
	d.t.Helper()
	header, body := d.recv()
	if wire.Kind(header>>4) != want {
		d.t.Fatalf("packet %x % x in place of %d", header, body, want)
	}
	got, reason, err := wire.DecodeAck(want, body, d.v)
	if err != nil || got != id {
		d.t.Fatalf("acknowledgement of %d (%v), want %d", got, err, id)
	}
	return reason
}

func (d *device) answer(k wire.Kind, id uint16) {
	d.t.Helper()
	d.send(wire.AppendAck(nil, d.v, k, id, wire.Success))
}

// hears expects a PUBLISH and returns it.
func (d *device) hears(want string) wire.Publish {
	d.t.Helper()
	header, body := d.recv()
	if wire.Kind(header>>4) != wire.PUBLISH {
		d.t.Fatalf("packet %x % x in place of PUBLISH %s", header, body, want)
	}
	var p wire.Publish
	if err := p.Decode(header, body, d.v, &wire.Properties{}); err != nil {
		d.t.Fatal(err)
	}
	text := fmt.Sprintf("%s %s q%d", p.Topic, p.Payload, p.QoS)
	if p.Retain {
		text += " retained"
	}
	if p.Dup {
		text += " again"
	}
	if text != want {
		d.t.Fatalf("heard %q, want %q", text, want)
	}
	return p
}

// log is a Tap that writes down what it hears, and says what it is told about durability.
type log struct {
	heard  []string
	asked  []string
	result error
}

func (l *log) Route(name string) tap.Sink { l.asked = append(l.asked, name); return l }
func (l *log) Wait(uint64) error          { return l.result }
func (l *log) Publish(m *tap.Message) uint64 {
	text := fmt.Sprintf("%s %s q%d", m.Topic, m.Payload, m.QoS)
	if m.Retain {
		text += " retained"
	}
	l.heard = append(l.heard, text)
	return uint64(len(l.heard))
}
