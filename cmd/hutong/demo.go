package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"hutong/drive/start"
	"hutong/drive/town"
	"hutong/sim"
)

// samples are the rules and scenes of the demo quarter.
//
//go:embed quarter
var samples embed.FS

type demoCmd struct {
	listen
	Seed  uint64  `help:"Another seed is another quarter." default:"1"`
	Sumo  bool    `help:"SUMO's traffic in the town in place of our own; it must be installed."`
	Speed float64 `help:"How fast time passes for the vehicles, against the clock." default:"1"`
}

// Run shows the simulated quarter until it is interrupted.
func (c *demoCmd) Run(ctx context.Context) error {
	config := c.config()
	config.Open = true
	config.Latitude, config.Longitude = 39.98, 116.31
	roads, places := town.Load()
	config.Area, config.Rounds = townArea(roads, places), true
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h, err := openHub(ctx, config, "demo")
	if err != nil {
		return err
	}
	if err := h.unpack(samples); err != nil {
		return errors.Join(err, h.close())
	}
	kind := "town"
	if c.Sumo {
		kind = "sumo"
	}
	vehicles, err := start.New(ctx, start.Options{World: kind, Vehicles: 4, Seed: c.Seed, Speed: c.Speed, Broker: h.mqttURL(), Log: h.log})
	if err != nil {
		return errors.Join(err, h.close())
	}
	h.drive = vehicles.Host
	h.later(vehicles.Close)
	return h.run(ctx, func(ctx context.Context) error {
		fmt.Fprintf(os.Stderr, "A simulated quarter. It is open to everybody on this machine, and to nobody else.\nSee it at %s\n", h.httpURL())
		work, ctx := errgroup.WithContext(ctx)
		work.Go(func() error { return h.drive.Run(ctx) })
		work.Go(func() error {
			return sim.Run(ctx, sim.Options{Broker: h.mqttURL(), Seed: c.Seed, Stops: stopNames(places), Log: h.log})
		})
		return work.Wait()
	})
}

// unpack writes those sample rules and scenes that the data folder does not have.
func (h *Hub) unpack(from embed.FS) error {
	return fs.WalkDir(from, "quarter", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		to := filepath.Join(h.folder.path, filepath.FromSlash(name[len("quarter/"):]))
		if _, err := os.Stat(to); err == nil {
			return nil
		}
		data, err := from.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return writeWhole(to, data)
	})
}

// config is what the shared flags say.
func (l listen) config() Config {
	return Config{Data: l.Data, HTTP: l.HTTP, MQTT: l.MQTT, Upstream: l.Upstream, Verbose: l.Verbose}
}
