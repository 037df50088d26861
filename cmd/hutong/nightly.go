package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// nightHour is when the nightly backup is made, in the hub's time zone: when most homes sleep.
const nightHour = 3

// settle is how long after its start a hub that missed the night waits before it catches up.
const settle = 10 * time.Minute

// nightly makes a backup every night, and keeps the newest.
type nightly struct {
	data string // the data folder
	to   string // where backups go
	keep int    // how many stay
	zone *time.Location
	log  *slog.Logger
	made func(ctx context.Context, data, to string, now time.Time) error
}

// run works until ctx ends. A backup that fails is logged and tried again later: the hub goes on.
func (n *nightly) run(ctx context.Context) error {
	for {
		now := time.Now()
		wait := n.next(now).Sub(now)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if err := n.once(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Error("nightly backup failed", "error", err)
			select { // not at once again, though it is still due
			case <-ctx.Done():
			case <-time.After(time.Hour):
			}
		}
	}
}

// next gives when the next backup is due: at night, or soon where the newest one is from before the last night.
func (n *nightly) next(now time.Time) time.Time {
	local := now.In(n.zone)
	night := time.Date(local.Year(), local.Month(), local.Day(), nightHour, 0, 0, 0, n.zone)
	if !night.After(now) {
		night = time.Date(local.Year(), local.Month(), local.Day()+1, nightHour, 0, 0, 0, n.zone)
	}
	last := time.Date(night.Year(), night.Month(), night.Day()-1, nightHour, 0, 0, 0, n.zone)
	list, err := n.list()
	if err == nil && (len(list) == 0 || list[len(list)-1] < name(last)) {
		if soon := now.Add(settle); soon.Before(night) {
			return soon
		}
	}
	return night
}

// nightlyPattern is what nightly backups are called; others in the folder are left alone.
const nightlyPattern = "nightly-????-??-??-??????.tar.zst"

func name(at time.Time) string { return "nightly-" + at.UTC().Format("2006-01-02-150405") + ".tar.zst" }

func (n *nightly) list() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(n.to, nightlyPattern))
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	return found, err
}

// once makes a backup, then removes those that are too many. A part that a crash left is removed too.
func (n *nightly) once(ctx context.Context, now time.Time) error {
	if err := os.MkdirAll(n.to, 0o700); err != nil {
		return err
	}
	parts, err := filepath.Glob(filepath.Join(n.to, nightlyPattern+".part"))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := os.Remove(p); err != nil {
			return err
		}
	}
	if err := n.made(ctx, n.data, filepath.Join(n.to, name(now)), now); err != nil {
		return fmt.Errorf("%s: %w", name(now), err)
	}
	list, err := n.list()
	for len(list) > n.keep && err == nil {
		err = os.Remove(filepath.Join(n.to, list[0]))
		list = list[1:]
	}
	return err
}
