package server_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hutong/mqtt/server"
	"hutong/mqtt/wire"
)

func TestABadFirstPacketIsRefused(t *testing.T) {
	connect := func(change func(p *wire.Connect)) string {
		p := &wire.Connect{Version: wire.V5, CleanStart: true, ClientID: "c"}
		change(p)
		return string(p.Append(nil))
	}
	long := strings.Repeat("x", 65535)
	f := func(name, packet string, reason wire.Reason) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			in(t, server.Options{}, func(t *testing.T, s *server.Server) {
				d := plug(t, s, wire.V5)
				go d.nc.Write([]byte(packet)) // the server may stop reading before the end
				header, body := d.recv()
				if reason == 0 {
					if header != 0 {
						t.Errorf("answered with %x % x", header, body)
					}
					return
				}
				if header>>4 != byte(wire.CONNACK) || len(body) < 2 || wire.Reason(body[1]) != reason {
					t.Errorf("answered with %x % x, want CONNACK and %s", header, body, reason)
				}
				d.closed(0)
			})
		})
	}
	f("not CONNECT", "\xc0\x00", 0)
	f("noise", "GET / HTTP/1.1\r\n\r\n", 0)
	f("unknown protocol", "\x10\x0d\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x00", wire.UnsupportedVersion)
	f("version 6", "\x10\x0d\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x00", 1)
	f("reserved flag, version 4", "\x10\x0c\x00\x04MQTT\x04\x03\x00\x00\x00\x00", 0)
	f("reserved flag", "\x10\x0d\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x00", wire.MalformedPacket)
	f("will QoS without a will", "\x10\x0d\x00\x04MQTT\x05\x0a\x00\x00\x00\x00\x00", wire.MalformedPacket)
	f("cut short", "\x10\x0b\x00\x04MQTT\x05\x02\x00\x00\x00", wire.MalformedPacket)
	f("too long a remaining length", "\x10\xff\xff\xff\xff\x7f", 0)
	f("larger than a stranger may send", "\x10\xff\xff\x7f", 0)
	f("reserved header bits", "\x11\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", 0)
	f("U+0000 in the client id", connect(func(p *wire.Connect) { p.ClientID = "a\x00b" }), wire.MalformedPacket)
	f("client id is not UTF-8", connect(func(p *wire.Connect) { p.ClientID = "\xff" }), wire.MalformedPacket)
	f("receive maximum 0", connect(func(p *wire.Connect) { p.Props.Set(wire.ReceiveMaximum) }), wire.ProtocolError)
	f("maximum packet size 0", connect(func(p *wire.Connect) { p.Props.Set(wire.MaximumPacketSize) }), wire.ProtocolError)
	f("unknown authentication method", connect(func(p *wire.Connect) {
		p.Props.AuthMethod = "SCRAM"
		p.Props.Set(wire.AuthMethod)
	}), wire.BadAuthMethod)
	f("wildcard in the will topic", connect(func(p *wire.Connect) { p.Will = &wire.Will{Topic: "a/#"} }), wire.TopicNameInvalid)
	f("will topic of 200 levels and more", connect(func(p *wire.Connect) {
		p.Will = &wire.Will{Topic: strings.Repeat("a/", 300)}
	}), wire.TopicNameInvalid)
	f("three fields of 65,535 bytes", connect(func(p *wire.Connect) {
		p.ClientID, p.Username, p.HasUsername, p.Password, p.HasPassword = long, long, true, []byte(long), true
	}), 0)
}

func TestAClientWithoutANameGetsOne(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		_, ack := join(t, s, wire.V5, "")
		if ack.Reason != 0 || ack.Props.AssignedClientID == "" {
			t.Errorf("CONNACK %+v", ack)
		}
		if _, ack := join(t, s, wire.V311, ""); ack.Reason != 0 {
			t.Errorf("3.1.1 with a clean session: %s", ack.Reason)
		}
		if _, ack := join(t, s, wire.V311, "", func(p *wire.Connect) { p.CleanStart = false }); ack.Reason != wire.ClientIDNotValid {
			t.Errorf("3.1.1 with a session to keep: %s", ack.Reason)
		}
	})
}

func TestWhoMayConnectIsAsked(t *testing.T) {
	o := server.Options{Authenticate: func(_ context.Context, who *server.Login) error {
		switch {
		case who.Username == "banned":
			return wire.Banned
		case who.Username != "ann" || string(who.Password) != "secret":
			return errors.New("no such user")
		}
		who.Grant = "all"
		return nil
	}, Authorize: func(who *server.Login, topic string, write bool) error {
		if who.Grant != "all" || who.Password != nil || who.ClientID == "" {
			return errors.New("not the one who logged in")
		}
		if topic == "secret" || topic == "readonly" && write || topic == "quota" {
			return map[bool]error{true: wire.QuotaExceeded, false: errors.New("no")}[topic == "quota"]
		}
		return nil
	}}
	as := func(name, password string) func(p *wire.Connect) {
		return func(p *wire.Connect) {
			p.HasUsername, p.Username, p.HasPassword, p.Password = true, name, true, []byte(password)
		}
	}
	in(t, o, func(t *testing.T, s *server.Server) {
		f := func(version byte, name, password string, want wire.Reason) {
			t.Helper()
			if _, ack := join(t, s, version, "c", as(name, password)); ack.Reason != want {
				t.Errorf("%s:%s over version %d: %s, want %s", name, password, version, ack.Reason, want)
			}
		}
		f(wire.V5, "bob", "secret", wire.BadCredentials)
		f(wire.V5, "banned", "", wire.Banned)
		f(wire.V311, "bob", "", wire.BadCredentials)
		f(wire.V311, "banned", "", wire.NotAuthorized)
		f(wire.V5, "ann", "secret", wire.Success)
		if n := s.Stats().Refused; n != 4 {
			t.Errorf("%d refusals counted, want 4", n)
		}

		d, _ := join(t, s, wire.V5, "ann's", as("ann", "secret"))
		got := d.subscribe(wire.Filter{Filter: "secret"}, wire.Filter{Filter: "readonly", QoS: 1}, wire.Filter{Filter: "quota"})
		if got[0] != wire.NotAuthorized || got[1] != 1 || got[2] != wire.QuotaExceeded {
			t.Errorf("SUBACK %v", got)
		}
		if r := d.tell(message("readonly", "x", 1)); r != wire.NotAuthorized {
			t.Errorf("publish to readonly: %s", r)
		}
		if r := d.tell(message("readonly", "x", 2)); r != wire.NotAuthorized {
			t.Errorf("QoS 2 publish to readonly: %s", r)
		}
		d.silent()
		old, _ := join(t, s, wire.V311, "old", as("ann", "secret"))
		old.tell(message("readonly", "x", 1)) // acknowledged and gone, as 3.1.1 has no other word
		d.silent()
		if _, ack := join(t, s, wire.V5, "w", as("ann", "secret"), func(p *wire.Connect) {
			p.Will = &wire.Will{Topic: "readonly"}
		}); ack.Reason != wire.NotAuthorized {
			t.Errorf("a will to readonly: %s", ack.Reason)
		}
		if n := s.Stats().Denied; n != 6 {
			t.Errorf("%d denials counted, want 6", n)
		}
	})
}

func TestAStrangerHasTenSecondsToConnect(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		d := plug(t, s, wire.V5)
		begin := time.Now()
		packet := (&wire.Connect{Version: wire.V5, CleanStart: true, ClientID: "slow"}).Append(nil)
		go func() {
			for _, b := range packet {
				if _, err := d.nc.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		d.closed(0)
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("cut off after %v", took)
		}
		synctest.Wait()
		if st := s.Stats(); st.TimedOut != 1 || st.Connections != 0 {
			t.Errorf("%+v", st)
		}
		time.Sleep(time.Minute)
	})
}

func TestKeepAliveEndsASilentConnectionAndPublishesItsWill(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		reader, _ := join(t, s, wire.V5, "reader")
		reader.subscribe(wire.Filter{Filter: "gone/+", QoS: 1})
		d, _ := join(t, s, wire.V5, "device", func(p *wire.Connect) {
			p.KeepAlive = 10
			p.Will = &wire.Will{Topic: "gone/device", Payload: []byte("bye"), QoS: 1}
		})
		for range 3 {
			time.Sleep(14 * time.Second)
			d.send(wire.AppendEmpty(nil, wire.PINGREQ))
			if h, _ := d.recv(); wire.Kind(h>>4) != wire.PINGRESP {
				t.Fatalf("packet %x in place of PINGRESP", h)
			}
		}
		begin := time.Now()
		d.closed(wire.KeepAliveTimeout)
		if took := time.Since(begin); took != 15*time.Second {
			t.Errorf("cut off after %v, want one and a half times the keep-alive", took)
		}
		reader.hears("gone/device bye q1")
	})
}

func TestTheServerMayShortenTheKeepAlive(t *testing.T) {
	in(t, server.Options{MaxKeepAlive: time.Minute}, func(t *testing.T, s *server.Server) {
		for keepAlive, want := range map[uint16]uint16{0: 60, 30: 0, 61: 60} {
			_, ack := join(t, s, wire.V5, "c", func(p *wire.Connect) { p.KeepAlive = keepAlive })
			if ack.Props.ServerKeepAlive != want {
				t.Errorf("asked %d, told %d, want %d", keepAlive, ack.Props.ServerKeepAlive, want)
			}
		}
	})
}

func TestASecondConnectionTakesTheSessionOver(t *testing.T) {
	in(t, server.Options{}, func(t *testing.T, s *server.Server) {
		first, _ := join(t, s, wire.V5, "c", keepSession)
		first.subscribe(wire.Filter{Filter: "a", QoS: 1})
		go first.closed(wire.SessionTakenOver)
		second, ack := join(t, s, wire.V311, "c", func(p *wire.Connect) { p.CleanStart = false })
		if !ack.SessionPresent {
			t.Error("the session is gone")
		}
		other, _ := join(t, s, wire.V5, "other")
		other.tell(message("a", "x", 1))
		second.hears("a x q1")
		if n := s.Stats().TakenOver; n != 1 {
			t.Errorf("%d taken over", n)
		}
	})
}

func TestBreachesEndTheConnectionWithTheirReason(t *testing.T) {
	f := func(name, packet string, reason wire.Reason) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			in(t, server.Options{ReceiveMaximum: 2, MaxPacket: 1000}, func(t *testing.T, s *server.Server) {
				for _, version := range []byte{wire.V5, wire.V311} {
					d, _ := join(t, s, version, "c")
					go d.nc.Write([]byte(packet)) // the server may stop reading before the end
					d.closed(reason)
				}
				if st := s.Stats(); st.Broken == 0 {
					t.Error("not counted")
				}
			})
		})
	}
	f("a second CONNECT", string((&wire.Connect{Version: wire.V5, ClientID: "c"}).Append(nil)), wire.ProtocolError)
	f("packet type 0", "\x00\x00", wire.MalformedPacket)
	f("CONNACK to a server", "\x20\x02\x00\x00", wire.ProtocolError)
	f("QoS 3", "\x36\x06\x00\x01a\x00\x01\x00", wire.MalformedPacket)
	f("DUP at QoS 0", "\x38\x04\x00\x01a\x00", wire.MalformedPacket)
	f("packet identifier 0", "\x32\x06\x00\x01a\x00\x00\x00", wire.ProtocolError)
	f("a wildcard in the topic", "\x30\x04\x00\x01#\x00", wire.TopicNameInvalid)
	f("an empty topic", "\x30\x03\x00\x00\x00", wire.TopicNameInvalid)
	f("a topic that is not UTF-8", "\x30\x04\x00\x01\xff\x00", wire.MalformedPacket)
	f("SUBSCRIBE without a filter", "\x82\x03\x00\x01\x00", wire.ProtocolError)
	f("SUBSCRIBE with reserved bits", "\x80\x07\x00\x01\x00\x00\x01a\x00", wire.MalformedPacket)
	f("UNSUBSCRIBE without a filter", "\xa2\x03\x00\x01\x00", wire.ProtocolError)
	f("PINGREQ with a body", "\xc0\x01\x00", wire.MalformedPacket)
	f("a packet beyond the maximum", "\x30\xe9\x07\x00\x01a\x00", wire.PacketTooLarge)
	f("a remaining length of five bytes", "\x30\x80\x80\x80\x80\x01", wire.MalformedPacket)
}

func TestBreachesThatOnlyMQTT5Knows(t *testing.T) {
	f := func(name, packet string, reason wire.Reason) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			in(t, server.Options{ReceiveMaximum: 2}, func(t *testing.T, s *server.Server) {
				d, _ := join(t, s, wire.V5, "c")
				go d.nc.Write([]byte(packet)) // the server may stop reading before the end
				d.closed(reason)
			})
		})
	}
	f("retain handling 3", "\x82\x07\x00\x01\x00\x00\x01a\x30", wire.MalformedPacket)
	f("no local on a shared subscription", "\x82\x10\x00\x01\x00\x00\x0a$share/g/a\x04", wire.ProtocolError)
	f("subscription identifier 0", "\x82\x09\x00\x01\x02\x0b\x00\x00\x01a\x00", wire.ProtocolError)
	f("topic alias 0", "\x30\x07\x00\x01a\x03\x23\x00\x00", wire.TopicAliasInvalid)
	f("a topic alias nobody set", "\x30\x06\x00\x00\x03\x23\x00\x01", wire.TopicAliasInvalid)
	f("a topic alias beyond the maximum", "\x30\x07\x00\x01a\x03\x23\xff\xff", wire.TopicAliasInvalid)
	f("a property twice", "\x30\x0e\x00\x01a\x0a\x02\x00\x00\x00\x01\x02\x00\x00\x00\x01", wire.ProtocolError)
	f("a property that does not belong", "\x30\x09\x00\x01a\x05\x11\x00\x00\x00\x01", wire.MalformedPacket)
	f("subscription identifier in a PUBLISH", "\x30\x06\x00\x01a\x02\x0b\x01", wire.ProtocolError)
	f("payload format 2", "\x30\x06\x00\x01a\x02\x01\x02", wire.ProtocolError)
	f("a wildcard in the response topic", "\x30\x08\x00\x01a\x04\x08\x00\x01#", wire.ProtocolError)
	f("AUTH out of the blue", "\xf0\x00", wire.ProtocolError)
	f("a session made durable at its end", "\xe0\x07\x00\x05\x11\x00\x00\x00\x01", wire.ProtocolError)
	f("more than the receive maximum", strings.Repeat("\x34\x06\x00\x01a\x00\x01\x00", 1)+
		"\x34\x06\x00\x01a\x00\x02\x00\x34\x06\x00\x01a\x00\x03\x00", wire.ReceiveMaximumExceeded)
}

func TestAWillIsJudgedAgainWhenItIsPublished(t *testing.T) {
	var shut atomic.Bool
	options := server.Options{Authorize: func(_ *server.Login, topic string, write bool) error {
		if write && topic == "gone" && shut.Load() {
			return wire.NotAuthorized
		}
		return nil
	}}
	in(t, options, func(t *testing.T, s *server.Server) {
		reader, _ := join(t, s, wire.V5, "reader")
		reader.subscribe(wire.Filter{Filter: "gone", QoS: 1})
		for _, now := range []bool{false, true} {
			d, _ := join(t, s, wire.V5, "device", func(p *wire.Connect) { p.Will = &wire.Will{Topic: "gone", Payload: []byte("bye"), QoS: 1} })
			shut.Store(now)
			d.nc.Close()
			synctest.Wait()
			if !now {
				reader.hears("gone bye q1")
			}
		}
		reader.silent()
		if n := s.Stats().Denied; n != 1 {
			t.Errorf("%d denied", n)
		}
		shut.Store(false)
	})
}

func TestNobodyIsCutOffByAnotherUser(t *testing.T) {
	in(t, server.Options{Authenticate: func(context.Context, *server.Login) error { return nil }}, func(t *testing.T, s *server.Server) {
		as := func(user string) func(p *wire.Connect) {
			return func(p *wire.Connect) { p.HasUsername, p.Username = true, user }
		}
		first, _ := join(t, s, wire.V5, "c", as("ann"))
		first.subscribe(wire.Filter{Filter: "a", QoS: 1})
		if _, ack := join(t, s, wire.V5, "c", as("eve")); ack.Reason != wire.ClientIDNotValid {
			t.Errorf("eve is answered %s", ack.Reason)
		}
		other, _ := join(t, s, wire.V5, "other", as("eve"))
		other.tell(message("a", "x", 1))
		first.hears("a x q1")
	})
}
