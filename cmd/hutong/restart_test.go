package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestARestartIsNoNews ends hubs, kindly and not, whose devices and values are retained: afterwards everything is there,
// nothing has changed and no rule fires, until something does change.
func TestARestartIsNoNews(t *testing.T) {
	const devices = 50
	data := t.TempDir()
	token := newToken(t, data)
	g := visit(t, data, token)
	c := g.dial("zigbee")
	for i := range devices {
		id := fmt.Sprint("plug", i)
		if err := g.say(c, "homeassistant/sensor/"+id+"/config", sensor(id, ""), true); err != nil {
			t.Fatal(err)
		}
		if err := g.say(c, id+"/state", fmt.Sprint(100+i), true); err != nil {
			t.Fatal(err)
		}
	}
	things := func() int { return g.metric("hutong_things") }
	becomes(t, "things", things, is(devices))
	for i := range devices {
		id := fmt.Sprint("plug", i)
		becomes(t, id, func() float64 { return g.value(id) }, is(float64(100+i)))
	}
	const rule = `title: Tell
points:
  plug: {thing: "urn:hutong:hass:plug7", property: plug7}
when:
  - change: plug
then:
  - notify: "it draws {plug} W"
`
	if status, text := g.ask("PUT", "/rules/tell", rule); status >= 300 {
		t.Fatalf("the rule is refused: %d %s", status, text)
	}
	notices := func() string {
		status, text := g.ask("GET", "/notices", "")
		if status != http.StatusOK {
			t.Fatal(status, text)
		}
		return text
	}
	for round, end := range []os.Signal{os.Interrupt, os.Kill, os.Interrupt} {
		if err := g.cmd.Process.Signal(end); err != nil {
			t.Fatal(err)
		}
		_ = g.cmd.Wait() // killed, or not
		g = visit(t, data, token)
		becomes(t, "things", things, is(devices))
		becomes(t, "values confirmed", func() int { return g.metric("hutong_confirmed_total") }, is(devices))
		<-time.After(1500 * time.Millisecond) // rules look at their folder each second
		if n := g.metric("hutong_changes_total"); n != 0 {
			t.Errorf("round %d: %d changes are reported after a restart by %v", round, n, end)
		}
		if text := strings.TrimSpace(notices()); text != "[]" {
			t.Errorf("round %d: a rule has fired: %s", round, text)
		}
		if v := g.value("plug7"); round == 0 && v != 107 {
			t.Errorf("the value is %v", v)
		}
		watts := fmt.Sprint(500 + round)
		if err := g.say(g.dial("zigbee"), "plug7/state", watts, true); err != nil {
			t.Fatal(err)
		}
		becomes(t, "notices", notices, func(text string) bool { return strings.Contains(text, "it draws "+watts) })
		if n := g.metric("hutong_changes_total"); n != 1 {
			t.Errorf("round %d: %d changes, want the one that happened", round, n)
		}
	}
}

// failed runs the program, which must end by itself with an error, and returns what it says.
func failed(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "hutong", args...).CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Fatalf("hutong %v: %v, %s", args, err, out)
	}
	return string(out)
}

// TestAHubKilledWhileItStartsStartsAgain kills hubs in the first moments of a folder's life.
func TestAHubKilledWhileItStartsStartsAgain(t *testing.T) {
	for i := range 12 {
		data := filepath.Join(t.TempDir(), "data")
		cmd := exec.Command("hutong", "demo", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(4*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := os.MkdirAll(data, 0o700); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(data, aboutFile)); err == nil && !json.Valid(text) {
			t.Errorf("killed after %d ms: %s is %q", 4*i, aboutFile, text)
		}
	}
}
