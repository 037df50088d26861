// Command start measures what a person waits for and what a machine pays: seconds from the start of `hutong demo` to its
// ready line and to the first live screen, the size of the program, and its memory with the demo running.
//
//	go run ./bench/start
//
// The first live screen needs Chromium and playwright-core (interop/install brings both) and is left out, and said to
// be, where they are missing.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	runs = 9
	idle = 60 * time.Second
)

func main() {
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func measure() error {
	work, err := os.MkdirTemp("", "hutong-start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	program := filepath.Join(work, "hutong")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/hutong")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d CPUs, %s\n", runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("binary, static and stripped: %.1f MB\n", float64(info.Size())/1e6)
	var ready, screen []time.Duration
	for n := range runs {
		r, s, err := once(program, filepath.Join(work, strconv.Itoa(n)))
		if err != nil {
			return err
		}
		ready = append(ready, r)
		if s > 0 {
			screen = append(screen, s)
		}
	}
	report("start to ready", ready)
	report("start to first live screen", screen)
	return memory(program, filepath.Join(work, "idle"))
}

func report(what string, list []time.Duration) {
	if len(list) == 0 {
		fmt.Printf("%s: not measured, since Chromium or playwright-core is not here (interop/install)\n", what)
		return
	}
	slices.Sort(list)
	fmt.Printf("%s: median %.2f s, worst %.2f s of %d\n", what, list[len(list)/2].Seconds(), list[len(list)-1].Seconds(), len(list))
}

var readyLine = regexp.MustCompile(`^ready http=(\S+)`)

// demo starts the program and waits for its ready line.
func demo(program, data string) (cmd *exec.Cmd, address string, took time.Duration, err error) {
	cmd = exec.Command(program, "demo", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, "", 0, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			return cmd, m[1], time.Since(began), nil
		}
	}
	return nil, "", 0, errors.Join(errors.New("the demo ended before it was ready"), cmd.Wait())
}

func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}

// once measures one start on a new data folder. The browser is open before the hub starts, with an empty page.
func once(program, data string) (ready, screen time.Duration, err error) {
	browser := exec.Command("node", "bench/start/screen.cjs")
	browser.Env = append(os.Environ(), "NODE_PATH="+peers())
	to, err := browser.StdinPipe()
	if err != nil {
		return 0, 0, err
	}
	from, err := browser.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	said := bufio.NewScanner(from)
	open := browser.Start() == nil && said.Scan() && said.Text() == "open"
	began := time.Now()
	cmd, address, ready, err := demo(program, data)
	if err != nil {
		return 0, 0, err
	}
	if open {
		if _, err := fmt.Fprintln(to, address); err == nil && said.Scan() && said.Text() == "live" {
			screen = time.Since(began)
		}
		_ = browser.Wait() // what it said is what counts
	}
	return ready, screen, end(cmd)
}

func peers() string {
	dir := os.Getenv("HUTONG_PEERS")
	if dir == "" {
		dir = "interop/.peers"
	}
	abs, err := filepath.Abs(filepath.Join(dir, "node_modules"))
	if err != nil {
		return dir
	}
	return abs
}

// memory reads the resident memory of a demo that has run for a while, from /proc.
func memory(program, data string) error {
	cmd, _, _, err := demo(program, data)
	if err != nil {
		return err
	}
	time.Sleep(idle)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err == nil {
		for line := range strings.Lines(string(status)) {
			if rss, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				fmt.Printf("memory of the demo after %s, hub and all its devices in one process: %s resident\n", idle, strings.TrimSpace(rss))
			}
		}
	} else {
		fmt.Println("memory: not measured, since there is no /proc here")
	}
	return end(cmd)
}
