package thing_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"hutong/thing"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	change = thing.Change{
		Ref:   thing.Ref{Thing: "urn:example:lamp", Kind: thing.Property, Name: "on/off"},
		Point: 9, Value: thing.Bool(true), Quality: thing.Good,
		Device: 1795420800000000001, Received: 1795420800100000000, Committed: 1795420800100200000,
		Seq: 4711, Cause: thing.Cause{Trace: "01JD", Hops: 2},
	}
	command = thing.Command{
		ID: "c-1", Ref: thing.Ref{Thing: "urn:example:lamp", Kind: thing.Action, Name: "fade"},
		Input: thing.Float(2), By: "user:demo", Cause: thing.Cause{Trace: "01JD"}, Deadline: 1795420810000000000,
	}
)

// golden compares v's JSON with a committed file, byte for byte: what is written today must be readable for ever.
func golden(t *testing.T, name string, v any) []byte {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is now\n%s\nand was\n%s", file, got, want)
	}
	return want
}

func TestAChangeIsWrittenAsEver(t *testing.T) {
	var back thing.Change
	if err := json.Unmarshal(golden(t, "change.v1.json", change), &back); err != nil {
		t.Fatal(err)
	}
	want := change
	want.Point = 0
	if back != want {
		t.Errorf("read back %+v", back)
	}
}

func TestACommandIsWrittenAsEver(t *testing.T) {
	var back thing.Command
	if err := json.Unmarshal(golden(t, "command.v1.json", command), &back); err != nil {
		t.Fatal(err)
	}
	if back != command {
		t.Errorf("read back %+v", back)
	}
}

func TestAMessageFromTheFutureIsRefused(t *testing.T) {
	var c thing.Change
	if json.Unmarshal([]byte(`{"version":2,"ref":"urn:a#/properties/b"}`), &c) == nil {
		t.Error("a change of version 2 was taken")
	}
	var cmd thing.Command
	if json.Unmarshal([]byte(`{"version":0,"ref":"urn:a#/properties/b"}`), &cmd) == nil {
		t.Error("a command without a version was taken")
	}
}
