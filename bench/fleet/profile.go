package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// profiler is added to the hub's main package by an overlay, for a profile only: it begins one at SIGUSR1 and ends it at
// SIGUSR2. What the hub has allocated since its start stands beside it, in NAME.pprof.allocs.
const profiler = `package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	name := os.Getenv("HUTONG_PROFILE")
	if name == "" {
		return
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range told {
			if s == syscall.SIGUSR2 {
				pprof.StopCPUProfile()
				if f, err := os.Create(name + ".allocs"); err == nil {
					_ = pprof.Lookup("allocs").WriteTo(f, 0)
					_ = f.Close()
				}
				continue
			}
			if f, err := os.Create(name); err == nil {
				_ = pprof.StartCPUProfile(f)
			}
		}
	}()
}
`

// The parts that the CPU of a profile is told by, the first whose word is in a function's name.
var parts = []struct{ name, words string }{
	{"kernel (system calls)", "internal/runtime/syscall syscall. golang.org/x/sys/unix."},
	{"network and files, Go's side", "internal/poll. net. os. runtime.netpoll io. internal/syscall"},
	{"memory: allocation and collection", "runtime.malloc runtime.gc runtime.scan runtime.mark runtime.sweep runtime.(*gc runtime.(*m runtime.greyobject runtime.find runtime.(*sweep runtime.(*limiter runtime.bulkBarrier runtime.wb runtime.mem runtime.growslice runtime.newobject runtime.makeslice runtime.tryDefer runtime.heap runtime.nextFree runtime.(*unw runtime.deduct runtime.(*atomicHead runtime.typePointers runtime.(*activeSweep runtime.publicationBarrier"},
	{"the rest of the runtime: scheduler, locks, maps, copying", "runtime. sync. sync/atomic. internal/runtime/atomic. internal/sync. time. internal/runtime"},
	{"mqtt", "hutong/mqtt"},
	{"decoding by description", "hutong/binding hutong/td hutong/thing encoding/json. json."},
	{"live state", "hutong/twin"},
	{"journal", "hutong/journal hash/crc32."},
	{"history", "hutong/history klauspost"},
	{"rules", "hutong/rules hutong/condition cel"},
	{"gate and log of commands", "hutong/gate crypto/"},
	{"hutong, the rest", "hutong"},
}

// summary prints where the CPU of each profile went, by the function that was running.
func (s *settings) summary() error {
	for _, name := range s.loads {
		out, err := exec.Command("go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", filepath.Join(s.profile, name+".pprof")).Output()
		if err != nil {
			return fmt.Errorf("go tool pprof: %w", err)
		}
		sums := make([]float64, len(parts)+1)
		total := 0.0
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			if len(f) < 6 || !strings.HasSuffix(f[1], "%") {
				continue
			}
			share, err := strconv.ParseFloat(strings.TrimSuffix(f[1], "%"), 64)
			if err != nil {
				continue
			}
			total += share
			sums[partOf(f[5])] += share
		}
		fmt.Printf("\n%s\n\n| part | CPU |\n|---|---|\n", name)
		for i, sum := range sums {
			part := "other libraries"
			if i < len(parts) {
				part = parts[i].name
			}
			fmt.Printf("| %s | %.1f %% |\n", part, 100*sum/total)
		}
	}
	return nil
}

func partOf(function string) int {
	for i, p := range parts {
		for _, word := range strings.Fields(p.words) {
			if strings.HasPrefix(function, word) || i > 3 && strings.Contains(function, word) {
				return i
			}
		}
	}
	return len(parts)
}
