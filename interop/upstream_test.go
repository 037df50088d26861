package interop

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mosquitto runs the foreign broker on a free port and returns its address.
func mosquitto(t *testing.T) string {
	t.Helper()
	path := peer(t, "mosquitto")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close() // mosquitto cannot be handed a socket, so the port is free for a moment
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "listener %s 127.0.0.1\nallow_anonymous true\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // killed
	})
	eventually(t, 10*time.Second, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr
}

func TestTheHubLivesInAnOutsideBroker(t *testing.T) {
	pub := peer(t, "mosquitto_pub")
	addr := mosquitto(t)
	host, port, _ := net.SplitHostPort(addr)
	publish := func(topic, payload string) {
		t.Helper()
		out, err := exec.Command(pub, "-h", host, "-p", port, "-q", "1", "-r", "-t", topic, "-m", payload).CombinedOutput()
		if err != nil {
			t.Fatalf("mosquitto_pub: %v %s", err, out)
		}
	}
	publish("homeassistant/switch/far/config", `{"uniq_id":"far1","name":"Far switch","stat_t":"far/state","cmd_t":"far/set",`+
		`"dev":{"ids":["far"],"name":"Far away","sa":"Home / Hall"}}`)
	publish("far/state", "OFF")

	h := start(t, "demo", "--data", t.TempDir(), "--mqtt-upstream", "mqtt://"+addr)
	var id string
	eventually(t, 15*time.Second, "the Thing is there", func() bool {
		_, body := h.request(t, "GET", "/things?q=Far+away", "")
		list := decode[[]struct{ ID, Title string }](t, body)
		if len(list) == 1 {
			id = list[0].ID
		}
		return id != ""
	})
	path := "/things/" + url.PathEscape(id) + "/properties"
	var name string
	eventually(t, 10*time.Second, "its state is off", func() bool {
		_, body := h.request(t, "GET", path, "")
		for n, v := range decode[map[string]any](t, body) {
			if v == false {
				name = n
			}
		}
		return name != ""
	})

	heard := exec.Command(strings.Replace(pub, "_pub", "_sub", 1), "-h", host, "-p", port, "-t", "far/set", "-C", "1", "-W", "15")
	out, err := heard.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := heard.Start(); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		buf := make([]byte, 64)
		n, _ := out.Read(buf) // nothing read is told by what is compared
		got <- strings.TrimSpace(string(buf[:n]))
	}()
	eventually(t, 10*time.Second, "the command reaches the other broker", func() bool {
		if status, body := h.request(t, "PUT", path+"/"+name, "true"); status != 204 {
			t.Fatalf("PUT: %d %s", status, body)
		}
		select {
		case s := <-got:
			if s != "ON" {
				t.Fatalf("the device was sent %q, want ON", s)
			}
			return true
		case <-time.After(200 * time.Millisecond):
			return false
		}
	})
	_ = heard.Wait() // it ended with the message

	publish("far/state", "ON")
	eventually(t, 5*time.Second, "the new state comes back", func() bool {
		_, body := h.request(t, "GET", path+"/"+name, "")
		return body == "true" || strings.TrimSpace(body) == "true"
	})
}
