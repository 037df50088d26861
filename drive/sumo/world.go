package sumo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
	"hutong/drive/scene"
	"hutong/drive/traci"
	"hutong/drive/vehicle"
)

// Options say which SUMO to run, and on what.
type Options struct {
	Binary     string   // as [traci.Command] has it
	Net        string   // a .net.xml, plain or gzipped
	Routes     []string // files with vehicles, routes and flows
	Additional []string // files with types, stops, light programs
	Seed       int
	Begin      float64 // s of SUMO's time to begin at
	StepLength float64 // s; 0: 0.1
	// Teleport is after how many seconds SUMO puts a vehicle that is stuck elsewhere; 0: 300, SUMO's usual; negative: never.
	Teleport float64
	// Lateral is how finely SUMO's drivers place themselves across their lanes, m; 0: they keep to the middle. Without it a
	// vehicle of ours between two lanes is for them wholly in one, and they change lanes from one step to the next.
	Lateral float64
	// Dir is where SUMO's own reports go: CollisionFile and, with Measures, ConflictFile. "" keeps none.
	Dir string
	// Measures lets SUMO take surrogate safety measures of our vehicles. SUMO 1.15 ends with a failed assertion
	// (MSDevice_SSM::determinePET) when a vehicle that is moved from outside leaves a conflict; 1.28 doesn't.
	Measures bool
	Args     []string  // more of SUMO's options
	Log      io.Writer // gets what SUMO prints
	Patience time.Duration
}

// Files of [Options.Dir].
const (
	CollisionFile = "collisions.xml"
	ConflictFile  = "conflicts.xml"
)

// ShuttleType is SUMO's name for the area's vehicle: [vehicle.Shuttle]'s measures, and a driver of SUMO's for those that
// have none of ours.
const ShuttleType = "hutong.shuttle"

// shuttleFile declares ShuttleType. The driver keeps to the speed limits, as ours does.
const shuttleFile = `<additional>
  <vType id="` + ShuttleType + `" vClass="passenger" length="4.9" width="1.95" minGap="2" maxSpeed="13.9" accel="2.0"
    decel="4.5" emergencyDecel="8" sigma="0.5" speedFactor="1" speedDev="0" color="0,160,120">
    <param key="has.ssm.device" value="%t"/>
  </vType>
</additional>
`

// World is a running SUMO. Its methods are called by one goroutine.
type World struct {
	sumo  *traci.Process
	m     *lane.Map
	o     Options
	dir   string // of our own files, gone with Close
	now   float64
	begin float64

	types  map[string]kind
	others map[string]*other
	actors []scene.Actor // all but the egos
	nextID uint32
	steps  uint64

	egos   map[uint32]*ego
	byName map[string]*ego
	order  []uint32
	lost   []Lost
	hits   []traci.Collision

	lights []light
	shown  []scene.Light
}

// Start starts SUMO and reads its network. ctx bounds the start.
func Start(ctx context.Context, o Options) (*World, error) {
	if o.StepLength == 0 {
		o.StepLength = 0.1
	}
	file, err := os.Open(o.Net)
	if err != nil {
		return nil, fmt.Errorf("sumo: the network: %w", err)
	}
	m, err := sumonet.Read(file)
	file.Close()
	if err != nil {
		return nil, fmt.Errorf("sumo: %s: %w", o.Net, err)
	}
	w := &World{
		m: m, o: o, types: map[string]kind{}, others: map[string]*other{}, egos: map[uint32]*ego{}, byName: map[string]*ego{},
	}
	if w.dir, err = os.MkdirTemp("", "hutong-sumo-"); err != nil {
		return nil, fmt.Errorf("sumo: %w", err)
	}
	if err := w.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sumo: %w", err), w.Close())
	}
	return w, nil
}

func (w *World) start(ctx context.Context) error {
	args, err := w.args()
	if err != nil {
		return err
	}
	w.sumo, err = traci.Start(ctx, traci.Command{
		Binary: w.o.Binary, Args: args, Dir: w.dir, Log: w.o.Log, Options: traci.Options{Patience: w.o.Patience},
	})
	if err != nil {
		return err
	}
	if w.begin, err = w.sumo.Time(); err != nil {
		return err
	}
	if err := w.watchLights(); err != nil {
		return err
	}
	return w.watch()
}

// args gives SUMO's command line.
func (w *World) args() ([]string, error) {
	types := filepath.Join(w.dir, "hutong.add.xml")
	if err := os.WriteFile(types, fmt.Appendf(nil, shuttleFile, w.o.Measures), 0o600); err != nil {
		return nil, err
	}
	o := w.o
	args := []string{
		"--xml-validation", "never", "--no-step-log", "--duration-log.disable", "--no-warnings",
		"--collision.action", "warn", "--collision.check-junctions", "--collision.mingap-factor", "0",
		"--step-length", strconv.FormatFloat(o.StepLength, 'g', -1, 64), "--begin", strconv.FormatFloat(o.Begin, 'g', -1, 64),
		"--seed", strconv.Itoa(o.Seed), "--device.ssm.measures", "TTC DRAC PET", "--device.ssm.range", "50",
	}
	if o.Lateral > 0 {
		args = append(args, "--lateral-resolution", strconv.FormatFloat(o.Lateral, 'g', -1, 64))
	}
	switch {
	case o.Teleport > 0:
		args = append(args, "--time-to-teleport", strconv.FormatFloat(o.Teleport, 'g', -1, 64))
	case o.Teleport < 0:
		args = append(args, "--time-to-teleport", "-1")
	}
	ssm := filepath.Join(w.dir, ConflictFile)
	if o.Dir != "" {
		dir, err := filepath.Abs(o.Dir)
		if err != nil {
			return nil, err
		}
		ssm = filepath.Join(dir, ConflictFile)
		args = append(args, "--collision-output", filepath.Join(dir, CollisionFile))
	}
	args = append(args, "--device.ssm.file", ssm)
	for _, files := range []struct {
		flag string
		list []string
	}{{"--net-file", []string{o.Net}}, {"--route-files", o.Routes}, {"--additional-files", append([]string{types}, o.Additional...)}} {
		if len(files.list) == 0 {
			continue
		}
		all := make([]string, len(files.list))
		for i, f := range files.list {
			path, err := filepath.Abs(f)
			if err != nil {
				return nil, err
			}
			all[i] = path
		}
		args = append(args, files.flag, strings.Join(all, ","))
	}
	return append(args, o.Args...), nil
}

// Map gives the roads.
func (w *World) Map() *lane.Map { return w.m }

// Runs gives the name and version of the SUMO that runs, as "SUMO 1.15.0".
func (w *World) Runs() string { return w.sumo.Version }

// Client gives the connection to SUMO, for what a World doesn't offer, until Close. It must not be stepped or closed.
func (w *World) Client() *traci.Client { return w.sumo.Client }

// Step lets SUMO go on by dt, a multiple of its step length, with the vehicles that drive themselves where they were
// placed. It fails when SUMO is gone; a vehicle that SUMO took out is told by [World.Lost] instead.
func (w *World) Step(ctx context.Context, dt float64) error {
	if w.sumo == nil {
		return errClosed
	}
	w.lost, w.hits = w.lost[:0], w.hits[:0]
	err := w.sumo.StepTogether(ctx, w.begin+w.now+dt, w.move)
	var refused *traci.Error
	if err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("sumo: %w", errors.Join(err, w.sumo.Ended()))
	}
	if refused != nil {
		w.refused(err)
	}
	w.steps++
	w.now += dt
	if err := w.take(); err != nil {
		return fmt.Errorf("sumo: %w", err)
	}
	return nil
}

// Run lets SUMO run until a time, s, with nobody connected to it: as fast as it can, for what its reports say.
func Run(ctx context.Context, o Options, until float64) error {
	if o.StepLength == 0 {
		o.StepLength = 0.1
	}
	w := &World{o: o}
	var err error
	if w.dir, err = os.MkdirTemp("", "hutong-sumo-"); err != nil {
		return fmt.Errorf("sumo: %w", err)
	}
	defer os.RemoveAll(w.dir)
	args, err := w.args()
	if err != nil {
		return fmt.Errorf("sumo: %w", err)
	}
	args = append(args, "--end", strconv.FormatFloat(until, 'g', -1, 64))
	return traci.Command{Binary: o.Binary, Args: args, Dir: w.dir, Log: o.Log}.Run(ctx)
}

// Version asks a SUMO which one it is, as "1.15.0".
func Version(ctx context.Context, binary string) (string, error) {
	var out strings.Builder
	if err := (traci.Command{Binary: binary, Args: []string{"--version"}, Log: &out}).Run(ctx); err != nil {
		return "", fmt.Errorf("sumo: %w", err)
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	words := strings.Fields(line) // "Eclipse SUMO sumo Version 1.15.0"
	if len(words) == 0 {
		return "", errors.New("sumo: it doesn't say its version")
	}
	return strings.TrimLeft(words[len(words)-1], "v"), nil
}

var errClosed = errors.New("sumo: the world is closed")

// Close ends SUMO, which then writes its reports, and lets go of everything else. A second Close does nothing.
func (w *World) Close() error {
	var err error
	if w.sumo != nil {
		err = w.sumo.Close()
		w.sumo = nil
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

// isShuttle tells whether a vehicle has the measures that ShuttleType declares.
func isShuttle(s *vehicle.Spec) bool {
	return s.Length == vehicle.Shuttle.Length && s.Width == vehicle.Shuttle.Width && s.MaxSpeed == vehicle.Shuttle.MaxSpeed
}
