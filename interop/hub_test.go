package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program builds cmd/hutong once and returns its path.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hutong-interop-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hutong")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/hutong").CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// hub is one running hutong process.
type hub struct {
	HTTP string // http://127.0.0.1:PORT
	MQTT string // mqtt://127.0.0.1:PORT
	cmd  *exec.Cmd
	done chan struct{}
}

var readyLine = regexp.MustCompile(`^ready http=(\S+) mqtt=(\S+)$`)

// start runs "hutong ARGS" on free ports and waits for its ready line. It is stopped when the test ends.
func start(t *testing.T, args ...string) *hub {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args = append(args, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
	return startAs(t, path, args...)
}

// startAs is start with the arguments as they are.
func startAs(t *testing.T, path string, args ...string) *hub {
	t.Helper()
	h := &hub{cmd: exec.Command(path, args...), done: make(chan struct{})}
	var log strings.Builder
	h.cmd.Stderr = &log
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan []string, 1)
	go func() {
		defer close(h.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		_ = h.cmd.Wait() // how it ended is told by stop
	}()
	select {
	case m := <-ready:
		h.HTTP, h.MQTT = m[1], m[2]
	case <-h.done:
		t.Fatalf("hutong %v ended before it was ready:\n%s", args, log.String())
	case <-time.After(30 * time.Second):
		_ = h.cmd.Process.Kill()
		t.Fatalf("hutong %v was not ready within 30 s:\n%s", args, log.String())
	}
	t.Cleanup(func() {
		h.stop()
		if t.Failed() {
			t.Logf("hutong %v said:\n%s", args, tail(log.String(), 4000))
		}
	})
	return h
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// stop ends the hub as a service manager does, and waits.
func (h *hub) stop() {
	_ = h.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-h.done:
	case <-time.After(15 * time.Second):
		_ = h.cmd.Process.Kill()
		<-h.done
	}
}

// request sends one request to the hub and returns the status and the body.
func (h *hub) request(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.HTTP+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// eventually asks until ok, for at most limit; what is what it waits for.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// decode reads JSON into a T.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return v
}
