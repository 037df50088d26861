package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"hutong/api"
	"hutong/rules"
	"hutong/rules/engine"
	"hutong/rules/schedule"
	"hutong/rules/text"
	"hutong/td"
	"hutong/thing"
)

// openRules joins the rules of the data folder to their Things.
func (h *Hub) openRules() (err error) {
	zone, err := h.config.zone()
	if err != nil {
		return err
	}
	var position *schedule.Position
	if h.config.Latitude != 0 || h.config.Longitude != 0 {
		position = &schedule.Position{Latitude: h.config.Latitude, Longitude: h.config.Longitude}
	}
	changes := h.twin.Every(0)
	h.rules, err = rules.Open(rules.Options{
		Dir: h.config.Data, Directory: h.twin, States: h.twin, Feed: changes, Commands: h.gate, Notify: h.notice,
		Zone: zone, Position: position, Log: h.log,
	})
	return err
}

// notice shows people what a rule wants them to know.
func (h *Hub) notice(n engine.Notice) {
	h.notices.Add(api.Notice{Time: n.Time, Level: n.Level, Title: n.Rule, Text: n.Text, Cause: n.Trace})
}

// follow tells the rules of Things that come and go, until ctx ends.
func (h *Hub) follow(ctx context.Context) error {
	news := h.twin.Watch()
	defer news.Close()
	for {
		list, err := news.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		ids := make([]thing.ID, len(list))
		for i, n := range list {
			ids[i] = n.ID
		}
		h.rules.Changed(ids...)
	}
}

type rulesCmd struct {
	Check rulesCheckCmd `cmd:"" help:"Say what is wrong with the text of rules."`
}

type rulesCheckCmd struct {
	remote
	Files   []string `arg:"" help:"Rule files, or folders of them." type:"path"`
	Offline bool     `help:"Check the text only, not what it says of the Things of a running hub."`
}

// Run prints FILE:LINE:COLUMN: what is wrong, a line each; any makes the exit code 1.
func (c *rulesCheckCmd) Run(ctx context.Context) error {
	var known engine.Directory
	if !c.Offline {
		things, err := c.known(ctx)
		if err != nil {
			return fmt.Errorf("%w; or check the text alone with --offline", err)
		}
		known = things
	}
	bad := false
	for _, name := range c.Files {
		files, err := ruleFiles(name)
		if err != nil {
			return err
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, p := range checkFile(file, source, known) {
				fmt.Printf("%s:%s\n", file, p)
				bad = bad || !p.Waiting
			}
		}
	}
	if bad {
		return errSaid
	}
	return nil
}

func checkFile(name string, source []byte, known engine.Directory) []text.Problem {
	if filepath.Base(filepath.Dir(name)) == "scenes" {
		return rules.CheckScene(source, known)
	}
	return rules.Check(source, known)
}

func ruleFiles(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return []string{name}, err
	}
	return filepath.Glob(filepath.Join(name, "*.yaml"))
}

// catalogue is the Things of a running hub, as rules look them up.
type catalogue []*thing.Thing

func (c catalogue) Things() []*thing.Thing { return c }

func (c catalogue) Thing(id thing.ID) (*thing.Thing, bool) {
	for _, x := range c {
		if x.ID == id {
			return x, true
		}
	}
	return nil, false
}

// known fetches all descriptions from the hub.
func (c *rulesCheckCmd) known(ctx context.Context) (catalogue, error) {
	var list catalogue
	err := c.things(ctx, url.Values{}, func(raw json.RawMessage) error {
		d, err := td.Parse(raw)
		if err != nil {
			return fmt.Errorf("the hub's list: %w", err)
		}
		x, err := d.Compile()
		if err != nil {
			return fmt.Errorf("the hub's list: %w", err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}
