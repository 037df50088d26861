// Package rig is what the programs that measure a hub share: building and running the real one, speaking to it, and
// saying what was found. It has its own few packets of MQTT, so that the measured program is not its own measure.
package rig

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Root is the folder of go.mod, at or above the working folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("run this inside the project's folder: there is no go.mod above")
		}
		dir = up
	}
	return "", err
}

// Build makes the hub as it is released and puts it into work. Overlay names files, below Root or with whole paths, whose
// text is another in this build alone ("go help build", -overlay).
func Build(ctx context.Context, work string, overlay map[string]string) (program string, err error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	program = filepath.Join(work, "hutong")
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", program}
	if len(overlay) > 0 {
		replace := map[string]string{}
		for name, text := range overlay {
			at := filepath.Join(work, fmt.Sprintf("overlay-%d.go", len(replace)))
			if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
				return "", err
			}
			if !filepath.IsAbs(name) {
				name = filepath.Join(root, name)
			}
			replace[name] = at
		}
		list, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			return "", err
		}
		at := filepath.Join(work, "overlay.json")
		if err := os.WriteFile(at, list, 0o600); err != nil {
			return "", err
		}
		args = append(args, "-overlay", at)
	}
	build := exec.CommandContext(ctx, "go", append(args, "./cmd/hutong")...)
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return program, nil
}

// Hub is a running hub, or one that has ended.
type Hub struct {
	HTTP  string        // its base URL
	MQTT  string        // HOST:PORT
	Ready time.Duration // from its start to its ready line
	who   Login
	cmd   *exec.Cmd
	log   *safe
	done  chan struct{} // closed when it has ended
	err   error         // how, once it has
}

// Login is how the hub's devices and screens say who they are.
type Login struct{ User, Password string }

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

// Token makes an admin's token in a data folder, which is made when it is not there.
func Token(program, data string) (Login, error) {
	secret, err := exec.Command(program, "token", "create", "bench", "--role", "admin", "--data", data).Output()
	if err != nil {
		return Login{}, fmt.Errorf("token: %w", err)
	}
	return Login{"bench", strings.TrimSpace(string(secret))}, nil
}

var readyLine = regexp.MustCompile(`^ready http=(\S+) mqtt=mqtt://(\S+)`)

// Start runs a hub on a data folder and waits until it answers. Env is added to the environment.
func Start(program, data string, who Login, env []string, more ...string) (*Hub, error) {
	h := &Hub{who: who, log: &safe{}, done: make(chan struct{})}
	h.cmd = exec.Command(program, append([]string{
		"serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--nights", "0",
	}, more...)...)
	h.cmd.Env, h.cmd.Stderr = append(os.Environ(), env...), h.log
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	h.Ready = time.Since(began)
	go func() {
		h.err = h.cmd.Wait()
		close(h.done)
	}()
	m := readyLine.FindStringSubmatch(line)
	if err != nil || m == nil {
		h.Kill()
		return nil, fmt.Errorf("the hub did not become ready: %w\n%s", errors.Join(err, h.err), h.log)
	}
	h.HTTP, h.MQTT = m[1], m[2]
	return h, nil
}

// Log is what the hub has said so far.
func (h *Hub) Log() string { return h.log.String() }

// Kill ends the hub without warning (SIGKILL) and waits until it is gone.
func (h *Hub) Kill() {
	_ = h.cmd.Process.Kill() // it may have ended
	<-h.done
}

// Signal sends the hub a signal.
func (h *Hub) Signal(sig syscall.Signal) error { return h.cmd.Process.Signal(sig) }

// patience is how long a hub may take to end.
const patience = time.Minute

// End tells the hub to end and waits for it. One that does not is an error, with what its goroutines do.
func (h *Hub) End() error {
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-h.done:
	case <-time.After(patience):
		if err := h.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
			return err
		}
		<-h.done
		return fmt.Errorf("the hub did not end within %s\n%s", patience, h.log)
	}
	if h.err != nil {
		return fmt.Errorf("%w\n%s", h.err, h.log)
	}
	return nil
}

// Ended says that the hub is gone, whoever ended it.
func (h *Hub) Ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// CPU is what the whole process has used, user and system, from /proc (proc(5), stat, fields 14 and 15), in ticks of 10 ms.
func (h *Hub) CPU() (time.Duration, error) { return CPUOf(h.cmd.Process.Pid) }

// CPUOf is what a process has used.
func CPUOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
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

// RSS is how many bytes of memory the hub holds just now (proc(5), status, VmRSS).
func (h *Hub) RSS() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
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

// Own is what this process has used.
func Own() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Ask sends an HTTP request and returns the status and the body.
func (h *Hub) Ask(method, path, body string) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.HTTP+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+h.who.Password)
	switch {
	case strings.HasPrefix(path, "/rules"):
		req.Header.Set("Content-Type", "text/yaml")
	case body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// Get asks for a document, which must be there.
func (h *Hub) Get(path string) (string, error) {
	status, text, err := h.Ask("GET", path, "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %.300s", path, status, text)
	}
	return text, err
}

// Metric is one figure of /metrics, without the prefix of its name.
func (h *Hub) Metric(name string) (int, error) {
	text, err := h.Get("/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		for _, prefix := range []string{"hutong_", ""} {
			if v, ok := strings.CutPrefix(line, prefix+name+" "); ok {
				n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
				return int(n), err
			}
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// ErrStuck is in the error of a Wait in which nothing moved any more.
var ErrStuck = errors.New("nothing has moved for a minute")

// Wait looks until ready, and gives up when progress stays what it is.
func Wait(look func() (ready bool, progress int)) error {
	last, at := -1, time.Now()
	for {
		ready, n := look()
		if ready {
			return nil
		}
		if n != last {
			last, at = n, time.Now()
		} else if time.Since(at) > time.Minute {
			return fmt.Errorf("%w, at %d", ErrStuck, n)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Median is the middle of a list, which it sorts; 0 of an empty one.
func Median(list []float64) float64 {
	slices.Sort(list)
	switch n := len(list); {
	case n == 0:
		return 0
	case n%2 == 0:
		return (list[n/2-1] + list[n/2]) / 2
	default:
		return list[n/2]
	}
}

// Percentile is the value that a share p, from 0 to 1, of a list does not exceed; it sorts the list.
func Percentile(list []float64, p float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(int(p*float64(len(list))), len(list)-1)]
}

// Load is the machine's load average of the last minute.
func Load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// Where says on what and when something was measured, for the line above a table.
func Where() string {
	return fmt.Sprintf("%d CPUs, %s, load %s, %s", runtime.NumCPU(), runtime.Version(), Load(), time.Now().UTC().Format("2006-01-02 15:04 MST"))
}

// Met says in a table whether a bar is met.
func Met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}

// OpenFiles lets this process, and those it starts, open so many files.
func OpenFiles(want int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Max < uint64(want) {
		return fmt.Errorf("only %d files may be open here, %d are needed: see ulimit -n", l.Max, want)
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
