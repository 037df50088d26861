// Command idle measures what a connected device costs that says nothing: 10,000 MQTT connections with one subscription
// each.
//
//	go run ./bench/idle            10,000 connections, 5 hubs
//	go run ./bench/idle --quick    1,000 connections, 3 hubs
//
// Memory is the hub's resident memory with them, less that before they came.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"hutong/bench/rig"
)

func main() {
	conns := flag.Int("connections", 10_000, "how many")
	runs := flag.Int("runs", 5, "hubs")
	rig.Parse(map[string]string{"connections": "1000", "runs": "3"})
	if err := run(*conns, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

func run(conns, runs int) error {
	work, err := os.MkdirTemp("", "hutong-idle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := rig.OpenFiles(conns + 100); err != nil {
		return err
	}
	program, err := rig.Build(context.Background(), work, nil)
	if err != nil {
		return err
	}
	var per, took []float64
	for i := range runs {
		bytes, connected, err := once(program, filepath.Join(work, strconv.Itoa(i)), conns)
		if err != nil {
			return err
		}
		per, took = append(per, bytes/float64(conns)), append(took, float64(conns)/connected.Seconds())
	}
	each := rig.Median(per) / 1024
	fmt.Printf("%s, %d runs\n\n| what | median | bar |\n|---|---|---|\n", rig.Where(), runs)
	fmt.Printf("| memory of each of %d idle MQTT connections with a subscription | **%.1f KB** | <= 6 KB: %s |\n", conns, each, rig.Met(each <= 6))
	fmt.Printf("| they connect and subscribe, a second | %.0f | |\n", rig.Median(took))
	return nil
}

func once(program, data string, conns int) (bytes float64, took time.Duration, err error) {
	who, err := rig.Token(program, data)
	if err != nil {
		return 0, 0, err
	}
	h, err := rig.Start(program, data, who, nil)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, h.End()) }()
	time.Sleep(time.Second)
	before, err := h.RSS()
	if err != nil {
		return 0, 0, err
	}
	list := make([]*rig.Conn, conns)
	defer func() {
		for _, c := range list {
			if c != nil {
				c.Close()
			}
		}
	}()
	began := time.Now()
	err = rig.Beside(50, conns, func(i int) error {
		c, err := h.Dial("idle-" + strconv.Itoa(i))
		if err != nil {
			return err
		}
		list[i] = c
		return c.Subscribe("idle/"+strconv.Itoa(i), 0)
	})
	took = time.Since(began)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(5 * time.Second) // what was only of the connecting goes back
	after, err := h.RSS()
	return float64(after - before), took, err
}
