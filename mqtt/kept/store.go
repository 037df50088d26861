package kept

import (
	"bytes"
	"sync"
)

// Store keeps what must outlive the process: retained messages, and the subscriptions and queues of durable
// sessions. Its methods are called from many goroutines. Keys are up to 66,000 bytes of any text, values up to the
// maximum packet size.
type Store interface {
	// Put keeps value under key, in place of what was there, and returns the position to Wait for, 0 when there is
	// nothing to wait for. It copies value.
	// It may block while the disk is behind. It orders: a later Put or Delete of the same key wins.
	Put(key string, value []byte) (pos uint64)
	// Delete forgets key, and returns the position to Wait for.
	Delete(key string) (pos uint64)
	// Wait blocks until every Put and Delete up to pos is durable, or says why it cannot be.
	Wait(pos uint64) error
	// All calls f with every key and value, in any order, until it returns false. value is only valid during the call.
	All(f func(key string, value []byte) bool) error
}

// MemoryStore is a Store that forgets everything with the process: for tests, which can hand it to a second Server
// in place of a restart. Its zero value is empty and ready.
type MemoryStore struct {
	mu sync.Mutex
	m  map[string][]byte
}

// Put implements Store.
func (s *MemoryStore) Put(key string, value []byte) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[string][]byte{}
	}
	s.m[key] = bytes.Clone(value)
	return 0
}

// Delete implements Store.
func (s *MemoryStore) Delete(key string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
	return 0
}

// Wait implements Store.
func (s *MemoryStore) Wait(uint64) error { return nil }

// All implements Store.
func (s *MemoryStore) All(f func(key string, value []byte) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range s.m {
		if !f(k, v) {
			break
		}
	}
	return nil
}

// Len is the number of keys.
func (s *MemoryStore) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.m)
}
