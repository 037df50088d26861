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
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"hutong/bench/rig"
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
	program, err := rig.Build(context.Background(), work, nil)
	if err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	fmt.Println(rig.Where())
	fmt.Printf("binary, static and stripped: %.1f MB\n", float64(info.Size())/1e6)
	var ready, screen []float64
	for n := range runs {
		r, s, err := once(program, filepath.Join(work, strconv.Itoa(n)))
		if err != nil {
			return err
		}
		ready = append(ready, r.Seconds())
		if s > 0 {
			screen = append(screen, s.Seconds())
		}
	}
	report("start to ready", ready)
	report("start to first live screen", screen)
	return memory(program, filepath.Join(work, "idle"))
}

func report(what string, list []float64) {
	if len(list) == 0 {
		fmt.Printf("%s: not measured, since Chromium or playwright-core is not here (interop/install)\n", what)
		return
	}
	fmt.Printf("%s: median %.2f s, worst %.2f s of %d\n", what, rig.Median(list), slices.Max(list), len(list))
}

// once measures one start on a new data folder. The browser is open before the hub starts, with an empty page.
func once(program, data string) (ready, screen time.Duration, err error) {
	modules, err := rig.NodeModules()
	if err != nil {
		return 0, 0, err
	}
	browser := exec.Command("node", "bench/start/screen.cjs")
	browser.Env = append(os.Environ(), "NODE_PATH="+modules)
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
	h, err := rig.Demo(program, data)
	if err != nil {
		return 0, 0, err
	}
	if open {
		if _, err := fmt.Fprintln(to, h.HTTP); err == nil && said.Scan() && said.Text() == "live" {
			screen = time.Since(began)
		}
		_ = browser.Wait() // what it said is what counts
	}
	return h.Ready, screen, h.End()
}

// memory reads the resident memory of a demo that has run for a while, from /proc.
func memory(program, data string) error {
	h, err := rig.Demo(program, data)
	if err != nil {
		return err
	}
	time.Sleep(idle)
	if rss, err := h.RSS(); err == nil {
		fmt.Printf("memory of the demo after %s, hub and all its devices in one process: %d kB resident\n", idle, rss>>10)
	} else {
		fmt.Println("memory: not measured, since there is no /proc here")
	}
	return h.End()
}
