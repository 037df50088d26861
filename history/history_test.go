package history_test

import (
	"testing"

	"hutong/history"
	"hutong/history/historytest"
)

func TestStoreIsAHistory(t *testing.T) {
	historytest.Run(t, func(dir string) (historytest.Engine, error) {
		return history.Open(dir, history.Options{})
	})
}
