// Command hutong-drive runs vehicles that drive themselves, in our own town or in SUMO, and shows each of them as a Thing
// to a hub over MQTT. It knows nothing else of the hub, so that another program can take its place.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"hutong/drive/start"
)

// flags are the command line.
type flags struct {
	MQTT     string  `name:"mqtt" help:"The hub's MQTT address." default:"mqtt://127.0.0.1:1883" placeholder:"URL" env:"HUTONG_MQTT_URL"`
	User     string  `help:"Name of the token by which the hub knows this program."`
	Token    string  `help:"The token itself." env:"HUTONG_TOKEN"`
	World    string  `help:"Where they drive: town, our own, or sumo." enum:"town,sumo" default:"town"`
	Net      string  `help:"A network of SUMO's (.net.xml) in place of the town's." type:"existingfile"`
	Config   string  `name:"sumo-config" help:"A configuration of SUMO's (.sumocfg), with its network and traffic." type:"existingfile"`
	Vehicles int     `help:"How many." default:"4"`
	Seed     uint64  `help:"Another seed is other traffic." default:"1"`
	Speed    float64 `help:"How fast time passes for them, against the clock." default:"1"`
	Verbose  bool    `help:"Log more."`
}

func main() { os.Exit(run(os.Args[1:])) }

// run is main with its exit code: 0 done, 1 failed, 2 asked wrongly.
func run(args []string) int {
	var f flags
	parser, err := kong.New(&f, kong.Name("hutong-drive"), kong.UsageOnError(), kong.Description("Vehicles that drive themselves, as Things over MQTT."))
	if err == nil {
		_, err = parser.Parse(args)
	}
	if err == nil && f.World != "sumo" && (f.Net != "" || f.Config != "") {
		err = errors.New("--net and --sumo-config go with --world sumo")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hutong-drive:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := f.drive(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hutong-drive:", err)
		return 1
	}
	return 0
}

func (f *flags) drive(ctx context.Context) (err error) {
	level := slog.LevelInfo
	if f.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	r, err := start.New(ctx, start.Options{
		World: f.World, Net: f.Net, Config: f.Config, Vehicles: f.Vehicles, Seed: f.Seed, Speed: f.Speed, Broker: f.MQTT,
		Username: f.User, Token: f.Token, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	log.Info("driving", "vehicles", f.Vehicles, "world", f.World, "hub", f.MQTT)
	err = r.Run(ctx)
	s := r.Stats()
	log.Info("ended", "kilometres", s.Kilometre, "cycles", s.Cycles, "behind_s", s.Behind, "late", s.Late, "links_lost", s.Lost)
	return err
}
