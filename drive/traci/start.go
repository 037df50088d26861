package traci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Command says how to start a SUMO.
type Command struct {
	// Binary is the program; "" looks for `sumo` on PATH. The script that PyPI's eclipse-sumo installs is seen through.
	Binary string
	// Home is SUMO_HOME; "" takes the environment's, or the one that belongs to the binary.
	Home string
	// Args are the program's, but for the port.
	Args []string
	// Dir is where it runs; "": here.
	Dir string
	// Log gets what SUMO prints; nil: only the end of it is kept, for errors.
	Log     io.Writer
	Options Options
}

// Process is a SUMO that this program started, and the client of it.
type Process struct {
	*Client
	Home    string // the SUMO_HOME it runs with
	API     int    // the version of TraCI it speaks
	Version string // as "SUMO 1.15.0"

	cmd  *exec.Cmd
	tail *tail
	done chan struct{} // closed when it has ended
}

// ErrAbsent says that there is no SUMO to start.
var ErrAbsent = errors.New("sumo is not installed (Debian: apt-get install sumo; PyPI: pip install eclipse-sumo)")

// Find gives the SUMO that Start would start, and its home ("" where none is found). It fails with ErrAbsent.
func Find(binary string) (path, home string, err error) {
	if path, err = exec.LookPath(or(binary, "sumo")); err != nil {
		if binary == "" {
			return "", "", fmt.Errorf("traci: %w", ErrAbsent)
		}
		return "", "", fmt.Errorf("traci: %q: %w", binary, ErrAbsent)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", fmt.Errorf("traci: %w", err)
	}
	path = behindScript(path)
	return path, homeOf(path), nil
}

// behindScript gives the program of a Python environment whose script path is; others as they are. A script would get
// the signals in the program's place.
func behindScript(path string) string {
	pattern := filepath.Join(filepath.Dir(path), "..", "lib", "python3*", "site-packages", "sumo", "bin", filepath.Base(path))
	if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
		return found[0]
	}
	return path
}

// homeOf looks for the folder with SUMO's data: beside the binary, or where Debian has it.
func homeOf(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	up := filepath.Dir(filepath.Dir(path))
	for _, dir := range []string{up, filepath.Join(up, "share", "sumo"), "/usr/share/sumo", "/usr/local/share/sumo"} {
		if _, err := os.Stat(filepath.Join(dir, "data", "xsd")); err == nil {
			return dir
		}
	}
	return ""
}

// Start starts a SUMO that listens on a port of this machine, and connects to it. ctx bounds the start only: a large
// network takes a while to read. Close ends it.
func Start(ctx context.Context, c Command) (*Process, error) {
	path, home, err := Find(c.Binary)
	if err != nil {
		return nil, err
	}
	c.Home = c.homeFor(path, home)
	for try := 0; ; try++ {
		p, err := c.start(ctx, path)
		if err == nil {
			return p, nil
		}
		if try == 3 || !errors.Is(err, errPort) {
			return nil, err
		}
	}
}

// Run lets a SUMO run to its end with nobody connected.
func (c Command) Run(ctx context.Context) error {
	path, home, err := Find(c.Binary)
	if err != nil {
		return err
	}
	said := &tail{to: c.Log}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, said, said
	cmd.Env = append(os.Environ(), "SUMO_HOME="+c.homeFor(path, home))
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("traci: run %s: %w: %s", path, err, strings.TrimSpace(said.text()))
	}
	return nil
}

// homeFor gives the SUMO_HOME for a binary: what the person set is for the SUMO of the machine.
func (c Command) homeFor(path, found string) string {
	if env := os.Getenv("SUMO_HOME"); env != "" && c.Home == "" && strings.HasPrefix(path, "/usr/") {
		return env
	}
	return or(c.Home, found)
}

// errPort says that someone else took the port between our look and SUMO's.
var errPort = errors.New("the port is taken")

func (c Command) start(ctx context.Context, path string) (*Process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &Process{Home: c.Home, tail: &tail{to: c.Log}, done: make(chan struct{})}
	p.cmd = exec.Command(path, append([]string{"--remote-port", strconv.Itoa(port)}, c.Args...)...)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(os.Environ(), "SUMO_HOME="+c.Home)
	p.cmd.Stdout, p.cmd.Stderr = p.tail, p.tail
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("traci: start %s: %w", path, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in what it printed
		close(p.done)
	}()
	if err := p.connect(ctx, port, c.Options); err != nil {
		p.kill()
		if strings.Contains(p.tail.text(), "in use") {
			err = errors.Join(errPort, err)
		}
		return nil, fmt.Errorf("traci: start %s: %w%s", path, err, p.said())
	}
	return p, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("traci: no free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// connect dials until SUMO listens, ends, or ctx does.
func (p *Process) connect(ctx context.Context, port int, o Options) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		client, err := Dial(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), o)
		if err == nil {
			p.Client = client
			if p.API, p.Version, err = client.Version(); err != nil {
				return err
			}
			return nil
		}
		select {
		case <-p.done:
			return errors.New("it ended before anyone could connect")
		case <-ctx.Done():
			return fmt.Errorf("it listens on no port yet: %w", context.Cause(ctx))
		case <-again.C:
		}
	}
}

// Said gives the end of what SUMO printed.
func (p *Process) Said() string { return p.tail.text() }

func (p *Process) said() string {
	if text := strings.TrimSpace(p.Said()); text != "" {
		return ": SUMO said: " + text
	}
	return ""
}

// Ended says, once the connection is lost, how SUMO ended and what it said last; nil while it runs. It waits a moment for
// a process that is just about to end.
func (p *Process) Ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("SUMO ended (%v)%s", p.cmd.ProcessState, p.said())
	case <-time.After(2 * time.Second):
		return nil
	}
}

// Close asks SUMO to end, which writes its outputs; after ten seconds it is killed. A second Close does nothing.
func (p *Process) Close() error {
	err := p.Client.Close()
	select {
	case <-p.done:
		return err
	case <-time.After(10 * time.Second):
		p.kill()
		return errors.Join(err, errors.New("traci: SUMO didn't end when asked, and was killed"))
	}
}

// Kill ends SUMO at once, as a crash would.
func (p *Process) Kill() { p.kill() }

func (p *Process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	if p.Client != nil {
		p.Abort()
	}
	<-p.done
}

// Processor time that SUMO took, user and system; 0 while it runs.
func (p *Process) CPU() time.Duration {
	select {
	case <-p.done:
		return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	default:
		return 0
	}
}

// tail keeps the end of what is written to it, and hands all of it on.
type tail struct {
	mu   sync.Mutex
	to   io.Writer
	last []byte
}

// keep is how much of it, bytes.
const keep = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last = append(t.last, b...); len(t.last) > keep {
		t.last = append(t.last[:0], t.last[len(t.last)-keep:]...)
	}
	if t.to != nil {
		return t.to.Write(b)
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}
