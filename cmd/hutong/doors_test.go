package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hutong/mqtt"
)

// A message that comes in by one door leaves by the others: plain MQTT, TLS and WebSocket lead into the same house, and
// each asks for the login.
func TestDevicesComeInByTLSAndByWebSocketToo(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate, which is for example.com
	defer web.Close()
	pair := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	data := filepath.Join(dir, "data")
	token := newToken(t, data)
	hub := awaken(t, data, "--mqtts", "127.0.0.1:0",
		"--tls-cert", write("cert.pem", "CERTIFICATE", pair.Certificate[0]), "--tls-key", write("key.pem", "PRIVATE KEY", key))
	defer hub.kill()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	doors := []string{hub.mqtt, hub.mqtts, "ws" + strings.TrimPrefix(hub.http, "http") + "/mqtt"}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	enter := func(url, name, password string) (*mqtt.Client, error) {
		return mqtt.Dial(ctx, mqtt.ClientOptions{
			URL: url, Username: name, Password: password, CleanStart: true, TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"},
		})
	}
	got := make(chan string, len(doors)*len(doors))
	var clients []*mqtt.Client
	for _, url := range doors {
		for name, password := range map[string]string{"meter": "htg_wrong", "another": token, "": ""} {
			if c, err := enter(url, name, password); err == nil {
				t.Errorf("%s lets %q in with %q", url, name, password)
				_ = c.Close()
			}
		}
		c, err := enter(url, "meter", token)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		defer c.Close()
		if err := c.Subscribe(ctx, "from/+", 2, func(m *mqtt.Message) { got <- string(m.Payload) + " to " + url }); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	want := map[string]bool{}
	for i, c := range clients {
		if err := c.Publish(ctx, &mqtt.Message{Topic: "from/a", Payload: []byte(doors[i]), QoS: 2}); err != nil {
			t.Fatal(err)
		}
		for _, to := range doors {
			want[doors[i]+" to "+to] = true
		}
	}
	for len(want) > 0 {
		select {
		case m := <-got:
			if !want[m] {
				t.Errorf("%s: nobody sent that, or it came twice", m)
			}
			delete(want, m)
		case <-ctx.Done():
			t.Fatalf("never came: %v", want)
		}
	}
}

// thingOf describes a Thing that says its level below prefix and takes orders at prefix/set.
func thingOf(id, prefix string) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":%q,"title":"A","security":"n","securityDefinitions":{"n":{"scheme":"nosec"}},
		"links":[{"rel":"hutong:cabin","href":"mqtt://broker/%[2]s/cabin"}],"hutong:availability":{"topic":"%[2]s/online"},
		"properties":{"level":{"type":"integer","forms":[{"href":"mqtt://broker/%[2]s/level","op":"readproperty"},{"href":"mqtt://broker/%[2]s/set","op":"writeproperty"}]}}}`, id, prefix)
}

func TestADevicesLoginSpeaksForNoOthersDevice(t *testing.T) {
	data := t.TempDir()
	admin := newToken(t, data)
	tokens := map[string]string{"meter": admin}
	for _, name := range []string{"bus", "thief"} {
		secret, err := exec.Command("hutong", "token", "create", name, "--role", "user", "--data", data).Output()
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = strings.TrimSpace(string(secret))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var hub *victim
	enter := func(name, id string) (*mqtt.Client, error) {
		return mqtt.Dial(ctx, mqtt.ClientOptions{URL: hub.mqtt, Username: name, Password: tokens[name], ClientID: id, CleanStart: true, Version: 5})
	}
	says := func(name, topic, text string) error {
		t.Helper()
		c, err := enter(name, "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.Publish(ctx, &mqtt.Message{Topic: topic, Payload: []byte(text), QoS: 1, Retain: true})
	}
	must := func(name, topic, text string) {
		t.Helper()
		if err := says(name, topic, text); err != nil {
			t.Errorf("%s says %s: %v", name, topic, err)
		}
	}
	shut := func(name string, topics ...string) {
		t.Helper()
		for _, topic := range topics {
			for _, text := range []string{"1", ""} {
				if err := says(name, topic, text); !errors.Is(err, mqtt.NotAuthorized) {
					t.Errorf("%s says %q at %s: %v", name, text, topic, err)
				}
			}
		}
	}
	const td = "hutong/td/bus"
	own := []string{"bus/level", "bus/online", "bus/cabin"}
	hub = awaken(t, data)
	must("bus", td, thingOf("urn:test:bus", "bus"))
	must("meter", "hutong/td/stop", thingOf("urn:test:stop", "stop")) // which speaks with a login of its own
	const horn = "homeassistant/switch/bus/horn/config"               // by Home Assistant's discovery, which nobody acknowledges
	must("bus", horn, `{"name":"Horn","stat_t":"horn/state","cmd_t":"horn/set","avty_t":"horn/here","uniq_id":"horn","dev":{"ids":["bus"]}}`)
	becomes(t, "the horn is the bus's", func() bool { return says("thief", "horn/state", "ON") != nil }, is(true))
	for range 2 {
		shut("thief", horn, "horn/state", "horn/here", "horn/set")
		shut("bus", "horn/set")
		must("bus", "horn/state", "ON")
		for _, topic := range own {
			must("bus", topic, "1")
		}
		must("bus", "stop/level", "1")
		shut("thief", append(own, td, "bus/set", "hutong/td/stop", "stop/set", "stop/level", "hutong/td-refused/bus")...)
		shut("bus", "bus/set", "hutong/td/stop")
		must("meter", "bus/set", "1")
		must("meter", "bus/level", "2")
		must("thief", "elsewhere", "1")
		refused := make(chan string, 8)
		ear, err := enter("thief", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := ear.Subscribe(ctx, "hutong/td-refused/+", 0, func(m *mqtt.Message) { refused <- string(m.Payload) }); err != nil {
			t.Fatal(err)
		}
		for topic, text := range map[string]string{
			"hutong/td/rival": thingOf("urn:test:bus", "rival"), "hutong/td/echo": thingOf("urn:test:echo", "bus"),
			"hutong/td/reach": strings.Replace(thingOf("urn:test:reach", "reach"), "reach/set", "bus/set", 1),
		} {
			must("thief", topic, text)
			select {
			case why := <-refused:
				if !strings.Contains(why, "the login bus") && !strings.Contains(why, "already") {
					t.Errorf("%s is refused: %s", topic, why)
				}
			case <-ctx.Done():
				t.Fatalf("%s is not refused", topic)
			}
		}
		_ = ear.Close()
		first, err := enter("bus", "the-bus")
		if err != nil {
			t.Fatal(err)
		}
		if c, err := enter("thief", "the-bus"); err == nil {
			_ = c.Close()
			t.Error("another login cuts the bus off by its client identifier")
		}
		_ = first.Close()
		if err := hub.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = hub.cmd.Wait() // what it ends with is no matter here
		hub = awaken(t, data)
	}
	defer func() { hub.kill() }()
	must("bus", td, "")
	must("thief", "bus/level", "3") // it's nobody's now
	must("meter", "hutong/td/stop", "")
	if out, err := exec.Command("hutong", "token", "revoke", "thief", "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
