package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"hutong/internal/testkit/broker"
	"hutong/mqtt"
)

func TestWhatIsAskedWronglyIsSaid(t *testing.T) {
	for _, args := range [][]string{{"--world", "moon"}, {"--net", "main.go"}, {"--vehicles", "many"}, {"--fly"}} {
		if code := run(args); code != 2 {
			t.Errorf("%q ends with %d, want 2", args, code)
		}
	}
	f := flags{World: "town", Vehicles: 0}
	if err := f.drive(t.Context()); err == nil || !strings.Contains(err.Error(), "1 to") {
		t.Errorf("no vehicles: %v", err)
	}
}

func TestVehiclesAreThingsOfWhateverHubTheyAreGiven(t *testing.T) {
	_, addr := broker.Serve(t, mqtt.Options{Authenticate: func(_ context.Context, who *mqtt.Login) error {
		if who.Username != "shuttles" || string(who.Password) != "htg_x" {
			return mqtt.BadCredentials
		}
		return nil
	}})
	url := "mqtt://" + addr
	c, err := mqtt.Dial(t.Context(), mqtt.ClientOptions{URL: url, Username: "shuttles", Password: "htg_x", CleanStart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heard := make(chan string, 1024)
	if err := c.Subscribe(t.Context(), "#", 0, func(m *mqtt.Message) {
		select {
		case heard <- m.Topic:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	f := flags{MQTT: url, User: "shuttles", Token: "htg_x", World: "town", Vehicles: 2, Seed: 1, Speed: 1}
	go func() { ran <- f.drive(ctx) }()
	want := map[string]bool{"hutong/td/drive-shuttle-2": true, "drive/shuttle-1/cabin": true, "drive/shuttle-2/pose": true, "drive/signal-0/phase": true}
	for late := time.After(30 * time.Second); len(want) > 0; {
		select {
		case topic := <-heard:
			delete(want, topic)
		case err := <-ran:
			t.Fatalf("it ended: %v", err)
		case <-late:
			t.Fatalf("never heard: %v", want)
		}
	}
	end()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	f.Token = "htg_wrong"
	if err := f.drive(t.Context()); err == nil {
		t.Error("a hub that refuses the token is no error")
	}
}
