package interop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hutong/binding/bindingtest"
	wot "hutong/binding/mqtt"
	"hutong/internal/testkit/broker"
	"hutong/mqtt"
	"hutong/thing"
)

// foreignLamp is the description of a lamp whose device is mosquitto_pub and mosquitto_sub.
const foreignLamp = `{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:interop:lamp","title":"Foreign lamp",
	"securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},"security":"nosec_sc",
	"hutong:availability":{"topic":"foreign/online"},
	"properties":{"level":{"type":"integer","minimum":0,"maximum":100,"forms":[
		{"href":"mqtt://broker","op":"observeproperty","mqv:filter":"foreign/level"},
		{"href":"mqtt://broker/foreign/set","op":"writeproperty","mqv:qos":1}]}}}`

// foreignDevice plays the lamp with mosquitto's tools at addr, for a binding that lives in b.
func foreignDevice(t *testing.T, b mqtt.Broker, addr string) bindingtest.Subject {
	t.Helper()
	pub := peer(t, "mosquitto_pub")
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	say := func(topic, payload string, more ...string) error {
		args := append([]string{"-V", "5", "-h", host, "-p", port, "-q", "1", "-t", topic}, more...)
		if payload == "" {
			args = append(args, "-n")
		} else {
			args = append(args, "-s") // from standard input
		}
		cmd := exec.Command(pub, args...)
		cmd.Stdin = strings.NewReader(payload)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("mosquitto_pub: %w: %s", err, out)
		}
		return nil
	}
	must := func(topic, payload string, more ...string) {
		t.Helper()
		if err := say(topic, payload, more...); err != nil {
			t.Error(err)
		}
	}
	heard := listen(t, strings.Replace(pub, "_pub", "_sub", 1), "-V", "5", "-h", host, "-p", port, "-q", "1", "-t", "foreign/set", "-t", "foreign/ready")
	for ready := false; !ready; {
		must("foreign/ready", `"ready"`)
		select {
		case <-heard:
			ready = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	return bindingtest.Subject{
		Binding: wot.New(wot.Options{Broker: b}), ID: "urn:interop:lamp", Property: "level",
		Values:         [2]thing.Value{thing.Int(3), thing.Int(97)},
		Appear:         func() { must("hutong/td/foreign", foreignLamp, "-r") },
		Vanish:         func() { must("hutong/td/foreign", "", "-r") },
		Say:            func(v thing.Value) error { return say("foreign/level", string(v.AppendJSON(nil))) },
		Unacknowledged: true, // mosquitto_pub ends well whatever the reason in PUBACK
		Hear: func(ctx context.Context) (thing.Value, error) {
			for {
				select {
				case line := <-heard:
					if line != `"ready"` {
						return thing.ParseJSON([]byte(line))
					}
				case <-ctx.Done():
					return thing.Null(), ctx.Err()
				}
			}
		},
		Online: func(online bool) { must("foreign/online", map[bool]string{true: "online", false: "offline"}[online]) },
		Garbage: func() {
			must("hutong/td/foreign", `{"id":`)
			must("hutong/td/other", strings.Repeat("[", 10_000))
			must("foreign/level", `{"level"`)
		},
	}
}

// listen runs mosquitto_sub until the test ends and returns what it prints, line by line.
func listen(t *testing.T, path string, args ...string) <-chan string {
	t.Helper()
	cmd := exec.Command(path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, done := make(chan string, 1024), make(chan struct{})
	go func() {
		defer close(done)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-done
		_ = cmd.Wait() // killed
	})
	return lines
}

func TestForeignDevicesDescribeThemselvesToOurServer(t *testing.T) {
	bindingtest.Run(t, func(t *testing.T) bindingtest.Subject {
		s, addr := broker.Serve(t, mqtt.Options{})
		return foreignDevice(t, s, addr)
	})
}

func TestForeignDevicesDescribeThemselvesToAForeignBroker(t *testing.T) {
	bindingtest.Run(t, func(t *testing.T) bindingtest.Subject {
		addr := mosquitto(t)
		c, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: "mqtt://" + addr})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return foreignDevice(t, c, addr)
	})
}
