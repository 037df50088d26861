package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzRequests sends requests no client would: whatever comes, the answer is one of HTTP's, and an error is a problem.
func FuzzRequests(f *testing.F) {
	for _, s := range [][3]string{
		{"PUT", "/things/urn:lamp/properties/on", "true"},
		{"PUT", "/things/urn:lamp/properties", `{"on":true,"level":3}`},
		{"POST", "/things/urn:lamp/actions/fade", `{"level":3}`},
		{"GET", "/things?limit=1&offset=1&q=%00", ""},
		{"GET", "/things/urn:lamp/properties/on/history?from=2026-11-23T00:00:00Z&step=1m&agg=last&max=9", ""},
		{"GET", "/things/%2e%2e%2f/properties/%", ""},
		{"DELETE", "/things/urn:lamp/actions/fade/x", ""},
		{"PUT", "/rules/a", "bad: [yaml"},
		{"PUT", "/session", `{"token":"htg_"}`},
		{"POST", "/scenes/evening", ""},
		{"HEAD", "/stream?things=a&place=b", ""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	h := newHub(f, everything)
	f.Fuzz(func(t *testing.T, method, target, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || !strings.HasPrefix(target, "/") || len(method) > 20 {
			t.Skip()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // streams would go on for ever
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+u.RequestURI(), strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, req)
		if w.Code < 200 || w.Code == http.StatusInternalServerError || w.Code > 504 {
			t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
		var p fault
		if w.Code >= 400 && (json.Unmarshal(w.Body.Bytes(), &p) != nil || p.Status != w.Code || p.Detail == "") {
			t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	})
}
