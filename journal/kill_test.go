package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const killEnv = "HUTONG_JOURNAL_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killEnv); dir != "" {
		if err := appendForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// appendForever is the life of the victim: it appends, waits, and says on stdout which Seq it was told is kept.
func appendForever(dir string) error {
	j, _, err := Open(dir, Options{SegmentBytes: 64 << 10})
	if err != nil {
		return err
	}
	for {
		next := j.LastSeq() + 1
		pos, err := j.Append(changes(next, next+rand.Uint64N(20)))
		if err != nil {
			return err
		}
		if err := j.Wait(pos); err != nil {
			return err
		}
		if _, err := fmt.Println(pos); err != nil {
			return err
		}
	}
}

// A real process is killed with SIGKILL at random moments; every Seq it said was kept must be there.
func TestKilledProcessesLoseNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acked := uint64(0)
	for round := range 10 {
		victim := exec.Command(os.Args[0])
		victim.Env = append(os.Environ(), killEnv+"="+dir)
		victim.Stderr = os.Stderr
		out, err := victim.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		begun := acked
		lines := bufio.NewScanner(out)
		var kill *time.Timer
		for lines.Scan() {
			if kill == nil {
				kill = time.AfterFunc(rand.N(50*time.Millisecond), func() { _ = victim.Process.Kill() })
			}
			if pos, err := strconv.ParseUint(lines.Text(), 10, 64); err == nil {
				acked = max(acked, pos)
			}
		}
		_ = victim.Wait()
		if acked == begun {
			t.Fatalf("round %d: the victim acknowledged nothing", round)
		}
		j, report, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := j.Read(begun+1, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		seq := begun
		for _, c := range list {
			if seq++; c.Seq != seq || c.Value.Int() != int64(seq) {
				t.Fatalf("round %d: want %d, read %+v", round, seq, c)
			}
		}
		if seq < acked {
			t.Fatalf("round %d: %d was acknowledged, only %d is there; %v", round, acked, seq, report)
		}
		acked = seq
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d changes over 10 kills, none lost", acked)
}
