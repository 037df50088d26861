package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hutong/drive/geom"
	"hutong/drive/lane"
	"hutong/drive/lane/sumonet"
	drivestart "hutong/drive/start"
	"hutong/drive/sumo"
	"hutong/internal/testkit"
	"hutong/internal/testkit/broker"
	"hutong/mqtt"
)

// foreign is a scenario of Bologna, whose own detectors write beside it.
func foreign(t *testing.T) string {
	t.Helper()
	peer(t, "sumo")
	dir := filepath.Join(testkit.Data(t, "road/bologna", "SUMO's Bologna scenarios"), "acosta")
	if _, err := os.Stat(filepath.Join(dir, "run.sumocfg")); err != nil {
		t.Skip(err)
	}
	return filepath.Join(dir, "run.sumocfg")
}

func TestVehiclesDriveInANetworkOfSomeoneElse(t *testing.T) {
	config := foreign(t)
	before := inside(t, filepath.Dir(config))
	_, addr := broker.Serve(t, mqtt.Options{})
	url := "mqtt://" + addr
	r, err := drivestart.New(t.Context(), drivestart.Options{World: "sumo", Config: config, Vehicles: 3, Seed: 1, Speed: 50, Broker: url})
	if err != nil {
		t.Fatal(err)
	}
	c, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: url, CleanStart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heard := make(chan *mqtt.Message, 4096)
	if err := c.Subscribe(t.Context(), "drive/shuttle-1/#", 0, func(m *mqtt.Message) {
		select {
		case heard <- &mqtt.Message{Topic: m.Topic, Payload: append([]byte(nil), m.Payload...)}:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	sent := false
	for state := ""; state != `"arrived"`; {
		var m *mqtt.Message
		select {
		case m = <-heard:
		case err := <-ran:
			t.Fatalf("it ended: %v", err)
		}
		switch m.Topic {
		case "drive/shuttle-1/pose":
			if sent {
				continue
			}
			sent = true
			order := &mqtt.Message{Topic: "drive/shuttle-1/do/driveTo", Payload: ahead(t, config, m.Payload), QoS: 1}
			if err := c.Publish(t.Context(), order); err != nil {
				t.Fatal(err)
			}
		case "drive/shuttle-1/state":
			state = string(m.Payload)
		case "drive/shuttle-1/cabin":
			var frame struct{ T float64 }
			if err := json.Unmarshal(m.Payload, &frame); err != nil || frame.T > 900 {
				t.Fatalf("after %.0f s of the world it is %s: %v: %s", frame.T, state, err, m.Payload)
			}
		}
	}
	end()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if after := inside(t, filepath.Dir(config)); after != before {
		t.Errorf("it left files beside the scenario: %s, were %s", after, before)
	}
}

// ahead gives an order to drive to a place that is 20 to 40 s away, at the limits, from where a vehicle says it is.
func ahead(t *testing.T, config string, said []byte) []byte {
	t.Helper()
	var pose struct{ X, Y, Heading float64 }
	if err := json.Unmarshal(said, &pose); err != nil {
		t.Fatal(err)
	}
	o, err := sumo.ReadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(o.Net)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := sumonet.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	at, ok := m.Locate(geom.Pose{Vec: geom.Vec{X: pose.X, Y: pose.Y}, Heading: pose.Heading}, lane.Cars, 3)
	if !ok {
		t.Fatalf("it stands on no lane: %s", said)
	}
	for i := range m.Lanes {
		l := &m.Lanes[i]
		if l.Kind != lane.Drive || l.Users&lane.Cars == 0 || l.Centre.Length() < 40 {
			continue
		}
		spot := lane.Spot{Lane: lane.ID(i), S: l.Centre.Length() / 2}
		if took := m.NewField(spot, lane.Cars|lane.Taxis).From(at.Lane, at.S); took > 20 && took < 40 {
			p := m.Pose(spot)
			return fmt.Appendf(nil, `{"x":%.2f,"y":%.2f,"heading":%.3f}`, p.X, p.Y, p.Heading)
		}
	}
	t.Fatalf("nothing is 20 to 40 s away from %s", said)
	return nil
}

// inside lists a folder.
func inside(t *testing.T, dir string) string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}
