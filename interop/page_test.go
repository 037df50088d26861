package interop

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// browse runs a script of interop/page against base. A line that the script prints and that does names is carried
// out and answered with "done"; every other line goes to the test's log.
func browse(t *testing.T, limit time.Duration, does map[string]func(), script string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := node(t, ctx, "page/"+script, args...)
	cmd.Env = append(cmd.Env, "CHROMIUM="+peer(t, "chromium"))
	var errs strings.Builder
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		do, known := does[lines.Text()]
		if !known {
			t.Log(lines.Text())
			continue
		}
		do()
		if _, err := io.WriteString(in, "done\n"); err != nil {
			t.Errorf("%s: the script has gone: %v", lines.Text(), err)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, errs.String())
	}
}

// again starts a hub on the addresses that h had.
func (h *hub) again(t *testing.T, args ...string) *hub {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	host := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Host
	}
	return startAs(t, path, append(args, "--http", host(h.HTTP), "--mqtt", host(h.MQTT))...)
}

func TestAPersonSwitchesALampAndSeesTheHubGoAndComeBack(t *testing.T) {
	peer(t, "playwright-core")
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	data, began := t.TempDir(), time.Now()
	h := start(t, "demo", "--data", data)
	t.Logf("start to ready %d ms", time.Since(began).Milliseconds())
	browse(t, 3*time.Minute, map[string]func(){
		"stop":  h.stop,
		"start": func() { h.again(t, "demo", "--data", data) },
	}, "journey.mjs", h.HTTP)
}

func TestThePageLivesBehindAProxyBelowAPrefix(t *testing.T) {
	peer(t, "playwright-core")
	h := start(t, "demo", "--data", t.TempDir())
	to, err := url.Parse(h.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.StripPrefix("/house", httputil.NewSingleHostReverseProxy(to)))
	defer proxy.Close()
	browse(t, 2*time.Minute, nil, "prefix.mjs", proxy.URL+"/house")
}

func TestAVisitorBooksARideIsFetchedStopsItAndArrives(t *testing.T) {
	peer(t, "playwright-core")
	h := start(t, "demo", "--data", t.TempDir())
	eventually(t, 2*time.Minute, "the vehicles have announced themselves", func() bool {
		_, body := h.request(t, "GET", "/road/vehicles", "")
		return len(decode[[]struct{ Name string }](t, body)) >= 4
	})
	browse(t, 25*time.Minute, nil, "ride.mjs", h.HTTP)
}

func TestAxeFindsNothingOnAnyPage(t *testing.T) {
	peer(t, "playwright-core")
	h := start(t, "demo", "--data", t.TempDir())
	eventually(t, 60*time.Second, "the simulated quarter has announced itself", func() bool {
		_, body := h.request(t, "GET", "/things?limit=1000", "")
		return len(decode[[]struct{ ID string }](t, body)) >= 150
	})
	browse(t, 40*time.Minute, nil, "axe.mjs", h.HTTP)
}

func TestALockedEmptyHubSaysHowToBegin(t *testing.T) {
	peer(t, "playwright-core")
	pub := peer(t, "mosquitto_pub")
	data := t.TempDir()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	make := exec.Command(path, "token", "create", "owner", "--role", "admin", "--data", data)
	make.Stderr = os.Stderr
	secret, err := make.Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(secret))
	h := start(t, "serve", "--data", data)
	at, err := url.Parse(h.MQTT)
	if err != nil {
		t.Fatal(err)
	}
	browse(t, 2*time.Minute, map[string]func(){
		"announce": func() {
			out, err := exec.Command(pub, "-h", at.Hostname(), "-p", at.Port(), "-u", "owner", "-P", token, "-q", "1", "-r",
				"-t", "homeassistant/switch/kettle/config",
				"-m", `{"name":"Kettle","unique_id":"kettle","command_topic":"kettle/set","state_topic":"kettle"}`).CombinedOutput()
			if err != nil {
				t.Errorf("mosquitto_pub: %v %s", err, out)
			}
		},
	}, "first.mjs", h.HTTP, token)
}
