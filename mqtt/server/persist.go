package server

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hutong/mqtt/kept"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// The keys of a Store: retained messages, sessions, and per session its queued messages, the packet identifiers under
// which QoS 2 ones were sent, and those of QoS 2 messages received. docs/formats/mqtt.md describes the values.
const (
	retainedKey = kept.RetainedKey
	sessionKey  = "session/"
	queuePrefix = "queue/"
	sentPrefix  = "sent/"
	recvPrefix  = "received/"
)

func queueKey(client string, seq uint64) string { return queuePrefix + client + "/" + seqText(seq) }
func sentKey(client string, seq uint64) string  { return sentPrefix + client + "/" + seqText(seq) }
func receivedKey(client string, id uint16) string {
	return recvPrefix + client + "/" + strconv.Itoa(int(id))
}
func seqText(seq uint64) string { return fmt.Sprintf("%016x", seq) }

// encodeOutgoing puts QoS and retain of the delivery in the flags, and subscription identifiers behind the message.
func encodeOutgoing(o *outgoing) []byte {
	flags := o.qos
	if o.retain {
		flags |= 4
	}
	b := binary.AppendUvarint(nil, uint64(len(o.subIDs)))
	for _, id := range o.subIDs {
		b = binary.AppendUvarint(b, uint64(id))
	}
	return append(b, o.msg.Encode(flags)...)
}

func decodeOutgoing(b []byte) (*outgoing, error) {
	o := &outgoing{stored: true}
	count, n := binary.Uvarint(b)
	for ; n > 0 && count > 0; count-- {
		b = b[n:]
		var id uint64
		id, n = binary.Uvarint(b)
		o.subIDs = append(o.subIDs, uint32(id))
	}
	if n <= 0 {
		return nil, fmt.Errorf("queued message is cut off")
	}
	m, flags, err := kept.Decode(b[n:])
	if err != nil {
		return nil, err
	}
	o.msg, o.qos, o.retain = m, flags&3, flags&4 != 0
	return o, nil
}

// sessionRecord is the JSON of a session in the Store.
type sessionRecord struct {
	Owner   string        `json:"owner,omitempty"`  // user name
	Expiry  uint32        `json:"expiry"`           // seconds it outlives its connection
	Expires time.Time     `json:"expires,omitzero"` // when the client is away
	Subs    []wire.Filter `json:"subs,omitempty"`
	SubIDs  []uint32      `json:"subIDs,omitempty"` // of Subs, 0 for none
}

// save puts the session into the Store; expires is zero while the client is connected. s.mu is held.
func (s *session) save(expires time.Time) (pos uint64) {
	store := s.srv.opts.Store
	if store == nil || !s.durable() {
		return 0
	}
	rec := sessionRecord{Owner: s.owner, Expiry: s.expiry, Expires: expires}
	for _, sub := range s.subs {
		rec.Subs = append(rec.Subs, sub.Filter)
		rec.SubIDs = append(rec.SubIDs, sub.subID)
	}
	b, err := json.Marshal(rec)
	if err != nil {
		panic(err) // a struct of plain fields
	}
	return store.Put(sessionKey+s.id, b)
}

// load reads the Store at the start. A record that cannot be read is forgotten and reported.
func (s *Server) load() error {
	store := s.opts.Store
	now := time.Now()
	var bad []string
	queues := map[string][]*outgoing{}
	sent := map[string]uint16{}
	received := map[string][]uint16{}
	err := store.All(func(key string, val []byte) bool {
		kind, rest, _ := strings.Cut(key, "/")
		cut := strings.LastIndexByte(rest, '/')
		var err error
		switch kind + "/" {
		case retainedKey:
			err = s.loadRetained(val, now)
		case sessionKey:
			err = s.loadSession(rest, val)
		case queuePrefix:
			var o *outgoing
			if o, err = decodeOutgoing(val); err == nil {
				o.seq, err = strconv.ParseUint(rest[cut+1:], 16, 64)
				queues[rest[:max(cut, 0)]] = append(queues[rest[:max(cut, 0)]], o)
			}
		case sentPrefix:
			if len(val) == 2 {
				sent[rest] = binary.BigEndian.Uint16(val)
			}
		case recvPrefix:
			var id uint64
			id, err = strconv.ParseUint(rest[cut+1:], 10, 16)
			received[rest[:max(cut, 0)]] = append(received[rest[:max(cut, 0)]], uint16(id))
		default:
			return true // another's
		}
		if err != nil {
			bad = append(bad, key)
		}
		if err != nil && err != errExpired {
			s.opts.Log.Warn("mqtt: record in the store cannot be read and is forgotten", "key", key, "error", err)
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("mqtt: read the store: %w", err)
	}
	for _, key := range bad {
		store.Delete(key)
	}
	for client, queue := range queues {
		s.loadQueue(client, queue, sent)
	}
	for client, ids := range received {
		for _, id := range ids {
			if sess := s.sessions[client]; sess != nil {
				sess.qos2[id] = true
			} else {
				store.Delete(receivedKey(client, id))
			}
		}
	}
	return nil
}

var errExpired = errors.New("expired")

func (s *Server) loadRetained(val []byte, now time.Time) error {
	ok, err := s.retained.Load(val, now)
	if err == nil && !ok {
		return errExpired
	}
	return err
}

func (s *Server) loadSession(client string, val []byte) error {
	var rec sessionRecord
	if err := json.Unmarshal(val, &rec); err != nil {
		return err
	}
	sess := s.newSession(client)
	sess.owner, sess.expiry = rec.Owner, rec.Expiry
	for i, f := range rec.Subs {
		if !topic.ValidFilter(f.Filter) || i >= len(rec.SubIDs) {
			return fmt.Errorf("filter %q is not valid", f.Filter)
		}
		s.topics.add(sess, f, rec.SubIDs[i])
	}
	s.sessions[client] = sess
	left := time.Until(rec.Expires)
	if rec.Expires.IsZero() {
		left = time.Duration(rec.Expiry) * time.Second
	}
	s.expireAfter(sess, max(left, 0))
	return nil
}

func (s *Server) loadQueue(client string, queue []*outgoing, sent map[string]uint16) {
	sess := s.sessions[client]
	slices.SortFunc(queue, func(a, b *outgoing) int { return int(int64(a.seq - b.seq)) })
	for _, o := range queue {
		if sess == nil {
			s.opts.Store.Delete(queueKey(client, o.seq))
			continue
		}
		sess.lastSeq = o.seq
		sess.enter(o)
		// One that was sent must be sent again under its identifier, or a QoS 2 reader would take it for another.
		if id := sent[client+"/"+seqText(o.seq)]; id != 0 {
			o.id = id
			sess.inflight[id] = o
			continue
		}
		sess.queue = append(sess.queue, o)
	}
}
