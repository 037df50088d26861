package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"hutong/bench/rig"
)

// profiler is added to the hub's main package by an overlay, for a profile only: of the CPU of a start, up to SIGUSR1, and
// then of the memory in use.
const profiler = `package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"
)

func init() {
	dir := os.Getenv("HUTONG_PROFILE")
	if dir == "" {
		return
	}
	runtime.MemProfileRate = 16 << 10
	f, err := os.Create(filepath.Join(dir, "start.pprof"))
	if err != nil {
		return
	}
	_ = pprof.StartCPUProfile(f)
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		<-told
		pprof.StopCPUProfile()
		runtime.GC()
		f, err := os.Create(filepath.Join(dir, "memory.pprof"))
		if err != nil {
			return
		}
		_ = pprof.Lookup("heap").WriteTo(f, 0)
		_ = f.Close()
	}()
}
`

// profileStart fills a hub and prints where a start's CPU and memory go.
func (s *settings) profileStart() error {
	if err := os.MkdirAll(s.profile, 0o755); err != nil {
		return err
	}
	data := filepath.Join(s.work, "data")
	who, err := rig.Token(s.program, data)
	if err != nil {
		return err
	}
	if err := s.fill(data, who); err != nil {
		return err
	}
	h, err := rig.Start(s.program, data, who, []string{"HUTONG_PROFILE=" + s.profile})
	if err != nil {
		return err
	}
	fmt.Printf("ready in %s\n", h.Ready)
	time.Sleep(2 * time.Second)
	if err := h.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	if err := h.End(); err != nil {
		return err
	}
	for _, args := range [][]string{{"-top", "-cum", "-nodecount=70", "start.pprof"}, {"-top", "-inuse_space", "-nodecount=40", "memory.pprof"}} {
		args[len(args)-1] = filepath.Join(s.profile, args[len(args)-1])
		out, e := exec.Command("go", append([]string{"tool", "pprof"}, args...)...).Output()
		fmt.Printf("%s\n", out)
		err = errors.Join(err, e)
	}
	return err
}
