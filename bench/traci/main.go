// Command traci measures our TraCI client beside SUMO's own Python client, in turn in one run on one machine: steps of
// 0.1 s of Bologna joined (DLR-TS/sumo-scenarios) with 150 vehicles subscribed, eight variables each, and with the same
// variables of all that is within 100 m around one of them.
//
//	go run ./bench/traci -python .../bin/python
//
// It tells two rates, for they are different things. The loop is real SUMO and a client: SUMO's own work on each step is
// in it, the same for both, and bounds the ratio. The client is the same session with SUMO's answers given again as they
// were recorded, as fast as they are asked for: what is left is what the client costs.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hutong/bench/rig"
	"hutong/drive/sumo"
	"hutong/drive/traci"
	"hutong/drive/traci/tracitest"
)

//go:embed client.py
var script string

type settings struct {
	config, python, binary string
	begin, vehicles        int
	steps, rounds          int
	client                 string
	watch                  bool

	work, py, state string
}

func main() {
	var s settings
	flag.StringVar(&s.config, "config", "../shared/data/road/bologna/joined/run.sumocfg", "the scenario")
	flag.StringVar(&s.python, "python", "python3", "a Python that has SUMO's client (PyPI: traci)")
	flag.StringVar(&s.binary, "sumo-binary", "", "the sumo to run; \"\" looks on PATH")
	flag.IntVar(&s.begin, "begin", 60, "s of traffic before measuring begins: in the 30 s after that some 240 vehicles are on the way")
	flag.IntVar(&s.vehicles, "vehicles", 150, "how many are subscribed")
	flag.IntVar(&s.steps, "steps", 300, "measured in one round")
	flag.IntVar(&s.rounds, "rounds", 5, "of each client, in turn")
	flag.StringVar(&s.client, "client", "", "be the client of the SUMO at this address, and tell one line of JSON")
	flag.BoolVar(&s.watch, "watch", false, "with -client: let SUMO go on while results are looked at")
	flag.Parse()
	if s.client != "" {
		exit(s.be())
	}
	exit(s.run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "traci:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// measure is what a client tells of one round.
type measure struct {
	Steps  int     `json:"steps"`
	Wall   float64 `json:"wall"`   // s by the clock
	CPU    float64 `json:"cpu"`    // s of the client's processor time
	Values int     `json:"values"` // that were decoded
	Sumo   float64 `json:"sumo"`   // s of SUMO's processor time for the measured steps; 0 where nobody can tell
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-bench-traci-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	s.py = filepath.Join(s.work, "client.py")
	if err := os.WriteFile(s.py, []byte(script), 0o600); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	version, err := sumo.Version(context.Background(), s.binary)
	if err != nil {
		return err
	}
	fmt.Printf("%s, SUMO %s; %d vehicles subscribed, %d steps a round, %d rounds of each\n",
		rig.Where(), version, s.vehicles, s.steps, s.rounds)
	if err := s.compare("the loop, with SUMO", false, s.live); err != nil {
		return err
	}
	tape, err := s.record()
	if err != nil {
		return err
	}
	return s.compare("the client, SUMO's answers given again", true, func(client []string) (measure, error) {
		return s.replay(tape, client)
	})
}

// The clients that are compared.
var clients = [...]string{"ours, step by step", "ours, watching", "Python"}

const (
	steps = iota
	watching
	python
)

// compare lets the clients hold the session in turn, and tells the middle of their rates. SUMO's recorded answers are
// given one by one, so that there is nothing to watch.
func (s *settings) compare(what string, recorded bool, hold func(client []string) (measure, error)) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	client := func(who, n int) []string {
		args := []string{self, "-vehicles", strconv.Itoa(s.vehicles), "-steps", strconv.Itoa(n)}
		switch who {
		case steps:
			return append(args, "-client")
		case watching:
			return append(args, "-watch", "-client")
		}
		return []string{s.python, s.py, strconv.Itoa(s.vehicles), strconv.Itoa(n)}
	}
	var all [len(clients)][]measure
	for range s.rounds {
		for who := range all {
			if recorded && who == watching {
				continue
			}
			m, err := hold(client(who, s.steps))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", what, clients[who], err)
			}
			all[who] = append(all[who], m)
		}
	}
	tell(what, all)
	return nil
}

// tell prints the middle round of each client, and the ratios. Where SUMO took part, it and the client work in turn, but
// for one that watches: on an idle machine a step takes what the two take of the processor, whatever the clock said here.
func tell(what string, all [len(clients)][]measure) {
	fmt.Printf("%s:\n", what)
	var wall, cpu, both [len(clients)]float64
	for who, name := range clients {
		var walls, cpus, sumos []float64
		for _, m := range all[who] {
			n := float64(m.Steps)
			walls, cpus, sumos = append(walls, n/m.Wall), append(cpus, m.CPU/n*1000), append(sumos, m.Sumo/n*1000)
		}
		if len(walls) == 0 {
			continue
		}
		wall[who], cpu[who] = middle(walls), middle(cpus)
		fmt.Printf("  %-19s %6.0f steps/s by the clock (%.0f to %.0f), %.3f ms of its own processor time a step, %d values a step\n",
			name, wall[who], slices.Min(walls), slices.Max(walls), cpu[who], all[who][0].Values/all[who][0].Steps)
		if middle(sumos) > 0 {
			both[who] = cpu[who] + middle(sumos)
			fmt.Printf("  %19s %6.3f ms of SUMO's a step: %.0f steps/s where nobody else works and the two work in turn\n", "", middle(sumos), 1000/both[who])
		}
	}
	for who := range python {
		if wall[who] == 0 {
			continue
		}
		fmt.Printf("  %-19s %6.2f times Python's rate by the clock, %.1f by the client's processor time", clients[who], wall[who]/wall[python], cpu[python]/cpu[who])
		if both[who] > 0 {
			fmt.Printf(", %.2f by SUMO's and the client's", both[python]/both[who])
		}
		fmt.Println()
	}
}

func middle(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// prepare lets traffic run until measuring begins, and keeps SUMO's state then.
func (s *settings) prepare() error {
	s.state = filepath.Join(s.work, "state.xml.gz")
	at := strconv.Itoa(s.begin)
	args, err := s.args("--save-state.times", at, "--save-state.files", s.state, "--end", strconv.Itoa(s.begin+1))
	if err != nil {
		return err
	}
	return traci.Command{Binary: s.binary, Args: args, Dir: s.work}.Run(context.Background())
}

// args gives SUMO's command line.
func (s *settings) args(more ...string) ([]string, error) {
	o, err := sumo.ReadConfig(s.config)
	if err != nil {
		return nil, err
	}
	all := []string{"-n", o.Net, "-r", strings.Join(o.Routes, ","), "-a", strings.Join(o.Additional, ",")}
	for i, list := range all {
		if i%2 == 0 {
			continue
		}
		paths := strings.Split(list, ",")
		for k := range paths {
			if paths[k], err = filepath.Abs(paths[k]); err != nil {
				return nil, err
			}
		}
		all[i] = strings.Join(paths, ",")
	}
	return append(append(all, "--step-length", "0.1", "--xml-validation", "never", "--no-step-log", "--no-warnings",
		"--seed", "1"), more...), nil
}

// sumo starts one at the kept state and gives the port it listens on.
func (s *settings) sumo() (cmd *exec.Cmd, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	l.Close()
	if err != nil {
		return nil, "", err
	}
	args, err := s.args("--load-state", s.state, "--remote-port", port)
	if err != nil {
		return nil, "", err
	}
	path, home, err := traci.Find(s.binary)
	if err != nil {
		return nil, "", err
	}
	cmd = exec.Command(path, args...)
	cmd.Dir, cmd.Env = s.work, append(os.Environ(), "SUMO_HOME="+home)
	return cmd, port, cmd.Start()
}

// live lets a client hold the session with a SUMO.
func (s *settings) live(client []string) (measure, error) {
	cmd, port, err := s.sumo()
	if err != nil {
		return measure{}, err
	}
	m, err := ask(client, port, cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait() // it ends when the client says so
	return m, err
}

// record lets our client hold the session once, and keeps what was said.
func (s *settings) record() (*tracitest.Tape, error) {
	cmd, port, err := s.sumo()
	if err != nil {
		return nil, err
	}
	addr, wait, err := tracitest.Record(net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	_, held := s.session(addr)
	tape, err := wait()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if held != nil {
		return nil, held
	}
	return tape, err
}

// replay lets a client hold the session with the tape.
func (s *settings) replay(tape *tracitest.Tape, client []string) (measure, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return measure{}, err
	}
	defer l.Close()
	type end struct {
		different string
		err       error
	}
	played := make(chan end, 1)
	go func() {
		different, err := tape.Play(l, -1)
		played <- end{different, err}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return measure{}, err
	}
	m, err := ask(client, port, 0)
	if err != nil {
		return m, err
	}
	e := <-played
	if e.err == nil && e.different != "" {
		e.err = fmt.Errorf("it asked something else than was recorded: %s", e.different)
	}
	return m, e.err
}

// ask runs a client and takes the line it tells. pid is that of the SUMO it talks to.
func ask(client []string, port string, pid int) (m measure, err error) {
	cmd := exec.Command(client[0], append(client[1:], port)...)
	cmd.Env = append(os.Environ(), "SUMO_PID="+strconv.Itoa(pid))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return m, fmt.Errorf("%w: %s", err, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return m, fmt.Errorf("it told %q: %w", out.String(), err)
	}
	return m, nil
}
