package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hutong/gate"
	"hutong/td"
	"hutong/thing"
	"hutong/twin"
)

// hub is a whole hub in small, on a real socket: the real twin and gate, and devices that are functions.
type hub struct {
	testing.TB
	api    *API
	twin   *twin.Twin
	tokens *gate.Tokens
	texts  map[thing.ID][]byte
	device func(context.Context, thing.Command) (thing.Value, error)
	url    string
	token  string
}

type feeds struct{ *twin.Twin }

func (f feeds) Latest(want func(thing.Ref) bool) Feed { return f.Twin.Latest(want) }
func (f feeds) Every(from uint64) Cursor              { return f.Twin.Every(from) }
func (f feeds) Watch() Watch                          { return watch{f.Twin.Watch()} }

type watch struct{ *twin.Watch }

func (w watch) Next(ctx context.Context) (ids []thing.ID, err error) {
	news, err := w.Watch.Next(ctx)
	for _, n := range news {
		ids = append(ids, n.ID)
	}
	return ids, err
}

func (h *hub) TD(id thing.ID) ([]byte, bool, error) { text, ok := h.texts[id]; return text, ok, nil }

func (h *hub) Search(query string) (iter.Seq[*thing.Thing], error) {
	var found []*thing.Thing
next:
	for _, x := range h.twin.Things() {
		for _, w := range strings.Fields(strings.ToLower(query)) {
			if !strings.Contains(strings.ToLower(x.Title+"\n"+string(x.Place)), w) {
				continue next
			}
		}
		found = append(found, x)
	}
	return slices.Values(found), nil
}

func (h *hub) Places() ([]thing.Place, error) {
	return []thing.Place{{ID: "home", Title: "Home"}, {ID: "home/living-room", Title: "Living Room"}, {ID: "park", Title: "Park"}}, nil
}

type memory map[string][]byte

func (m memory) Put(key string, record []byte) error { m[key] = record; return nil }
func (m memory) Delete(key string) error             { delete(m, key); return nil }
func (m memory) All() (map[string][]byte, error)     { return m, nil }

const lampTD = `{"@context":["https://www.w3.org/2022/wot/td/v1.1",{"hutong":"` + td.HutongNS + `"}],
"id":"urn:lamp","title":"Lamp","hutong:place":"Home / Living Room","base":"mqtt://broker/","securityDefinitions":{"nosec_sc":{"scheme":"nosec"}},"security":["nosec_sc"],
"properties":{"on":{"type":"boolean","forms":[{"href":"lamp/on"}]},
"level":{"type":"integer","minimum":0,"maximum":254,"forms":[{"href":"lamp/level"}]},
"power":{"type":"number","unit":"W","readOnly":true,"forms":[{"href":"lamp/power"}]},
"pin":{"type":"string","writeOnly":true,"forms":[{"href":"lamp/pin"}]},
"a/b ~c":{"type":"string","forms":[{"href":"lamp/odd"}]}},
"actions":{"fade":{"input":{"type":"object","properties":{"level":{"type":"integer"}},"required":["level"]},"output":{"type":"integer"},"forms":[{"href":"lamp/fade"}]},
"blink":{"synchronous":false,"forms":[{"href":"lamp/blink"}]}},
"events":{"pressed":{"data":{"type":"integer"},"forms":[{"href":"lamp/pressed"}]}}}`

func pumpTD() string {
	return strings.NewReplacer("urn:lamp", "urn:x:a/b", "Lamp", "Pump", "Home / Living Room", "Clinic / Room 1").Replace(lampTD)
}

// newHub starts a hub with a lamp and a pump; change may alter the options.
func newHub(t testing.TB, change ...func(*Options)) *hub {
	t.Helper()
	h := &hub{TB: t, texts: map[thing.ID][]byte{}, tokens: gate.NewTokens(memory{})}
	h.device = func(context.Context, thing.Command) (thing.Value, error) { return thing.Null(), nil }
	h.twin = twin.New(twin.Options{Doer: twin.DoerFunc(func(ctx context.Context, cmd thing.Command) (thing.Value, error) { return h.device(ctx, cmd) })})
	h.add(lampTD)
	h.add(pumpTD())
	o := Options{Twin: h.twin, Feeds: feeds{h.twin}, Commands: h.twin, Directory: h, Open: true, Version: "test"}
	for _, f := range change {
		f(&o)
	}
	g := gate.New(gate.Options{Next: h.twin, Things: h.twin, Tokens: h.tokens, Open: o.Open})
	o.Gate, o.Access = g, g
	h.api = New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := Server(h.api)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	h.url = "http://" + l.Addr().String()
	t.Cleanup(func() {
		h.api.Close()
		h.twin.Close()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return h
}

func locked(o *Options) { o.Open = false }

func (h *hub) add(text string) {
	h.Helper()
	d, err := td.Parse([]byte(text))
	if err != nil {
		h.Fatal(err)
	}
	x, err := d.Compile()
	if err != nil {
		h.Fatal(err)
	}
	h.texts[x.ID] = []byte(text)
	if err := h.twin.Add(x); err != nil {
		h.Fatal(err)
	}
}

// says has the device report a value and waits until it is state.
func (h *hub) says(id, name string, v thing.Value) {
	h.Helper()
	h.reports(thing.Ref{Thing: thing.ID(id), Name: name}, v)
}

func (h *hub) reports(ref thing.Ref, v thing.Value) {
	h.Helper()
	p, ok := h.twin.Handle(ref)
	if !ok {
		h.Fatalf("no point %s", ref)
	}
	if err := h.twin.Wait(h.twin.Report([]thing.Report{{Point: p, Value: v, Quality: thing.Good}})); err != nil {
		h.Fatal(err)
	}
}

func (h *hub) signIn(name string, role gate.Role, grants ...gate.Grant) {
	h.Helper()
	var err error
	if h.token, err = h.tokens.Create(name, role, grants, time.Now(), time.Time{}); err != nil {
		h.Fatal(err)
	}
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

func (h *hub) do(method, path, body string, headers ...string) reply {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	return reply{res, string(data)}
}

// want asks and checks status and body; a body that ends in "..." is only looked for within the answer's.
func (h *hub) want(method, path, body string, status int, want string, headers ...string) reply {
	h.Helper()
	r := h.do(method, path, body, headers...)
	part, ok := strings.CutSuffix(want, "...")
	if r.StatusCode != status || ok && !strings.Contains(r.body, part) || !ok && r.body != want {
		h.Errorf("%s %s %.60q: %d %.400s\nwant %d %s", method, path, body, r.StatusCode, r.body, status, want)
	}
	if status >= 400 {
		var f fault
		if err := json.Unmarshal([]byte(r.body), &f); err != nil || f.Status != status || f.Detail == "" || r.Header.Get("Content-Type") != "application/problem+json" {
			h.Errorf("%s %s: not a problem: %.200s", method, path, r.body)
		}
	}
	return r
}

// event is one message of a stream.
type event struct{ name, id, data string }

type listening struct {
	*hub
	lines *bufio.Reader
	res   *http.Response
	stop  context.CancelFunc
}

// listen opens a stream; it is open when this returns.
func (h *hub) listen(path string, headers ...string) *listening {
	h.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { stop(); res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		data, _ := io.ReadAll(res.Body)
		h.Fatalf("%s: %s %s", path, res.Status, data)
	}
	return &listening{hub: h, lines: bufio.NewReader(res.Body), res: res, stop: stop}
}

func (l *listening) close() { l.stop(); l.res.Body.Close() }

// next is the next message that has data.
func (l *listening) next() event {
	l.Helper()
	var e event
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			l.Fatalf("stream ended: %v", err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			if e.data != "" {
				return e
			}
		}
	}
}

// wants reads messages until one is called name, and checks that it holds what.
func (l *listening) wants(name, what string) event {
	l.Helper()
	e := l.next()
	if e.name != name || !strings.Contains(e.data, what) {
		l.Errorf("heard %+v\nwant %s with %s", e, name, what)
	}
	return e
}

func TestEveryRouteIsDocumentedAndEveryDocumentedOperationIsARoute(t *testing.T) {
	h := newHub(t, everything)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Summary     string
			Responses   map[string]any
			Parameters  []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal([]byte(h.want("GET", "/openapi.json", "", 200, "...").body), &doc); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, r := range h.api.routes {
		op, ok := doc.Paths[r.Path][strings.ToLower(r.Method)]
		if !ok || op.Summary == "" || ids[op.OperationID] || len(op.Responses) < 2 {
			t.Errorf("%s %s: documented so: %+v", r.Method, r.Path, op)
		}
		ids[op.OperationID] = true
		if strings.Count(r.Path, "{") != strings.Count(fmt.Sprint(op.Parameters), " path}") {
			t.Errorf("%s %s: parameters %+v", r.Method, r.Path, op.Parameters)
		}
	}
	n := 0
	for path, item := range doc.Paths {
		for method := range item {
			req, err := http.NewRequest(strings.ToUpper(method), "http://localhost"+strings.NewReplacer("{", "", "}", "").Replace(path), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, pattern := h.api.mux.Handler(req); !strings.HasSuffix(pattern, " "+path) {
				t.Errorf("%s %s is documented and goes to %q", method, path, pattern)
			}
			n++
		}
	}
	gets := 0
	for _, r := range h.api.routes {
		if r.Method == http.MethodGet {
			gets++
		}
	}
	if n != len(h.api.routes)+gets {
		t.Errorf("%d operations documented, %d routes of which %d have HEAD", n, len(h.api.routes), gets)
	}
}

// everything turns on all that is optional.
func everything(o *Options) {
	o.History, o.Rules, o.Scenes, o.Traces, o.Notices = past{}, &ruleBook{}, scenes{}, traces{}, NewNotices()
}

type past []Sample

func (p past) Query(_ context.Context, _ Query, each func(Sample)) error {
	for _, s := range p {
		each(s)
	}
	return nil
}

type ruleBook struct{ texts map[string]string }

func (b *ruleBook) List() (list []Rule) {
	for id := range b.texts {
		list = append(list, Rule{ID: id, Title: "Rule " + id, Enabled: true, Runs: []Run{{Trace: "T", Time: 1e18, Result: "done"}}})
	}
	return list
}
func (b *ruleBook) Text(id string) ([]byte, bool) { s, ok := b.texts[id]; return []byte(s), ok }
func (b *ruleBook) Put(_ context.Context, id string, text []byte) error {
	if strings.Contains(string(text), "bad") {
		return Problems{{Line: 2, Column: 5, Detail: "there is no Thing urn:none"}}
	}
	if b.texts == nil {
		b.texts = map[string]string{}
	}
	b.texts[id] = string(text)
	return nil
}

func (b *ruleBook) Delete(_ context.Context, id string) (bool, error) {
	_, ok := b.texts[id]
	delete(b.texts, id)
	return ok, nil
}

type scenes struct{}

func (scenes) List() []Scene { return []Scene{{"evening", "Evening"}} }
func (scenes) Activate(_ context.Context, id, _ string, _ thing.Cause) (bool, error) {
	return id == "evening", nil
}

type traces struct{}

func (traces) Trace(_ context.Context, id string) (Trace, bool, error) {
	cmd := thing.Command{ID: "c", Ref: thing.Ref{Thing: "urn:lamp", Name: "pin"}, Input: thing.String("1234"), By: "rule:r"}
	return Trace{ID: id, By: "rule:r", Commands: []thing.Outcome{{Command: cmd, Status: thing.Completed}}}, id == "T", nil
}
