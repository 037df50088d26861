// Package rig is what the programs that measure share: building and running the real hub, speaking to it, and saying what
// was found. It has its own few packets of MQTT, so that the measured program is not its own measure.
package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
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
	*Process
	HTTP  string        // its base URL
	MQTT  string        // HOST:PORT
	Ready time.Duration // from its start to its ready line
	Who   Login
}

// Login is how the hub's devices and screens say who they are.
type Login struct{ User, Password string }

// Token makes an admin's token in a data folder, which is made when it is not there.
func Token(program, data string) (Login, error) {
	secret, err := exec.Command(program, "token", "create", "bench", "--role", "admin", "--data", data).Output()
	if err != nil {
		return Login{}, fmt.Errorf("token: %w", err)
	}
	return Login{"bench", strings.TrimSpace(string(secret))}, nil
}

// Start runs a hub on a data folder and waits until it answers. Env is added to the environment.
func Start(program, data string, who Login, env []string) (*Hub, error) {
	cmd := exec.Command(program, "serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--nights", "0")
	cmd.Env = append(os.Environ(), env...)
	return launch(cmd, who)
}

// Demo runs the demo on a data folder and waits until it answers.
func Demo(program, data string) (*Hub, error) {
	return launch(exec.Command(program, "demo", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"), Login{})
}

var readyLine = regexp.MustCompile(`^ready http=(\S+) mqtt=mqtt://(\S+)`)

func launch(cmd *exec.Cmd, who Login) (*Hub, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	p, err := start(cmd)
	if err != nil {
		return nil, err
	}
	var m []string
	for lines := bufio.NewScanner(out); m == nil && lines.Scan(); {
		m = readyLine.FindStringSubmatch(lines.Text())
	}
	h := &Hub{Process: p, Ready: time.Since(began), Who: who}
	go p.await()
	if m == nil {
		h.Kill()
		return nil, fmt.Errorf("%w\n%s", errors.Join(errors.New("the hub did not become ready"), h.err), h.log)
	}
	h.HTTP, h.MQTT = m[1], m[2]
	return h, nil
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
	if h.Who.Password != "" {
		req.Header.Set("Authorization", "Bearer "+h.Who.Password)
	}
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

// Beside does f of 0 to n-1, so many of them at a time as there are workers. A worker ends with its first error.
func Beside(workers, n int, f func(i int) error) error {
	var all sync.WaitGroup
	errs := make(chan error, workers)
	for k := range workers {
		all.Go(func() {
			for i := k; i < n; i += workers {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

// Share does f of 0 to n-1 over a few connections that work beside each other.
func (h *Hub) Share(n int, f func(c *Conn, i int) error) error {
	const conns = 32
	return Beside(conns, conns, func(k int) error {
		c, err := h.Dial("share-" + strconv.Itoa(k))
		if err != nil {
			return err
		}
		defer c.Close()
		for i := k; i < n; i += conns {
			if err := f(c, i); err != nil {
				return fmt.Errorf("of %d: %w", i, err)
			}
		}
		return nil
	})
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
	return fmt.Sprintf("%s/%s, %d CPUs, %s, load %s, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), Load(), time.Now().UTC().Format("2006-01-02 15:04 MST"))
}

// Met says in a table whether a bar is met.
func Met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}

// Parse reads the command line. With --quick, which it adds, those flags that were not asked for have the values of few.
func Parse(few map[string]string) (quick bool) {
	flag.BoolVar(&quick, "quick", false, "little of everything")
	flag.Parse()
	if !quick {
		return false
	}
	asked := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { asked[f.Name] = true })
	for name, value := range few {
		if asked[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err) // the program's own flag and value
		}
	}
	return true
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
