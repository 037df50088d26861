package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hutong/mqtt"
)

// victim is one running hub that is about to be killed.
type victim struct {
	cmd   *exec.Cmd
	http  string
	mqtt  string
	mqtts string // "" unless it was asked for
}

// awaken starts the real program on the folder, with more flags if there are any, and waits for its ready line.
func awaken(t *testing.T, data string, more ...string) *victim {
	t.Helper()
	path, err := exec.LookPath("hutong")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
	cmd.Args = append(cmd.Args, more...)
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	m := readyLine.FindStringSubmatch(strings.TrimSpace(line))
	if err != nil || m == nil {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // so that log is complete
		t.Fatalf("the hub did not come up: %v %q\n%s", err, line, log.String())
	}
	return &victim{cmd, m[1], m[2], m[3]}
}

func (v *victim) kill() {
	_ = v.cmd.Process.Kill() // SIGKILL: no warning
	_ = v.cmd.Wait()         // it was killed
}

const writers = 8

// meter describes a Thing with one integer for each writer.
func meter() []byte {
	properties := map[string]any{}
	for w := range writers {
		name := "n" + strconv.Itoa(w)
		properties[name] = map[string]any{
			"type": "integer", "readOnly": true, "observable": true,
			"forms": []any{map[string]any{
				"href": "mqtt://broker/meter/" + name, "op": []string{"readproperty", "observeproperty"},
				"contentType": "application/json", "mqv:controlPacket": "subscribe", "mqv:filter": "meter/" + name,
			}},
		}
	}
	text, err := json.Marshal(map[string]any{
		"@context": "https://www.w3.org/2022/wot/td/v1.1", "id": "urn:test:meter", "title": "Meter",
		"security": "nosec", "securityDefinitions": map[string]any{"nosec": map[string]any{"scheme": "nosec"}},
		"properties": properties,
	})
	if err != nil {
		panic(err)
	}
	return text
}

// TestNothingAcknowledgedIsLostAtKill9 kills the real process 50 times at random moments while eight devices write as
// fast as they are acknowledged, and then asks the history for every number that was.
func TestNothingAcknowledgedIsLostAtKill9(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	data := t.TempDir()
	secret, err := exec.Command("hutong", "token", "create", "meter", "--role", "user", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(secret))
	var sent, acked [writers]int64 // every number below sent was tried; acked counts those acknowledged
	var known [writers]map[int64]bool
	for w := range known {
		known[w] = map[int64]bool{}
	}
	announce(t, data, token)
	for range kills {
		v := awaken(t, data)
		load(t, v, token, &sent, &known)
		v.kill()
	}
	v := awaken(t, data)
	defer v.kill()
	total, lost, twice := 0, 0, 0
	for w := range writers {
		kept := recorded(t, v, token, "n"+strconv.Itoa(w))
		for n := range known[w] {
			total++
			if kept[n] == 0 {
				lost++
			}
		}
		for _, times := range kept {
			if times > 1 {
				twice++
			}
		}
		acked[w] = int64(len(known[w]))
	}
	t.Logf("%d kills, %d values acknowledged (%v by writer), %d lost, %d kept twice", kills, total, acked, lost, twice)
	if lost > 0 || twice > 0 || total < kills {
		t.Errorf("%d of %d acknowledged values are lost, %d are there twice", lost, total, twice)
	}
}

// announce makes the meter known to a hub on the folder, once.
func announce(t *testing.T, data, token string) {
	t.Helper()
	v := awaken(t, data)
	defer v.kill()
	c, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: v.mqtt, Username: "meter", Password: token, CleanStart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Publish(t.Context(), &mqtt.Message{Topic: "hutong/td/meter", Payload: meter(), QoS: 1, Retain: true}); err != nil {
		t.Fatal(err)
	}
}

// load writes until a random moment, and notes in known what was acknowledged by then.
func load(t *testing.T, v *victim, token string, sent *[writers]int64, known *[writers]map[int64]bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	started := make(chan struct{}, writers)
	for w := range writers {
		all.Go(func() {
			c, err := mqtt.Dial(ctx, mqtt.ClientOptions{URL: v.mqtt, Username: "meter", Password: token, CleanStart: true})
			if err != nil {
				t.Error(err)
				started <- struct{}{}
				return
			}
			defer c.Close()
			for first := true; ; first = false {
				n := sent[w]
				sent[w]++
				m := &mqtt.Message{Topic: "meter/n" + strconv.Itoa(w), Payload: strconv.AppendInt(nil, n, 10), QoS: 1}
				if c.Publish(ctx, m) != nil {
					return // the hub is gone: this number was not acknowledged
				}
				known[w][n] = true
				if first {
					started <- struct{}{}
				}
			}
		})
	}
	for range writers {
		<-started
	}
	<-time.After(time.Duration(20+rand.IntN(250)) * time.Millisecond)
	v.kill()
	cancel()
	all.Wait()
}

// recorded counts how often each number is in the history of one property.
func recorded(t *testing.T, v *victim, token, name string) map[int64]int {
	t.Helper()
	kept := map[int64]int{}
	from := url.QueryEscape(time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	req, err := http.NewRequestWithContext(t.Context(), "GET",
		v.http+"/things/urn:test:meter/properties/"+name+"/history?from="+from, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("history of %s: %s %w: %.300s", name, res.Status, err, body))
	}
	var samples []struct{ Value int64 }
	if err := json.Unmarshal(body, &samples); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		kept[s.Value]++
	}
	return kept
}
