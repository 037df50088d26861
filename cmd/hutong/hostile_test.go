package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hutong/mqtt"
)

// guest is one running hub and how the tests talk to it.
type guest struct {
	*victim
	t     *testing.T
	token string
}

// newToken makes an admin of the name "meter" in a data folder, which is made when it is not there.
func newToken(t *testing.T, data string) string {
	t.Helper()
	secret, err := exec.Command("hutong", "token", "create", "meter", "--role", "admin", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(secret))
}

// visit starts a hub on data; it is killed at the end of the test.
func visit(t *testing.T, data, token string) *guest {
	t.Helper()
	g := &guest{awaken(t, data), t, token}
	t.Cleanup(g.kill)
	return g
}

// ask sends an HTTP request and returns the status and the body.
func (g *guest) ask(method, path, body string) (status int, answer string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.http+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	switch {
	case strings.HasPrefix(path, "/rules"):
		req.Header.Set("Content-Type", "text/yaml")
	case body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// metric is one figure of /metrics.
func (g *guest) metric(name string) int {
	g.t.Helper()
	_, text := g.ask("GET", "/metrics", "")
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				g.t.Fatal(err)
			}
			return int(n)
		}
	}
	g.t.Fatalf("there is no %s in /metrics", name)
	return 0
}

// value is what the sensor id says now; -1 when nothing.
func (g *guest) value(id string) float64 {
	g.t.Helper()
	_, text := g.ask("GET", "/things/urn:hutong:hass:"+id+"/properties", "")
	all := map[string]float64{id: -1}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return -1
	}
	return all[id]
}

// becomes waits until ok, and fails with what f says last when that takes longer than 10 s.
func becomes[T any](t *testing.T, what string, f func() T, ok func(T) bool) {
	t.Helper()
	var last T
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if last = f(); ok(last) {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("%s: it stays %v", what, last)
}

// is is the commonest ok of becomes.
func is[T comparable](want T) func(T) bool { return func(got T) bool { return got == want } }

// dial connects a well-behaved device.
func (g *guest) dial(id string) *mqtt.Client {
	g.t.Helper()
	c, err := mqtt.Dial(g.t.Context(), mqtt.ClientOptions{URL: g.mqtt, ClientID: id, Username: "meter", Password: g.token, CleanStart: true})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() })
	return c
}

// say publishes at QoS 1 and returns the refusal, if any.
func (g *guest) say(c *mqtt.Client, topic, payload string, retain bool) error {
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
	defer cancel()
	return c.Publish(ctx, &mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: 1, Retain: retain})
}

// sensor is the announcement of one Home Assistant sensor; its Thing is urn:hutong:hass:ID.
func sensor(id, more string) string {
	return fmt.Sprintf(`{"name":"Power","unique_id":%q,"state_topic":"%s/state","unit_of_measurement":"W",`+
		`"device":{"identifiers":[%[1]q],"name":"Plug %[1]s"}%[3]s}`, id, id, more)
}

// raw opens a connection below the client's good manners: a CONNECT of MQTT 5, with more appended to it.
func (g *guest) raw(id string, buffer int, more []byte) net.Conn {
	g.t.Helper()
	u, err := url.Parse(g.mqtt)
	if err != nil {
		g.t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() })
	if buffer > 0 {
		if err := c.(*net.TCPConn).SetReadBuffer(buffer); err != nil {
			g.t.Fatal(err)
		}
	}
	body := append(wireText("MQTT"), 5, 0xc2, 0, 60, 5, 0x11, 0, 0, 0x0e, 0x10) // session expiry of an hour
	body = append(append(append(body, wireText(id)...), wireText("meter")...), wireText(g.token)...)
	if _, err := c.Write(append(packet(0x10, body), more...)); err != nil {
		g.t.Fatal(err)
	}
	return c
}

func wireText(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

func packet(header byte, body []byte) []byte {
	out := []byte{header}
	for n := len(body); ; n >>= 7 {
		if n < 128 {
			return append(append(out, byte(n)), body...)
		}
		out = append(out, byte(n)|128)
	}
}

// TestBadInputIsRefusedAndHarmsNothingElse is the list of it, from outside: one good device stands beside all.
func TestBadInputIsRefusedAndHarmsNothingElse(t *testing.T) {
	data := t.TempDir()
	g := visit(t, data, newToken(t, data))
	c := g.dial("good")
	if err := g.say(c, "homeassistant/sensor/good/config", sensor("good", ""), true); err != nil {
		t.Fatal(err)
	}
	const value = "/things/urn:hutong:hass:good/properties"
	n := 0
	untouched := func(after string) {
		t.Helper()
		n++
		if err := g.say(c, "good/state", strconv.Itoa(n), true); err != nil {
			t.Fatalf("after %s the good device is not heard: %v", after, err)
		}
		becomes(t, "after "+after, func() float64 { return g.value("good") }, is(float64(n)))
	}
	untouched("nothing")

	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	big := `{"name":"x","unique_id":"big","state_topic":"good/state","value_template":"{{ ` + strings.Repeat("1+", 1<<18) + `1 }}"}`
	long := strings.Repeat("x", 65_535)
	for topic, payload := range map[string]string{
		"homeassistant/sensor/deep/config":                  deep,
		"homeassistant/sensor/big/config":                   big,
		"homeassistant/sensor/bytes/config":                 "{\"name\":\"\xff\xfe\"}",
		"homeassistant/sensor/thief/config":                 sensor("good", `,"icon":"mdi:thief"`),
		"homeassistant/sensor/" + long[:65_500] + "/config": sensor("long", ""),
		"hutong/td/deep":                                    deep,
		"hutong/td/thief":                                   strings.ReplaceAll(string(meter()), "urn:test:meter", "urn:hutong:hass:good"),
		"hutong/td/wild":                                    strings.ReplaceAll(string(meter()), `"mqv:filter":"meter/n0"`, `"mqv:filter":"#"`),
		long:                                                "a topic as long as they get",
		strings.Repeat("a/", 32_767):                        "as many levels as there can be",
		"good/state/../../" + strings.Repeat("%2e", 100):    "no path",
		"homeassistant/sensor/\u202e\u2066/config":          sensor("bidi", ""),
		"homeassistant/sensor/loop/config":                  sensor("loop", `,"value_template":"{% for i in range(1000000000) %}x{% endfor %}"`),
		"homeassistant/sensor/grow/config":                  sensor("grow", `,"value_template":"{{ 'a'*1000000000 }}"`),
		"homeassistant/sensor/pow/config":                   sensor("pow", `,"value_template":"{{ 9**9**9**9 }}"`),
	} {
		_ = g.say(c, topic, payload, true) // refused at once or when it is looked at
	}
	for _, id := range []string{"loop", "grow", "pow"} {
		_ = g.say(c, id+"/state", "1", false)
	}
	untouched("bad announcements")

	for name, packets := range map[string][]byte{
		"a second CONNECT":       packet(0x10, append(wireText("MQTT"), 5, 2, 0, 0, 0, 0, 0)),
		"a wildcard to publish":  packet(0x30, append(wireText("a/#"), 0)),
		"QoS 3":                  packet(0x36, append(wireText("a"), 0, 1, 0)),
		"no packet identifier":   packet(0x32, append(wireText("a"), 0, 0, 0)),
		"an endless length":      {0x30, 0xff, 0xff, 0xff, 0xff, 0xff},
		"256 MiB to come":        {0x30, 0xff, 0xff, 0xff, 0x7f},
		"topic alias 0":          packet(0x30, append(wireText("a"), 3, 0x23, 0, 0)),
		"a text that is no UTF8": packet(0x30, append(wireText("\xff\xfe"), 0)),
		"a string past the end":  packet(0x30, []byte{0xff, 0xff, 'a'}),
	} {
		bad := g.raw("bad", 0, packets)
		_ = bad.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.Copy(io.Discard, bad); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s does not end the connection: %v", name, err)
		}
	}
	untouched("malformed packets")

	for _, r := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", value, deep, 400},
		{"PUT", value, `{"good":1,"good":2}`, 400},
		{"PUT", value, `"` + strings.Repeat("x", 1<<20) + `"`, 413},
		{"PUT", "/rules/bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 400},
		{"PUT", "/rules/deep", "a: " + strings.Repeat("[", 10_000), 400},
		{"PUT", "/rules/..%2F..%2Fx", "title: x\n", 404},
		{"GET", "/things/..%2F..%2Fetc%2Fpasswd", "", 404},
		{"GET", "/things/%ff%00", "", 404},
		{"GET", value + "/good/history?step=1ms&from=1970-01-01T00:00:00Z", "", 400},
	} {
		if status, text := g.ask(r.method, r.path, r.body); status != r.status || !json.Valid([]byte(text)) {
			t.Errorf("%s %.60s: %d %.200s; want %d and a problem", r.method, r.path, status, text, r.status)
		}
	}
	untouched("bad requests")
	if status, text := g.ask("GET", "/readyz", ""); status != http.StatusOK {
		t.Errorf("not ready: %s", text)
	}
}

// TestWhoNeverReadsHoldsUpNeitherTheHubNorItsEnd lets twenty readers of everything read nothing while others publish,
// and counts goroutines before and after.
func TestWhoNeverReadsHoldsUpNeitherTheHubNorItsEnd(t *testing.T) {
	data := t.TempDir()
	g := visit(t, data, newToken(t, data))
	before := g.metric("go_goroutines")
	load := bytes.Repeat([]byte("y"), 8<<10)
	var idle []net.Conn
	for i := range 20 {
		everything := packet(0x82, append(append([]byte{0, 1, 0}, wireText("#")...), byte(i%3)))
		idle = append(idle, g.raw(fmt.Sprint("idle-", i), 4<<10, everything))
	}
	becomes(t, "readers", func() int { return g.metric("hutong_mqtt_connections") }, is(20))
	writer := g.dial("writer")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if writer.Publish(ctx, &mqtt.Message{Topic: "load", Payload: load, QoS: 1}) != nil {
			break // held up, as it should be
		}
	}
	asked := time.Now()
	if status, _ := g.ask("GET", "/things", ""); status != http.StatusOK || time.Since(asked) > time.Second {
		t.Errorf("a screen got %d after %v", status, time.Since(asked))
	}
	for _, c := range idle {
		_ = c.Close()
	}
	_ = writer.Close()
	becomes(t, "connections", func() int { return g.metric("hutong_mqtt_connections") }, is(0))
	becomes(t, "goroutines", func() int { return g.metric("go_goroutines") }, func(n int) bool { return n <= before+5 })
	asked = time.Now()
	if err := g.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Wait(); err != nil || time.Since(asked) > 5*time.Second {
		t.Errorf("it ended after %v with %v", time.Since(asked), err)
	}
}
