package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hutong/gate"
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

func TestOnlyAnAdminOrdersAVehiclePastTheGate(t *testing.T) {
	for _, c := range []struct {
		open  bool
		role  gate.Role
		topic string
		write bool
		may   bool
	}{
		{false, gate.User, "drive/shuttle-1/do/driveTo", true, false},
		{false, gate.Guest, "drive/shuttle-1/do/resume", true, false},
		{false, gate.Admin, "drive/shuttle-1/do/resume", true, true},
		{false, gate.User, "drive/shuttle-1/do/resume", false, true}, // as the vehicle does
		{false, gate.User, "drive/shuttle-1/state", true, true},
		{true, gate.User, "drive/shuttle-1/do/resume", true, true},
		{false, gate.User, "$SYS/uptime", false, false},
		{false, gate.Admin, "$SYS/uptime", false, true},
		{false, gate.Admin, "$SYS/uptime", true, false},
	} {
		h := &Hub{config: Config{Open: c.open}}
		err := h.mayUse(&mqtt.Login{Grant: gate.Identity{Role: c.role}}, c.topic, c.write)
		if (err == nil) != c.may {
			t.Errorf("%s may write=%t %s (open=%t): %v", c.role, c.write, c.topic, c.open, err)
		}
	}
}
