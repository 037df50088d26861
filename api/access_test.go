package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hutong/gate"
	"hutong/thing"
)

func TestALockedHubAnswersOnlyThoseItKnows(t *testing.T) {
	h := newHub(t, locked, everything)
	for _, path := range []string{"/things", "/things/urn:lamp", "/things/urn:lamp/properties/on", "/stream", "/places", "/rules", "/metrics", "/notices", "/traces/T", "/scenes"} {
		if r := h.want("GET", path, "", 401, "token..."); !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Error(path, r.Header)
		}
	}
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 401, "...", "Authorization", "Bearer htg_wrong")
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 401, "...", "Authorization", "Basic aHRnOg==")
	for _, path := range []string{"/.well-known/wot", "/livez", "/readyz", "/openapi.json", "/session"} {
		h.want("GET", path, "", 200, "...")
	}
}

func TestRolesAndGrantsHoldOverHTTP(t *testing.T) {
	h := newHub(t, locked, everything)
	h.signIn("ann", gate.User)
	h.want("GET", "/things", "", 200, "urn:x:a/b...")
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 204, "")
	h.want("PUT", "/things/urn:x:a%2Fb/properties/on", "true", 403, "in the clinic...")
	h.want("PUT", "/rules/r", "a: 1", 403, "may not admin...")
	h.want("GET", "/rules", "", 200, "[]")
	h.signIn("root", gate.Admin)
	h.want("PUT", "/rules/r", "a: 1", 201, "")
	h.signIn("visitor", gate.Guest, gate.Grant{Thing: "urn:lamp", Ops: gate.Read})
	h.want("GET", "/things/urn:x:a%2Fb", "", 404, "...")
	h.want("GET", "/things?q=pump", "", 200, "[]")
	h.want("GET", "/things/urn:lamp", "", 200, "...")
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 403, "ask for a grant...")
	h.want("GET", "/rules", "", 403, "...")
	h.want("GET", "/metrics", "", 403, "...")
	if r := h.do("GET", "/places", ""); strings.Contains(r.body, "Park") || !strings.Contains(r.body, "Living Room") {
		t.Error(r.body)
	}
}

func TestAStreamEndsWhenItsTokenIsRevoked(t *testing.T) {
	h := newHub(t, locked)
	h.signIn("ann", gate.User)
	c := &call{api: h.api, token: h.token, by: "token:ann"}
	p := newPinger(c)
	defer p.Stop()
	p.check = time.Time{}
	if err := p.welcome(); err != nil {
		t.Error(err)
	}
	if err := h.tokens.Revoke("ann"); err != nil {
		t.Fatal(err)
	}
	if err := p.welcome(); err != nil {
		t.Error("it looked again at once")
	}
	p.check = time.Time{}
	if err := p.welcome(); err == nil {
		t.Error("it goes on")
	}
}

func TestABrowserSignsInWithACookieNoScriptCanRead(t *testing.T) {
	h := newHub(t, locked)
	h.signIn("ann", gate.User)
	secret := h.token
	h.token = ""
	h.want("GET", "/session", "", 200, `{"mode":"token","by":null,"role":null}`)
	h.want("PUT", "/session", `{"token":"htg_no"}`, 403, "...")
	h.want("PUT", "/session", `{}`, 400, "...")
	cookie := h.want("PUT", "/session", `{"token":"`+secret+`"}`, 204, "").Header.Get("Set-Cookie")
	if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Error(cookie)
	}
	pair, _, _ := strings.Cut(cookie, ";")
	h.want("GET", "/session", "", 200, `{"mode":"token","by":"token:ann","role":"user"}`, "Cookie", pair)
	h.want("GET", "/things/urn:lamp", "", 200, "...", "Cookie", pair)
	if c := h.want("DELETE", "/session", "", 204, "", "Cookie", pair).Header.Get("Set-Cookie"); !strings.Contains(c, "Max-Age=0") {
		t.Error(c)
	}
}

func TestPagesOfOtherOriginsChangeNothing(t *testing.T) {
	h := newHub(t)
	on := "/things/urn:lamp/properties/on"
	h.want("PUT", on, "true", 403, "another origin...", "Origin", "http://evil.example")
	h.want("PUT", on, "true", 403, "another origin...", "Sec-Fetch-Site", "cross-site")
	h.want("PUT", on, "true", 204, "", "Origin", h.url)
	h.want("GET", "/things", "", 200, "...", "Sec-Fetch-Site", "cross-site")
	r := h.do("GET", "/things", "")
	if !strings.Contains(r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error(r.Header)
	}
}

func TestAnOpenHubAnswersOnlyToTheNamesOfThisMachine(t *testing.T) {
	h := newHub(t)
	for _, host := range []string{"evil.example", "evil.example:8480", "127.0.0.1.evil.example", "192.168.1.2:8480", "localhost.evil.example"} {
		h.want("GET", "/things", "", 421, "...", "Host", host)
	}
	for _, host := range []string{"localhost", "localhost:8480", "127.0.0.1", "[::1]:8480", "hub.localhost"} {
		h.want("GET", "/things", "", 200, "http://"+host+"/...", "Host", host)
	}
	h = newHub(t, locked)
	h.signIn("ann", gate.User)
	h.want("GET", "/things", "", 200, "...", "Host", "hub.example")
}

func TestRulesAreTextWithProblemsByLine(t *testing.T) {
	h := newHub(t, everything)
	r := h.want("PUT", "/rules/night-light", "when: x\n", 201, "", "Content-Type", "text/yaml")
	etag := r.Header.Get("ETag")
	h.want("GET", "/rules/night-light", "", 200, "when: x\n")
	h.want("GET", "/rules/night-light", "", 304, "", "If-None-Match", etag)
	h.want("PUT", "/rules/night-light", "bad", 400, `"errors":[{"line":2,"column":5,"detail":"there is no Thing urn:none"}]...`)
	h.want("GET", "/rules", "", 200, `[{"id":"night-light","title":"Rule night-light","enabled":true,"problems":[],"runs":[{"trace":"T","time":"2001-09-09T01:46:40Z","result":"done","detail":""}]}]`)
	h.want("PUT", "/rules/night-light", "when: y\n", 412, "...", "If-Match", `"old"`)
	h.want("PUT", "/rules/night-light", "when: y\n", 204, "", "If-Match", etag)
	h.want("PUT", "/rules/night-light", "when: z\n", 412, "there already...", "If-None-Match", "*")
	h.want("DELETE", "/rules/night-light", "", 412, "...", "If-Match", etag)
	h.want("DELETE", "/rules/night-light", "", 204, "")
	h.want("DELETE", "/rules/night-light", "", 404, "...")
	h.want("GET", "/rules/night-light", "", 404, "...")
	for _, id := range []string{"..%2Fpasswd", "A", strings.Repeat("a", 65), "%00"} {
		h.want("PUT", "/rules/"+id, "x", 404, "...")
	}
	h.want("PUT", "/rules/x", "{}", 415, "...", "Content-Type", "image/png")
	h.want("PUT", "/rules/x", strings.Repeat(" ", 1<<20+1), 413, "...")
}

func TestScenesTracesAndHealth(t *testing.T) {
	var sick error
	h := newHub(t, everything, func(o *Options) { o.Ready = func() error { return sick } })
	h.want("GET", "/scenes", "", 200, `[{"id":"evening","title":"Evening"}]`)
	h.want("POST", "/scenes/evening", "", 204, "")
	h.want("POST", "/scenes/none", "", 404, "...")
	h.want("GET", "/traces/T", "", 200, `"commands":[{"id":"c","thing":"urn:lamp","kind":"properties","name":"pin","input":null,"by":"rule:r","status":"completed"...`)
	h.want("GET", "/traces/none", "", 404, "...")
	h.want("GET", "/livez", "", 200, "alive\n")
	h.want("GET", "/readyz", "", 200, "ready\n")
	sick = errors.New("the disk is full")
	h.want("GET", "/readyz", "", 503, "the disk is full...")
	h.says("urn:lamp", "on", thing.Bool(true))
	h.want("GET", "/metrics", "", 200, `hutong_http_request_seconds_bucket{route="GET /readyz",le="+Inf"} 2...`)
	h.want("GET", "/metrics", "", 200, `hutong_http_requests_total{route="GET /readyz",code="503"} 1...`)
}
