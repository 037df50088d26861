package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"hutong/drive/referee"
	"hutong/drive/sumo"
)

// program gives what tells this program from others: the start of its file's SHA-256.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}

// kept is one run as it is kept: what was driven, by which program and how.
type kept struct {
	Program  string  `json:"program"`
	How      string  `json:"how"`
	SUMO     string  `json:"sumo"`
	Scenario string  `json:"scenario"`
	Seed     int     `json:"seed"`
	Cut      bool    `json:"cut"` // it ended before its time
	Compared bool    `json:"compared"`
	Empty    bool    `json:"empty"`
	MinTTC   float64 `json:"minTTC"` // s; -1: none, which JSON has no number for
	MinPET   float64 `json:"minPET"`

	Referee   referee.Report `json:"referee"`
	Rides     []trip         `json:"rides"`
	Notes     []string       `json:"notes"`
	Took      times          `json:"took"`
	Counts    counts         `json:"counts"`
	Conflicts [2]conflicts   `json:"conflicts"` // ours, and of SUMO's driver
}

// keeper writes runs into a file, a line each.
type keeper struct {
	file    *os.File
	program string
	how     string
}

// how says what of the settings has a bearing on what is driven.
func (s *settings) how(version string) string {
	return fmt.Sprintf("SUMO %s, %g s + %g s, rides of %g s, %d vehicles, sensors %s, lateral %g, traffic %g, deadline %v",
		version, s.seconds, s.tail, s.longest, s.vehicles, s.sensor, s.lateral, s.scale, s.deadline)
}

// openKeeper opens the file of results, if there is one, and gives the runs in it that may be added to this call's.
func openKeeper(ctx context.Context, s *settings, program string) (*keeper, []*result, error) {
	k := &keeper{program: program}
	if s.results == "" {
		return k, nil, nil
	}
	version, err := sumo.Version(ctx, s.binary)
	if err != nil {
		return nil, nil, err
	}
	k.how = s.how(version)
	old, err := k.read(s.results)
	if err != nil {
		return nil, nil, err
	}
	if k.file, err = os.OpenFile(s.results, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return nil, nil, err
	}
	return k, old, k.newLine()
}

// newLine ends a last line that was cut off while it was written.
func (k *keeper) newLine() error {
	end, err := k.file.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return err
	}
	var last [1]byte
	if _, err := k.file.ReadAt(last[:], end-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		_, err = k.file.WriteString("\n")
	}
	return err
}

// read gives the runs of a file that are of this program and made this way. A last line that was not written to its end
// is left out.
func (k *keeper) read(path string) (old []*result, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		var one kept
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			fmt.Fprintf(os.Stderr, "%s:%d: left out: %v\n", path, n, err)
			continue
		}
		if one.Program == k.program && one.How == k.how {
			old = append(old, one.result())
		}
	}
	return old, lines.Err()
}

func (k *keeper) write(r *result) error {
	if k.file == nil {
		return nil
	}
	line, err := json.Marshal(r.kept(k.program, k.how))
	if err != nil {
		return err
	}
	_, err = k.file.Write(append(line, '\n'))
	return err
}

func (k *keeper) close() error {
	if k.file == nil {
		return nil
	}
	return k.file.Close()
}

func (r *result) kept(program, how string) *kept {
	k := &kept{
		Program: program, How: how, SUMO: r.version, Scenario: r.name, Seed: r.seed, Cut: r.cut, Compared: r.compared, Empty: r.emptied,
		Referee: r.referee, Notes: r.notes, Took: r.took, Counts: r.counts, Conflicts: [2]conflicts{r.conflicts, r.theirConflicts},
		MinTTC: finite(r.referee.MinTTC), MinPET: finite(r.referee.MinPET),
	}
	k.Referee.MinTTC, k.Referee.MinPET = 0, 0
	for _, one := range r.rides {
		k.Rides = append(k.Rides, one.trip)
	}
	return k
}

func (k *kept) result() *result {
	r := newResult()
	r.name, r.seed, r.version, r.cut, r.compared, r.emptied = k.Scenario, k.Seed, k.SUMO, k.Cut, k.Compared, k.Empty
	r.referee.Add(&k.Referee)
	r.referee.MinTTC, r.referee.MinPET = infinite(k.MinTTC), infinite(k.MinPET)
	r.notes, r.took, r.counts, r.conflicts, r.theirConflicts = k.Notes, k.Took, k.Counts, k.Conflicts[0], k.Conflicts[1]
	for _, one := range k.Rides {
		r.rides = append(r.rides, &ride{trip: one})
	}
	return r
}

func finite(x float64) float64 {
	if math.IsInf(x, 1) {
		return -1
	}
	return x
}

func infinite(x float64) float64 {
	if x < 0 {
		return math.Inf(1)
	}
	return x
}
