package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime/debug"
	"time"

	"hutong/road/ground"
	"hutong/rules/schedule"
)

// dataFlag is the flag of every command that opens a data folder.
type dataFlag struct {
	Data string `help:"The data folder." default:"./hutong-data" type:"path" env:"HUTONG_DATA"`
}

// listen are the flags that demo and serve share.
type listen struct {
	dataFlag
	HTTP     string `help:"Where the page and the interface answer; port 0 takes any." default:"127.0.0.1:8480" placeholder:"ADDR" env:"HUTONG_HTTP"`
	MQTT     string `name:"mqtt" help:"Where devices connect; port 0 takes any." default:"127.0.0.1:1883" placeholder:"ADDR" env:"HUTONG_MQTT"`
	Upstream string `name:"mqtt-upstream" help:"Also live in an outside broker, as its client." placeholder:"mqtt://USER:PASSWORD@HOST:1883"`
	Verbose  bool   `help:"Log more."`
}

// Config is all that a hub is told before it opens its data folder.
type Config struct {
	Data      string
	HTTP      string
	MQTT      string
	Upstream  string
	TLSCert   string // file names; both or neither
	TLSKey    string
	MQTTS     string // address of the TLS listener for devices; "" for none
	Latitude  float64
	Longitude float64
	Zone      string // IANA name; "" is this machine's
	Retention time.Duration
	HistoryMB int64        // how much disk history may take; 0: as much as there is
	Backups   string       // where nightly backups go
	Nights    int          // how many are kept; 0 makes none
	Area      *ground.Area // nil: no demonstration area
	Rounds    bool         // vehicles without work go from stop to stop
	Open      bool         // no tokens asked: loopback only
	Verbose   bool
}

// check refuses what cannot be meant.
func (c Config) check() error {
	for _, a := range []struct{ flag, addr string }{{"--http", c.HTTP}, {"--mqtt", c.MQTT}, {"--mqtts", c.MQTTS}} {
		if a.addr == "" && a.flag == "--mqtts" {
			continue
		}
		host, _, err := net.SplitHostPort(a.addr)
		if err != nil {
			return fmt.Errorf("%s %q: want HOST:PORT, such as 127.0.0.1:8480", a.flag, a.addr)
		}
		if c.Open && !loopback(host) {
			return fmt.Errorf("%s %s: a hub that asks for no token answers on loopback only; use `hutong serve` to be reached from elsewhere", a.flag, a.addr)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if c.MQTTS != "" && c.TLSCert == "" {
		return errors.New("--mqtts needs --tls-cert and --tls-key")
	}
	if at := (schedule.Position{Latitude: c.Latitude, Longitude: c.Longitude}); !at.Valid() {
		return fmt.Errorf("--location %g,%g: want latitude,longitude in degrees", c.Latitude, c.Longitude)
	}
	if c.Nights < 0 {
		return fmt.Errorf("--nights %d: want how many nightly backups are kept, or 0 for none", c.Nights)
	}
	if c.HistoryMB < 0 {
		return fmt.Errorf("--history-mb %d: want how many megabytes history may take, or 0 for no limit", c.HistoryMB)
	}
	if _, err := c.zone(); err != nil {
		return err
	}
	if c.Upstream != "" {
		u, err := url.Parse(c.Upstream)
		if err != nil || u.Host == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts" && u.Scheme != "ws" && u.Scheme != "wss" {
			return errors.New("--mqtt-upstream: want mqtt://USER:PASSWORD@HOST:PORT (or mqtts, ws, wss)")
		}
	}
	return nil
}

// zone is the time zone that rules and nights keep.
func (c Config) zone() (*time.Location, error) {
	if c.Zone == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("--zone %q: not a time zone such as Asia/Shanghai: %w", c.Zone, err)
	}
	return zone, nil
}

// loopback says whether a host names this machine only.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// version is the module's version and the revision it was built from, as far as the build knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "hutong"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "0.1.0-dev"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "hutong " + v + " (" + s.Value[:12] + ")"
		}
	}
	return "hutong " + v
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println(version())
	return nil
}
