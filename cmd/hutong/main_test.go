package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hutong": main})
}

// TestScripts runs the program as people do. The scripts have words of their own: "ready NAME COMMAND..." starts a
// hub in the background on free ports and puts its addresses into $NAME_HTTP and $NAME_MQTT; "end NAME" ends it as a
// service manager does; "eventually PATTERN COMMAND..." runs a command until what it prints matches.
func TestScripts(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root+"/../..")
			env.Setenv("HUTONG_HTTP", "127.0.0.1:0")
			env.Setenv("HUTONG_MQTT", "127.0.0.1:0")
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOPATH"} {
				out, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return err
				}
				env.Setenv(name, strings.TrimSpace(string(out)))
			}
			env.Setenv("HOME", env.WorkDir)
			env.Values[hubsKey{}] = map[string]*process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ride": rideCommand, "ready": readyCommand, "end": endCommand, "readme": readmeCommand, "eventually": eventuallyCommand,
		},
	})
}

type hubsKey struct{}

type process struct {
	cmd  *exec.Cmd
	done chan error
}

var readyLine = regexp.MustCompile(`^ready http=(http://\S+) mqtt=(mqtt://\S+)(?: mqtts=(mqtts://\S+))?$`)

func readyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ready NAME COMMAND...")
	}
	hubs := ts.Value(hubsKey{}).(map[string]*process)
	p, m := startProcess(ts, args[1:])
	hubs[args[0]] = p
	ts.Defer(func() { p.end(syscall.SIGKILL) })
	ts.Setenv(args[0]+"_HTTP", m[1])
	ts.Setenv(args[0]+"_MQTT", m[2])
}

func startProcess(ts *testscript.TestScript, args []string) (*process, []string) {
	path := args[0]
	if path == "hutong" {
		found, err := exec.LookPath("hutong")
		ts.Check(err)
		path = found
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = scriptEnv(ts)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that end reaches the hub behind a "go run", too
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, done: make(chan error, 1)}
	ready := make(chan []string, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		p.done <- cmd.Wait()
	}()
	select {
	case m := <-ready:
		return p, m
	case err := <-p.done:
		ts.Fatalf("%v ended before it was ready: %v\n%s", args, err, log.String())
	case <-time.After(60 * time.Second):
		p.end(syscall.SIGKILL)
		ts.Fatalf("%v was not ready within 60 s\n%s", args, log.String())
	}
	return nil, nil
}

// scriptEnv is the environment of the script's own commands.
func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{
		"HOME", "PATH", "TMPDIR", "HUTONG_HTTP", "HUTONG_MQTT", "HUTONG_DATA", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOPATH",
	} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func (p *process) end(with syscall.Signal) error {
	if err := syscall.Kill(-p.cmd.Process.Pid, with); err != nil {
		return nil // it has ended already
	}
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // the error below is what counts
		return fmt.Errorf("it did not end within 20 s")
	}
}

func endCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: end NAME")
	}
	p := ts.Value(hubsKey{}).(map[string]*process)[args[0]]
	ts.Check(p.end(syscall.SIGINT))
}

func eventuallyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN COMMAND...")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	said := ""
	for until := time.Now().Add(15 * time.Second); time.Now().Before(until); {
		_ = ts.Exec(args[1], args[2:]...) // what it prints is what counts
		if said = ts.ReadFile("stdout") + ts.ReadFile("stderr"); want.MatchString(said) {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	ts.Fatalf("%v never said %q, but\n%s", args[1:], args[0], said)
}

// readmeCommand writes the README's indented commands, one a line, to the file "commands".
func readmeCommand(ts *testscript.TestScript, neg bool, args []string) {
	var commands []string
	for line := range strings.SplitSeq(ts.ReadFile(ts.Getenv("ROOT")+"/README.md"), "\n") {
		if command, ok := strings.CutPrefix(line, "    "); ok && strings.HasPrefix(command, "go ") {
			commands = append(commands, command)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("commands"), []byte(strings.Join(commands, "\n")+"\n"), 0o600))
}
