package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"hutong/gate"
	"hutong/history"
	"hutong/registry"
)

type checkCmd struct {
	dataFlag
}

// Run opens every store of a data folder that no hub holds, and says what it found.
func (c *checkCmd) Run(ctx context.Context) error {
	var is about
	data, err := os.ReadFile(filepath.Join(c.Data, aboutFile))
	if err == nil {
		err = json.Unmarshal(data, &is)
	}
	if err != nil {
		return fmt.Errorf("%s is not a data folder: %w", c.Data, err)
	}
	f, err := openFolder(c.Data, is.Kind)
	if err != nil {
		return err
	}
	err = look(ctx, c.Data)
	return errors.Join(err, f.close())
}

// look reads every store of a data folder and prints a line for each. It changes nothing but what opening repairs.
func look(ctx context.Context, data string) error {
	bad := false
	say := func(what, found string, err error) {
		if err != nil {
			bad = true
			found = "WRONG: " + err.Error()
		}
		fmt.Printf("%-10s %s\n", what, found)
	}
	r, err := registry.Open(filepath.Join(data, registryFile))
	things := 0
	if err == nil {
		things, err = r.Count()
		err = errors.Join(err, r.Check(ctx), r.Close())
	}
	say("registry", fmt.Sprintf("%d Things", things), err)

	m, err := openMemory(ctx, data, history.Options{}, slog.New(slog.NewTextHandler(os.Stdout, nil)))
	found := ""
	if err == nil {
		st := m.history.Stats()
		found = fmt.Sprintf("%d series; values up to number %d, of which %d sealed", st.Series, st.Last, st.Durable)
		if st.Damaged > 0 || len(st.SetAside) > 0 {
			err = fmt.Errorf("%d chunks and %d files cannot be read", st.Damaged, len(st.SetAside))
		}
		err = errors.Join(err, m.close())
	}
	say("values", found, err)

	chain, err := verifyAudit(filepath.Join(data, auditFile))
	say("audit", chain, err)
	if bad {
		return errSaid
	}
	return nil
}

func verifyAudit(name string) (string, error) {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return "none yet", nil
	}
	chain, err := gate.VerifyLog(name)
	if err != nil {
		return "", err
	}
	aside, err := filepath.Glob(name + gate.BrokenMark + "*")
	if err == nil && len(aside) > 0 {
		err = fmt.Errorf("%v did not hold and was set aside; look why, then move it away", aside)
	}
	return fmt.Sprintf("%d entries, chain whole", chain.Entries), err
}
