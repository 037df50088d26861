package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hutong/api"
	"hutong/binding"
	"hutong/cmd/hutong/calm"
	"hutong/drive/host"
	"hutong/gate"
	"hutong/history"
	"hutong/mqtt"
	"hutong/registry"
	"hutong/road"
	"hutong/road/archive"
	"hutong/rules"
	"hutong/thing"
	"hutong/twin"
	"hutong/web"
)

// Hub is one running hub: every part, introduced to the others.
type Hub struct {
	config   Config
	log      *slog.Logger
	folder   *folder
	registry *registry.Registry
	memory   *memory
	twin     *twin.Twin
	gate     *gate.Gate
	audit    *gate.Audit
	topics   *gate.Topics // nil on an open hub
	devices  *binding.Supervisor
	mqtt     *mqtt.Server
	upstream *mqtt.Client
	local    []binding.Hearer // bindings of our own broker
	rules    *rules.Runner
	court    *road.Court      // nil where there is no area
	archive  *archive.Archive // nil where there is no area
	drive    *host.Host       // nil where no vehicles run in this process
	notices  *api.Notices
	ledger   *ledger
	api      *api.API
	http     net.Listener
	plain    net.Listener
	secure   net.Listener   // nil without --mqtts
	closers  []func() error // in the order of opening
}

// openHub opens everything in the order in which one part needs another. What it has opened is closed again when a
// later step fails. Ctx can end the wait for a disk that is full.
func openHub(ctx context.Context, c Config, kind string) (_ *Hub, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	h := &Hub{config: c, notices: api.NewNotices(), ledger: newLedger(), log: slog.New(calm.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	for _, step := range []func() error{
		func() error { return h.openFolder(kind) },
		h.openListeners,
		h.openRegistry,
		func() error { return h.openValues(ctx) },
		h.openGate,
		h.openDevices,
		h.openRules,
		h.openRoad,
		h.openAPI,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// later remembers how to close what was just opened.
func (h *Hub) later(f func() error) { h.closers = append(h.closers, f) }

// close closes in the reverse order of opening.
func (h *Hub) close() error {
	var list []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		list = append(list, h.closers[i]())
	}
	h.closers = nil
	return errors.Join(list...)
}

func (h *Hub) openFolder(kind string) (err error) {
	if h.folder, err = openFolder(h.config.Data, kind); err != nil {
		return err
	}
	h.later(h.folder.close)
	return nil
}

// openListeners takes the ports first, because a busy one is the likeliest thing to be wrong.
func (h *Hub) openListeners() (err error) {
	for _, p := range []struct {
		flag, addr string
		to         *net.Listener
	}{{"--http", h.config.HTTP, &h.http}, {"--mqtt", h.config.MQTT, &h.plain}, {"--mqtts", h.config.MQTTS, &h.secure}} {
		if p.addr == "" {
			continue
		}
		if *p.to, err = net.Listen("tcp", p.addr); err != nil {
			return fmt.Errorf("%s %s cannot be taken: %w; name another with %s, or port 0 for any", p.flag, p.addr, err, p.flag)
		}
		h.later(ignoreClosed((*p.to).Close))
	}
	return nil
}

// ignoreClosed is for listeners that their server may have closed before.
func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

func (h *Hub) openRegistry() (err error) {
	if h.registry, err = registry.Open(filepath.Join(h.config.Data, registryFile)); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	h.later(h.registry.Close)
	return nil
}

func (h *Hub) openValues(ctx context.Context) (err error) {
	if h.memory, err = openMemory(ctx, h.config.Data, history.Options{Retention: h.config.Retention, MaxBytes: h.config.HistoryMB << 20}, h.log); err != nil {
		return err
	}
	h.later(h.memory.close)
	h.twin = twin.New(twin.Options{
		Log: h.memory.journal, After: h.memory.history.Durable(),
		Doer: reach{h},
	})
	h.later(func() error { h.twin.Close(); return nil })
	return nil
}

// reach is the devices as the twin reaches them; they come after it.
type reach struct{ h *Hub }

func (r reach) Do(ctx context.Context, cmd thing.Command) (thing.Value, error) {
	return r.h.devices.Do(ctx, cmd)
}
func (r reach) Ready(cmd *thing.Command) bool          { return r.h.devices.Ready(cmd) }
func (r reach) Now(cmds []thing.Command, errs []error) { r.h.devices.Now(cmds, errs) }

var _ twin.Prompt = reach{}

func (h *Hub) openGate() (err error) {
	audit, repair, err := gate.OpenAudit(filepath.Join(h.config.Data, auditFile))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if repair != "" {
		h.log.Error("audit log repaired", "what", repair)
	}
	h.audit = audit
	h.later(audit.Close)
	h.gate = gate.New(gate.Options{
		Next: witness{h.twin, h.ledger, h.ordered}, Things: h.twin, Tokens: gate.NewTokens(h.registry.Records(registry.Tokens)), Audit: audit, Open: h.config.Open,
	})
	return nil
}

func (h *Hub) openAPI() error {
	h.api = api.New(api.Options{
		Twin: h.twin, Feeds: feeds{h.twin}, Gate: h.gate, Access: access{h.gate}, Commands: h.twin,
		Directory: directory{h.registry, h.twin}, History: past{h.memory.history},
		Rules: ruleBook{h.rules}, Scenes: scenes{h.rules}, Traces: stories{h.rules, h.ledger}, Notices: h.notices, Courts: h.courts(),
		Page: h.page(), Open: h.config.Open, Version: strings.TrimPrefix(version(), "hutong "), Ready: h.ready, Metrics: h.metrics, Log: h.log,
	})
	return nil
}

// page is what the interface does not answer itself: MQTT over WebSocket, and the page.
func (h *Hub) page() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /mqtt", h.mqtt.WebSocket())
	mux.Handle("/", web.Handler())
	return mux
}

func (h *Hub) httpURL() string { return "http://" + h.http.Addr().String() }
func (h *Hub) mqttURL() string { return "mqtt://" + h.plain.Addr().String() }

// readyLine says, for people and for programs, where the hub answers.
func (h *Hub) readyLine() string {
	line := "ready http=" + h.httpURL() + " mqtt=" + h.mqttURL()
	if h.secure != nil {
		line += " mqtts=mqtts://" + h.secure.Addr().String()
	}
	return line
}

// drain is how long requests may take to end when the hub stops.
const drain = 3 * time.Second

// heapFloor is memory that is asked for and never touched, so that it takes room in the collector's sums alone: a hub
// of a few megabytes is not collected again at every few megabytes of messages, which was a fifth of its work.
const heapFloor = 32 << 20

// run serves until ctx ends, then stops everything in order. After also runs when all is up, if there is one.
func (h *Hub) run(ctx context.Context, after func(context.Context) error) error {
	floor := make([]byte, heapFloor)
	defer runtime.KeepAlive(floor)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work, ctx := errgroup.WithContext(ctx)
	server := api.Server(h.api)
	work.Go(func() error { return h.memory.feed(ctx, h.twin) })
	work.Go(func() error { return h.memory.tidy(ctx) })
	work.Go(func() error { return h.nightly(ctx) })
	work.Go(func() error { return h.ledger.run(ctx, h.twin.Every(0)) })
	if h.topics != nil {
		work.Go(func() error { return h.topics.Run(ctx) })
	}
	work.Go(func() error { return h.devices.Run(ctx) })
	work.Go(func() error { return h.follow(ctx) })
	work.Go(func() error { return h.rules.Run(ctx) })
	if h.court != nil {
		work.Go(func() error { return h.archive.Run(ctx) })
		work.Go(func() error { return h.court.Run(ctx) })
	}
	h.hear(ctx)
	work.Go(func() error { return h.stopped(h.mqtt.Serve(h.plain)) })
	if h.secure != nil {
		pair, err := tls.LoadX509KeyPair(h.config.TLSCert, h.config.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("--tls-cert: %w", err), h.close())
		}
		work.Go(func() error {
			return h.stopped(h.mqtt.ServeTLS(h.secure, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
		})
	}
	work.Go(func() error { return h.stopped(server.Serve(h.http)) })
	if after != nil {
		work.Go(func() error { return after(ctx) })
	}
	work.Go(func() error {
		<-ctx.Done()
		return h.quiet(server)
	})
	fmt.Println(h.readyLine())
	debug.FreeOSMemory() // a start takes more than what comes after it
	return errors.Join(work.Wait(), h.close())
}

// nightly makes the backups of the nights, where they are wanted.
func (h *Hub) nightly(ctx context.Context) error {
	if h.config.Nights == 0 {
		return nil
	}
	zone, err := h.config.zone()
	if err != nil {
		return err
	}
	n := &nightly{data: h.config.Data, to: h.config.Backups, keep: h.config.Nights, zone: zone, log: h.log, made: backup}
	return n.run(ctx)
}

// quiet ends what listens: first the devices, so that nothing new is acknowledged, then the screens.
func (h *Hub) quiet(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	h.api.Close()
	if err := h.mqtt.Close(ctx); err != nil { // what was not acknowledged to them they send again
		h.log.Warn("not all devices could be told goodbye", "error", err)
	}
	if server.Shutdown(ctx) != nil {
		return server.Close()
	}
	return nil
}

// stopped makes the end of a server that was told to end no error.
func (h *Hub) stopped(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) || errors.Is(err, mqtt.ErrServerClosed) {
		return nil
	}
	return err
}
