package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"

	"github.com/VictoriaMetrics/metrics"

	"hutong/api/header"
	"hutong/api/openapi"
	"hutong/thing"
)

// Rule is what a list shows of a rule.
type Rule struct {
	ID       string
	Title    string
	Enabled  bool
	Problems Problems // why it cannot run; empty when it can
	Runs     []Run    // newest first
}

// Run is one run of a rule.
type Run struct {
	Trace  string
	Rule   string
	Time   thing.Time
	Result string // one word: done, skipped, failed, running
	Detail string
}

// Rules holds the rules as YAML text. Put checks a text first and returns Problems when it is refused; then the rule
// is as it was before. The bool of Text and Delete says whether there is such a rule.
type Rules interface {
	List() []Rule
	Text(id string) (text []byte, ok bool)
	Put(ctx context.Context, id string, text []byte) error
	Delete(ctx context.Context, id string) (bool, error)
}

// Scene is a named set of wishes.
type Scene struct {
	ID    string
	Title string
}

// Scenes sets scenes for somebody; each Command passes the gate in their name. The bool says whether there is such a
// scene.
type Scenes interface {
	List() []Scene
	Activate(ctx context.Context, id, by string, cause thing.Cause) (bool, error)
}

// Trace is what one cause led to, each part oldest first.
type Trace struct {
	ID       string
	By       string
	Time     thing.Time
	Runs     []Run
	Commands []thing.Outcome
	Changes  []thing.Change
}

// Traces finds what a cause led to; false when nothing is known of it (any more).
type Traces interface {
	Trace(ctx context.Context, id string) (Trace, bool, error)
}

type runJSON struct {
	Trace  string `json:"trace"`
	Rule   string `json:"rule,omitempty"`
	Time   string `json:"time"`
	Result string `json:"result"`
	Detail string `json:"detail"`
}

func runsJSON(list []Run, named bool) []runJSON {
	out := make([]runJSON, 0, len(list))
	for _, r := range list {
		x := runJSON{Trace: r.Trace, Time: stamp(r.Time), Result: r.Result, Detail: r.Detail}
		if named {
			x.Rule = r.Rule
		}
		out = append(out, x)
	}
	return out
}

func (a *API) getRules(*call) (*answer, error) {
	type rule struct {
		ID       string    `json:"id"`
		Title    string    `json:"title"`
		Enabled  bool      `json:"enabled"`
		Problems []Problem `json:"problems"`
		Runs     []runJSON `json:"runs"`
	}
	list := []rule{}
	for _, r := range a.Rules.List() {
		x := rule{ID: r.ID, Title: r.Title, Enabled: r.Enabled, Problems: r.Problems, Runs: runsJSON(r.Runs, false)}
		if x.Problems == nil {
			x.Problems = Problems{}
		}
		list = append(list, x)
	}
	return marshal(list)
}

// ruleIDs are also file names.
var ruleIDs = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (c *call) ruleID() (string, error) {
	id := c.PathValue("id")
	if !ruleIDs.MatchString(id) {
		return "", fail(http.StatusNotFound, "%.70q is not an id of a rule: want 1 to 64 of a-z, 0-9, - and _", id)
	}
	return id, nil
}

func noRule(id string) *fault { return fail(http.StatusNotFound, "there is no rule %s", id) }

func etagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

func (a *API) getRule(c *call) (*answer, error) {
	id, err := c.ruleID()
	if err != nil {
		return nil, err
	}
	text, ok := a.Rules.Text(id)
	if !ok {
		return nil, noRule(id)
	}
	etag := etagOf(text)
	if ans := c.notModified(etag); ans != nil {
		return ans, nil
	}
	return (&answer{status: http.StatusOK, media: openapi.YAML + "; charset=utf-8", body: text}).set("ETag", etag), nil
}

// putRule makes or replaces a rule. If-Match keeps one person from overwriting what another has just saved.
func (a *API) putRule(c *call) (*answer, error) {
	id, err := c.ruleID()
	if err != nil {
		return nil, err
	}
	if err := c.want(openapi.YAML); err != nil {
		return nil, err
	}
	text, err := c.read()
	if err != nil {
		return nil, err
	}
	old, had := a.Rules.Text(id)
	if err := c.precondition(old, had); err != nil {
		return nil, err
	}
	if err := a.Rules.Put(c.Context(), id, text); err != nil {
		return nil, err
	}
	if !bytes.Equal(old, text) {
		a.record(c, "rule put", id)
	}
	ans := noContent()
	if !had {
		ans.status = http.StatusCreated
	}
	return ans.set("ETag", etagOf(text)), nil
}

func (c *call) precondition(old []byte, had bool) error {
	match, none := c.Header.Values("If-Match"), c.Header.Values("If-None-Match")
	switch {
	case len(match) > 0 && (!had || !header.Matches(match, etagOf(old))):
		return fail(http.StatusPreconditionFailed, "somebody else has changed it: fetch it again, and save your change on top")
	case len(none) > 0 && had && header.Matches(none, etagOf(old)):
		return fail(http.StatusPreconditionFailed, "it is there already")
	}
	return nil
}

func (a *API) deleteRule(c *call) (*answer, error) {
	id, err := c.ruleID()
	if err != nil {
		return nil, err
	}
	old, had := a.Rules.Text(id)
	if err := c.precondition(old, had); err != nil {
		return nil, err
	}
	had, err = a.Rules.Delete(c.Context(), id)
	if err != nil {
		return nil, err
	}
	if !had {
		return nil, noRule(id)
	}
	a.record(c, "rule delete", id)
	return noContent(), nil
}

func (a *API) record(c *call, what, detail string) {
	if err := a.Access.Record(c.by, what, detail); err != nil {
		a.Log.Error("http: not written to the audit log", "what", what, "detail", detail, "by", c.by, "error", err)
	}
}

func (a *API) getScenes(*call) (*answer, error) {
	type scene struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	list := []scene{}
	for _, s := range a.Scenes.List() {
		list = append(list, scene(s))
	}
	return marshal(list)
}

func (a *API) postScene(c *call) (*answer, error) {
	id, cause := c.PathValue("id"), c.cause()
	ctx, stop := context.WithTimeout(a.life, patience)
	defer stop()
	ok, err := a.Scenes.Activate(ctx, id, c.by, cause)
	switch {
	case !ok && err == nil:
		return nil, fail(http.StatusNotFound, "there is no scene %.70q", id)
	case err != nil:
		return nil, fail(http.StatusBadGateway, "%s", err).with(traceHeader, cause.Trace)
	}
	return noContent().set(traceHeader, cause.Trace), nil
}

func (a *API) getTrace(c *call) (*answer, error) {
	id := c.PathValue("cause")
	t, ok, err := a.Traces.Trace(c.Context(), id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fail(http.StatusNotFound, "nothing is known of the cause %.70q: it was never there, or too long ago", id)
	}
	type command struct {
		ID     string       `json:"id"`
		Thing  thing.ID     `json:"thing"`
		Kind   string       `json:"kind"`
		Name   string       `json:"name"`
		Input  thing.Value  `json:"input"`
		By     string       `json:"by"`
		Status thing.Status `json:"status"`
		Error  string       `json:"error"`
		Asked  string       `json:"asked"`
		Ended  string       `json:"ended,omitempty"`
	}
	type change struct {
		Seq     uint64      `json:"seq"`
		Thing   thing.ID    `json:"thing"`
		Kind    string      `json:"kind"`
		Name    string      `json:"name"`
		Value   thing.Value `json:"value"`
		Quality string      `json:"quality"`
		Time    string      `json:"time"`
	}
	out := struct {
		ID       string    `json:"id"`
		By       string    `json:"by"`
		Time     string    `json:"time"`
		Runs     []runJSON `json:"runs"`
		Commands []command `json:"commands"`
		Changes  []change  `json:"changes"`
	}{t.ID, t.By, stamp(t.Time), runsJSON(t.Runs, true), []command{}, []change{}}
	for _, o := range t.Commands {
		m := o.Command
		if a.hidden(m.Ref) {
			m.Input = thing.Null()
		}
		x := command{m.ID, m.Ref.Thing, m.Ref.Kind.String(), m.Ref.Name, m.Input, m.By, o.Status, o.Error, stamp(o.Asked), ""}
		if o.Ended != 0 {
			x.Ended = stamp(o.Ended)
		}
		out.Commands = append(out.Commands, x)
	}
	for _, x := range t.Changes {
		out.Changes = append(out.Changes, change{
			x.Seq, x.Ref.Thing, x.Ref.Kind.String(), x.Ref.Name, x.Value, x.Quality.String(), stamp(x.Committed),
		})
	}
	return marshal(out)
}

// hidden says whether what is written to ref is a secret.
func (a *API) hidden(ref thing.Ref) bool {
	if x, ok := a.Twin.Thing(ref.Thing); ok {
		p, ok := x.Find(ref.Kind, ref.Name)
		return ok && p.WriteOnly
	}
	return false
}

func (a *API) getLive(*call) (*answer, error) {
	return &answer{status: http.StatusOK, media: "text/plain; charset=utf-8", body: []byte("alive\n")}, nil
}

func (a *API) getReady(*call) (*answer, error) {
	if a.Options.Ready != nil {
		if err := a.Options.Ready(); err != nil {
			return nil, fail(http.StatusServiceUnavailable, "not ready: %v", err).with("Retry-After", "2")
		}
	}
	return &answer{status: http.StatusOK, media: "text/plain; charset=utf-8", body: []byte("ready\n")}, nil
}

func (a *API) getMetrics(*call) (*answer, error) {
	var buf bytes.Buffer
	a.metrics.WritePrometheus(&buf)
	if a.Options.Metrics != nil {
		a.Options.Metrics(&buf)
	}
	metrics.WriteProcessMetrics(&buf)
	return &answer{status: http.StatusOK, media: "text/plain; version=0.0.4; charset=utf-8", body: buf.Bytes()}, nil
}

func (a *API) getOpenAPI(c *call) (*answer, error) {
	etag := etagOf(a.openapi)
	if ans := c.notModified(etag); ans != nil {
		return ans, nil
	}
	return jsonAnswer(a.openapi).set("ETag", etag), nil
}
