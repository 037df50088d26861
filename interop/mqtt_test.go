package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hutong/internal/testkit/broker"
	"hutong/mqtt"
)

func dialMQTT(t *testing.T, o mqtt.ClientOptions) *mqtt.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := mqtt.Dial(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// lines is a running program whose output is read line by line.
type lines struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  chan string
	errs bytes.Buffer
}

// run starts cmd; it is killed at the end of the test.
func run(t *testing.T, cmd *exec.Cmd) *lines {
	t.Helper()
	l := &lines{t: t, cmd: cmd, out: make(chan string, 1000)}
	cmd.Stderr = &l.errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.out)
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			l.out <- scan.Text()
		}
		_ = cmd.Wait() // killed, or judged by what it said
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-done
	})
	return l
}

// says expects the next line.
func (l *lines) says(want string) {
	l.t.Helper()
	select {
	case got, ok := <-l.out:
		if !ok {
			l.t.Fatalf("%v ended, want %q: %s", l.cmd.Args, want, l.errs.String())
		}
		if got != want {
			l.t.Fatalf("%s says %q, want %q", filepath.Base(l.cmd.Path), got, want)
		}
	case <-time.After(20 * time.Second):
		l.t.Fatalf("%v says nothing, want %q", l.cmd.Args, want)
	}
}

var mosquittoVersions = map[byte]string{4: "mqttv311", 5: "mqttv5"}

// mosquittoPair is mosquitto_pub and mosquitto_sub for one broker, version and QoS.
type mosquittoPair struct {
	t    *testing.T
	args []string
}

func (m mosquittoPair) sub(args ...string) *lines {
	m.t.Helper()
	path := strings.Replace(peer(m.t, "mosquitto_pub"), "_pub", "_sub", 1)
	// -d tells when the subscription stands, and stdbuf when it is told.
	l := run(m.t, exec.Command("stdbuf", append(append([]string{"-oL", path, "-d"}, m.args...), args...)...))
	for line := range l.out {
		if strings.HasPrefix(line, "Subscribed (mid: ") {
			return l
		}
	}
	m.t.Fatalf("mosquitto_sub %v: %s", args, l.errs.String())
	return nil
}

// hears expects a line that is not about packets.
func (l *lines) hears(want string) {
	l.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case got, ok := <-l.out:
			if !ok {
				l.t.Fatalf("%v ended, want %q: %s", l.cmd.Args, want, l.errs.String())
			}
			if strings.HasPrefix(got, "Client ") || strings.HasPrefix(got, "Subscribed ") {
				continue
			}
			if got != want {
				l.t.Fatalf("%s heard %q, want %q", filepath.Base(l.cmd.Path), got, want)
			}
			return
		case <-limit:
			l.t.Fatalf("%v heard nothing, want %q", l.cmd.Args, want)
		}
	}
}

func (m mosquittoPair) pub(args ...string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, peer(m.t, "mosquitto_pub"), append(append([]string{}, m.args...), args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("mosquitto_pub %v: %v %s", args, err, out)
	}
}

func TestMosquittosClientsSpeakWithOurServer(t *testing.T) {
	peer(t, "mosquitto_pub")
	o := mqtt.Options{Authenticate: func(_ context.Context, who *mqtt.Login) error {
		if who.Username != "ann" || string(who.Password) != "secret" {
			return mqtt.BadCredentials
		}
		return nil
	}}
	_, addr := broker.Serve(t, o)
	host, port, _ := net.SplitHostPort(addr)
	for version, name := range mosquittoVersions {
		for qos := range 3 {
			t.Run(fmt.Sprintf("%s QoS %d", name, qos), func(t *testing.T) {
				m := mosquittoPair{t, []string{"-h", host, "-p", port, "-u", "ann", "-P", "secret", "-V", name, "-q", fmt.Sprint(qos)}}
				topic := fmt.Sprintf("m/%d/%d", version, qos)
				sub := m.sub("-t", topic+"/#", "-F", "%t %p %q %r")
				for i := range 3 {
					m.pub("-t", topic+"/x", "-m", fmt.Sprint(i))
					sub.hears(fmt.Sprintf("%s/x %d %d 0", topic, i, qos))
				}
				big := strings.Repeat("x", 100_000)
				file := filepath.Join(t.TempDir(), "big")
				if err := os.WriteFile(file, []byte(big), 0o600); err != nil {
					t.Fatal(err)
				}
				m.pub("-t", topic+"/kept", "-r", "-m", "still here")
				sub.hears(fmt.Sprintf("%s/kept still here %d 0", topic, qos))
				m.sub("-t", topic+"/#", "-F", "%t %p %q %r").hears(fmt.Sprintf("%s/kept still here %d 1", topic, qos))
				m.pub("-t", topic+"/kept", "-r", "-n") // and is forgotten
				sub.hears(fmt.Sprintf("%s/kept  %d 0", topic, qos))
				length := m.sub("-t", topic+"/#", "-F", "%t %l %r")
				m.pub("-t", topic+"/big", "-f", file)
				length.hears(topic + "/big 100000 0")
				sub.hears(fmt.Sprintf("%s/big %s %d 0", topic, big, qos))

				dying := m.sub("-t", topic+"/nothing", "--will-topic", topic+"/will", "--will-payload", "gone", "--will-qos", fmt.Sprint(qos))
				_ = dying.cmd.Process.Kill() // without a goodbye
				sub.hears(fmt.Sprintf("%s/will gone %d 0", topic, qos))
			})
		}
	}
	cmd := exec.Command(peer(t, "mosquitto_pub"), "-h", host, "-p", port, "-u", "ann", "-P", "wrong", "-t", "x", "-m", "x")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(strings.ToLower(string(out)), "not auth") && !strings.Contains(strings.ToLower(string(out)), "bad user") {
		t.Errorf("a wrong password: %v %s", err, out)
	}
}

// echo checks a foreign client that sends back what it hears; see mqtt_echo.cjs.
func echo(t *testing.T, c *mqtt.Client, version byte, name string, start func() *exec.Cmd) {
	t.Helper()
	type heard struct {
		payload string
		qos     byte
		user    []mqtt.UserProperty
	}
	back, wills := make(chan heard, 100), make(chan string, 10)
	for filter, f := range map[string]func(m *mqtt.Message){
		"out": func(m *mqtt.Message) {
			h := heard{payload: string(m.Payload), qos: m.QoS}
			if m.Properties != nil {
				h.user = m.Properties.User
			}
			back <- h
		},
		"will": func(m *mqtt.Message) { wills <- string(m.Payload) },
	} {
		if err := c.Subscribe(t.Context(), filter, 2, f); err != nil {
			t.Fatal(err)
		}
	}
	defer c.Unsubscribe("out")
	defer c.Unsubscribe("will")
	kept := &mqtt.Message{Topic: "in/kept", Payload: []byte("kept"), QoS: 1, Retain: true}
	if err := c.Publish(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	out := run(t, start())
	out.says("ready 2")
	expect := func(payload string, qos byte) {
		t.Helper()
		select {
		case h := <-back:
			if h.payload != payload || h.qos != qos {
				t.Fatalf("%s sent back %+v, want %s with QoS %d", name, h, payload, qos)
			}
			if version == 5 && payload != "kept" && (len(h.user) != 2 || h.user[1] != mqtt.UserProperty{Name: "a", Value: "2"}) {
				t.Errorf("user properties came back as %v", h.user)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s sent nothing back: %s", name, out.errs.String())
		}
	}
	out.says("in/kept kept 1 true")
	expect("kept", 1)
	for i := range 9 {
		qos := byte(i % 3)
		m := &mqtt.Message{Topic: fmt.Sprintf("in/%d", i), Payload: fmt.Appendf(nil, "p%d", i), QoS: qos}
		m.Properties = &mqtt.Properties{User: []mqtt.UserProperty{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}}
		if err := c.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		out.says(fmt.Sprintf("in/%d p%d %d false", i, i, qos))
		expect(fmt.Sprintf("p%d", i), qos)
	}
	if err := c.Publish(t.Context(), &mqtt.Message{Topic: "in/kept", QoS: 1, Retain: true}); err != nil {
		t.Fatal(err)
	}
	out.says("in/kept  1 false")
	<-back
	end := &mqtt.Message{Topic: "in/x", Payload: []byte("end"), QoS: 1}
	end.Properties = &mqtt.Properties{User: []mqtt.UserProperty{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}}
	if err := c.Publish(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	expect("end", 1)
	select {
	case w := <-wills:
		if w != name+" is gone" {
			t.Errorf("will %q", w)
		}
	case <-time.After(20 * time.Second):
		t.Error("no will came")
	}
}

func TestForeignClientsSpeakWithOurs(t *testing.T) {
	s, addr := broker.Serve(t, mqtt.Options{})
	web := httptest.NewServer(http.StripPrefix("/mqtt", s.WebSocket()))
	t.Cleanup(web.Close)
	urls := map[string]string{"TCP": "mqtt://" + addr, "WebSocket": strings.Replace(web.URL, "http", "ws", 1) + "/mqtt"}
	for transport, url := range urls {
		for _, version := range []byte{4, 5} {
			c := dialMQTT(t, mqtt.ClientOptions{URL: url, Version: version})
			t.Run(fmt.Sprintf("npm mqtt, %s, version %d", transport, version), func(t *testing.T) {
				peer(t, "mqtt")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				echo(t, c, version, "npm", func() *exec.Cmd { return node(t, ctx, "mqtt_echo.cjs", url, fmt.Sprint(version)) })
			})
			t.Run(fmt.Sprintf("PyPI paho-mqtt, %s, version %d", transport, version), func(t *testing.T) {
				python := peer(t, "paho-mqtt")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				echo(t, c, version, "paho", func() *exec.Cmd {
					return exec.CommandContext(ctx, python, "mqtt_echo.py", url, fmt.Sprint(version))
				})
			})
		}
	}
}

func TestOurClientSpeaksWithMosquitto(t *testing.T) {
	addr := mosquitto(t)
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			c := dialMQTT(t, mqtt.ClientOptions{URL: "mqtt://" + addr, Version: version, Username: "any", Password: "x"})
			watch := dialMQTT(t, mqtt.ClientOptions{URL: "mqtt://" + addr, Version: version})
			got := make(chan string, 10)
			err := watch.Subscribe(t.Context(), "ours/#", 2, func(m *mqtt.Message) {
				got <- fmt.Sprintf("%s %s %d %v", m.Topic, m.Payload, m.QoS, m.Retain)
			})
			if err != nil {
				t.Fatal(err)
			}
			next := func(want string) {
				t.Helper()
				select {
				case s := <-got:
					if s != want {
						t.Fatalf("got %q, want %q", s, want)
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("nothing came, want %q", want)
				}
			}
			for qos := range byte(3) {
				m := &mqtt.Message{Topic: "ours/x", Payload: []byte("hello"), QoS: qos}
				if err := c.Publish(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				next(fmt.Sprintf("ours/x hello %d false", qos))
			}
			m := &mqtt.Message{Topic: "kept/x", Payload: []byte("old"), QoS: 1, Retain: true}
			if err := c.Publish(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			err = watch.Subscribe(t.Context(), "kept/+", 1, func(m *mqtt.Message) {
				got <- fmt.Sprintf("%s %s %d %v", m.Topic, m.Payload, m.QoS, m.Retain)
			})
			if err != nil {
				t.Fatal(err)
			}
			next("kept/x old 1 true")
			path := peer(t, "mosquitto_pub")
			host, port, _ := net.SplitHostPort(addr)
			pair := mosquittoPair{t, []string{"-h", host, "-p", port, "-V", mosquittoVersions[version], "-q", "1"}}
			sub := pair.sub("-t", "theirs")
			if err := c.Publish(t.Context(), &mqtt.Message{Topic: "theirs", Payload: []byte("from us"), QoS: 1}); err != nil {
				t.Fatal(err)
			}
			sub.hears("from us")
			if out, err := exec.Command(path, "-h", host, "-p", port, "-t", "ours/from", "-q", "2", "-m", "them").CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			next("ours/from them 2 false")

			lost, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			dying := dialMQTT(t, mqtt.ClientOptions{
				URL: "mqtt://" + addr, Version: version, Will: &mqtt.Message{Topic: "ours/will", Payload: []byte("gone"), QoS: 1},
				Dialer: func(context.Context, string, string) (net.Conn, error) { return lost, nil },
			})
			lost.Close()
			next("ours/will gone 1 false")
			dying.Close()
		})
	}
}

var ranTests = regexp.MustCompile(`Ran (\d+) tests? in`)

// TestThePahoSuitePasses runs the Eclipse Paho interoperability suite. Two of its tests send SUBSCRIBE on one connection
// and PUBLISH on another without waiting for SUBACK, so which comes first is not defined; a test that fails is therefore
// asked again, alone, and must pass within three attempts.
func TestThePahoSuitePasses(t *testing.T) {
	suite := os.Getenv("HUTONG_PAHO_SUITE")
	if suite == "" {
		met.Lock()
		met.missing["the Eclipse Paho suite"]++
		met.Unlock()
		t.Skip("set HUTONG_PAHO_SUITE to a checkout of github.com/eclipse/paho.mqtt.testing")
	}
	for script, count := range map[string]string{"client_test.py": "10", "client_test5.py": "27"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			_, addr := broker.Serve(t, mqtt.Options{
				MaxKeepAlive: time.Minute, // the suite asks for it
				Authorize: func(_ *mqtt.Login, topic string, write bool) error {
					if topic == "test/nosubscribe" && !write {
						return mqtt.UnspecifiedError
					}
					return nil
				},
			})
			out, err := pahoRun(t, suite, script, addr)
			ran := ranTests.FindStringSubmatch(out)
			if ran == nil || ran[1] != count {
				t.Fatalf("not %s tests ran: %v\n%s", count, err, out)
			}
			if err == nil {
				return
			}
			for _, bad := range regexp.MustCompile(`(?m)^(?:FAIL|ERROR): (\w+)`).FindAllStringSubmatch(out, -1) {
				t.Logf("%s failed at first:\n%s", bad[1], out)
				for attempt := 1; ; attempt++ {
					again, err := pahoRun(t, suite, script, addr, "Test."+bad[1])
					if err == nil {
						break
					}
					if attempt == 3 {
						t.Errorf("%s: %v\n%s", bad[1], err, again)
						break
					}
				}
			}
		})
	}
}

// pahoRun runs tests of the suite. client_test.py leaves the address where unittest trips over it, so what it would read
// from the command line is put in its place.
func pahoRun(t *testing.T, suite, script, addr string, tests ...string) (string, error) {
	t.Helper()
	_, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	start := `import getopt, runpy, sys
port, script = sys.argv[1:3]
getopt.gnu_getopt = lambda *_: ([("-p", port)], [])
sys.argv = [script] + (["-p", port] if script == "client_test5.py" else []) + sys.argv[3:]
runpy.run_path(script, run_name="__main__")
`
	args := append([]string{"-W", "ignore", "-c", start, port, script}, tests...)
	cmd := exec.CommandContext(ctx, "python3", args...)
	cmd.Dir = filepath.Join(suite, "interoperability")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+cmd.Dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
