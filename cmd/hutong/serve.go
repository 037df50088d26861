package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"
)

type serveCmd struct {
	listen
	MQTTS     string        `name:"mqtts" help:"Where devices connect by TLS." placeholder:"ADDR"`
	TLSCert   string        `name:"tls-cert" help:"Certificate for --mqtts (PEM)." type:"existingfile"`
	TLSKey    string        `name:"tls-key" help:"Its key (PEM)." type:"existingfile"`
	Location  string        `help:"Latitude,longitude in degrees, for sunrise and sunset." placeholder:"39.98,116.31"`
	Area      string        `help:"A demonstration area: a JSON file (docs/road.md), or town for our own." placeholder:"FILE"`
	Zone      string        `help:"Time zone of the rules, such as Asia/Shanghai; this machine's when left out."`
	Retention time.Duration `help:"How long history keeps values; 0 is for ever." default:"8760h"`
	HistoryMB int64         `name:"history-mb" help:"How many megabytes of disk history may take; the oldest goes first. 0 is no limit." default:"0"`
	Nights    int           `help:"How many nightly backups are kept; 0 makes none." default:"7"`
	Backups   string        `help:"Where they go; the folder backups in the data folder when left out. Another disk is better." type:"path"`
}

// Run runs a real hub until it is told to end.
func (c *serveCmd) Run(ctx context.Context) error {
	config := c.config()
	config.MQTTS, config.TLSCert, config.TLSKey, config.Zone, config.Retention = c.MQTTS, c.TLSCert, c.TLSKey, c.Zone, c.Retention
	config.HistoryMB = c.HistoryMB
	config.Nights, config.Backups = c.Nights, cmp.Or(c.Backups, filepath.Join(c.Data, "backups"))
	if c.Location != "" {
		if n, err := fmt.Sscanf(c.Location, "%g,%g", &config.Latitude, &config.Longitude); n != 2 {
			return fmt.Errorf("--location %q: want latitude,longitude in degrees: %w", c.Location, err)
		}
	}
	if c.Area != "" {
		area, err := readArea(c.Area)
		if err != nil {
			return err
		}
		config.Area = area
	}
	h, err := openHub(ctx, config, "serve")
	if err != nil {
		return err
	}
	return h.run(ctx, nil)
}
