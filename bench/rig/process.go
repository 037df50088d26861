package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a program that runs beside this one, or one that has ended.
type Process struct {
	cmd  *exec.Cmd
	log  *safe
	done chan struct{} // closed when it has ended
	err  error         // how, once it has
}

// safe is a text that a program writes while others read it.
type safe struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Run starts a program. What it says of errors goes to Log.
func Run(cmd *exec.Cmd) (*Process, error) {
	p, err := start(cmd)
	if err == nil {
		go p.await()
	}
	return p, err
}

func start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, log: &safe{}, done: make(chan struct{})}
	cmd.Stderr = p.log
	return p, cmd.Start()
}

func (p *Process) await() {
	p.err = p.cmd.Wait()
	close(p.done)
}

// Log is what it has said so far.
func (p *Process) Log() string { return p.log.String() }

// Kill ends it without warning (SIGKILL) and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// Signal sends it a signal.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// patience is how long a program may take to end.
const patience = time.Minute

// End tells it to end and waits for it. One that does not is an error, with what its goroutines do.
func (p *Process) End() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
			return err
		}
		<-p.done
		return fmt.Errorf("%s did not end within %s\n%s", p.cmd.Path, patience, p.log)
	}
	if p.err != nil {
		return fmt.Errorf("%w\n%s", p.err, p.log)
	}
	return nil
}

// Ended says that it is gone, whoever ended it.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// CPU is what it has used, user and system, from /proc (proc(5), stat, fields 14 and 15), in ticks of 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, err := strconv.Atoi(f[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

// RSS is how many bytes of memory it holds just now (proc(5), status, VmRSS).
func (p *Process) RSS() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")))
			return n << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}
