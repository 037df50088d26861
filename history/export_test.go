package history

// MergeAll joins all segments into one, whatever their size.
func (s *Store) MergeAll() error {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.RLock()
	all := append([]*segment(nil), s.segments...)
	s.mu.RUnlock()
	if len(all) < 2 {
		return nil
	}
	return s.rewrite(all, span{all[0].from, all[len(all)-1].to, 0}, 1)
}
