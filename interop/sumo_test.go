package interop

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hutong/drive/traci"
	"hutong/drive/traci/tracitest"
)

// grid makes a network of three by three junctions with lights and two lanes each way, and traffic for it, and gives
// what a sumo wants to be told to run it.
func grid(t *testing.T, perHour int) []string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "grid.net.xml")
	output(t, exec.Command(peer(t, "netgenerate"), "--grid", "--grid.number", "3", "--grid.length", "120", "--seed", "1",
		"--default.lanenumber", "2", "--default-junction-type", "traffic_light", "-o", file))
	var flows strings.Builder
	flows.WriteString(`<routes><vType id="calm" sigma="0.5"/>` +
		`<vType id="cab" vClass="taxi"><param key="has.taxi.device" value="true"/></vType>`)
	for i, way := range [][2]string{{"A0B0", "C1C2"}, {"A2A1", "C0B0"}, {"C2B2", "A0A1"}, {"C0C1", "B2A2"}, {"B0B1", "A1A0"}} {
		flows.WriteString(`<flow id="f` + strconv.Itoa(i) + `" type="calm" begin="0" end="3600" vehsPerHour="` +
			strconv.Itoa(perHour) + `" from="` + way[0] + `" to="` + way[1] + `" departLane="best" departSpeed="max"/>`)
	}
	flows.WriteString(`</routes>`)
	routes := filepath.Join(dir, "grid.rou.xml")
	if err := os.WriteFile(routes, []byte(flows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"-n", file, "-r", routes, "--step-length", "0.1", "--seed", "7", "--xml-validation", "never", "--no-step-log",
		"--collision.action", "warn", "--collision.check-junctions", "--collision.mingap-factor", "0",
		"--device.taxi.dispatch-algorithm", "traci",
	}
}

// port gives a free one.
func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// sumoAt starts a sumo that waits for one client at the address it gives.
func sumoAt(t *testing.T, args []string) string {
	t.Helper()
	at := port(t)
	path, home, err := traci.Find(peer(t, "sumo"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"--remote-port", at}, args...)...)
	cmd.Env = append(os.Environ(), "SUMO_HOME="+home)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return net.JoinHostPort("127.0.0.1", at)
}

// recorded holds a session with a fresh sumo through the recording proxy. A sumo that doesn't listen yet is tried again
// by dialling it through the proxy's far side, which wait tells.
func recorded(t *testing.T, args []string, hold func(addr string) []string) ([]string, *tracitest.Tape) {
	t.Helper()
	sumo := sumoAt(t, args)
	addr, wait, err := tracitest.Record(sumo)
	if err != nil {
		t.Fatal(err)
	}
	lines := hold(addr)
	tape, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	return lines, tape
}

func TestSUMOsPythonClientAndOursSayTheSameBytesAndLearnTheSame(t *testing.T) {
	args := grid(t, 300)
	python := peer(t, "traci")
	theirs, tape := recorded(t, args, func(addr string) []string {
		_, at, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(output(t, runScript(t, t.Context(), python, "traci_session.py", at))), "\n")
	})
	ours, mine := recorded(t, args, func(addr string) []string {
		c, err := traci.Dial(t.Context(), addr, traci.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lines, err := tracitest.Session(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return lines
	})
	if len(tape.Asked) != len(mine.Asked) {
		t.Errorf("they said %d messages, we said %d", len(tape.Asked), len(mine.Asked))
	}
	for i := range min(len(tape.Asked), len(mine.Asked)) {
		if !bytes.Equal(tape.Asked[i], mine.Asked[i]) {
			t.Fatalf("message %d:\ntheirs %x\nours   %x", i, tape.Asked[i], mine.Asked[i])
		}
	}
	// The Python client keeps results in dictionaries, in an order of its own.
	slices.Sort(theirs)
	slices.Sort(ours)
	for i := range min(len(ours), len(theirs)) {
		if !strings.EqualFold(ours[i], theirs[i]) {
			t.Fatalf("learnt, in order:\ntheirs %q\nours   %q", theirs[i], ours[i])
		}
	}
	if len(ours) != len(theirs) || len(ours) < 1500 {
		t.Errorf("they learnt %d things, we %d; want the same, and at least 1500", len(theirs), len(ours))
	}
	if keep := os.Getenv("HUTONG_KEEP_TAPE"); keep != "" {
		if err := os.WriteFile(keep, tape.Bytes(), 0o600); err != nil {
			t.Error(err)
		}
	}
}

func TestASUMOKilledInTheMiddleOfAStepIsAnErrorAndNoWait(t *testing.T) {
	p, err := traci.Start(t.Context(), traci.Command{Binary: peer(t, "sumo"), Args: grid(t, 300)})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	steps := make(chan struct{}, 1)
	go func() {
		for {
			if err := p.Step(context.Background(), 0); err != nil {
				failed <- err
				return
			}
			select {
			case steps <- struct{}{}:
			default:
			}
		}
	}()
	<-steps
	p.Kill()
	select {
	case err := <-failed:
		if !strings.Contains(err.Error(), "simulationStep") || !strings.Contains(err.Error(), "connection to SUMO is lost") {
			t.Errorf("the error doesn't say what happened: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a step waits for a SUMO that is gone")
	}
	if _, err := p.Time(); err == nil {
		t.Error("a command after that went well")
	}
}
