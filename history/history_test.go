package history_test

import (
	"errors"
	"testing"

	"hutong/history"
	"hutong/history/historytest"
)

func TestStoreIsAHistory(t *testing.T) {
	historytest.Run(t, func(dir string) (historytest.Engine, error) {
		return history.Open(dir, history.Options{})
	})
}

// merging joins all its segments each time it seals.
type merging struct{ *history.Store }

func (m merging) Seal() error { return errors.Join(m.Store.Seal(), m.MergeAll()) }

func TestStoreIsAHistoryWhenItMerges(t *testing.T) {
	historytest.Run(t, func(dir string) (historytest.Engine, error) {
		s, err := history.Open(dir, history.Options{})
		return merging{s}, err
	})
}
