package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"hutong/gate"
	"hutong/td"
	"hutong/thing"
)

func TestThingsAreListedByIDInPages(t *testing.T) {
	h := newHub(t)
	f := func(query, next string, want ...string) {
		t.Helper()
		r := h.do("GET", "/things"+query, "")
		var list []struct{ ID string }
		if err := json.Unmarshal([]byte(r.body), &list); err != nil {
			t.Fatalf("%s: %v", r.body, err)
		}
		var ids []string
		for _, x := range list {
			ids = append(ids, x.ID)
		}
		if fmt.Sprint(ids) != fmt.Sprint(want) || r.Header.Get("Link") != next {
			t.Errorf("%s: %v, Link %q", query, ids, r.Header.Get("Link"))
		}
	}
	f("", "", "urn:lamp", "urn:x:a/b")
	f("?limit=1", `</things?limit=1&offset=1>; rel="next"`, "urn:lamp")
	f("?limit=1&offset=1", "", "urn:x:a/b")
	f("?offset=9", "")
	f("?place=home", "", "urn:lamp")
	f("?place=hom", "")
	f("?q=PUMP+clinic", "", "urn:x:a/b")
	for _, bad := range []string{"?limit=0", "?limit=1001", "?limit=x", "?offset=-1", "?q=" + strings.Repeat("a", 201)} {
		h.want("GET", "/things"+bad, "", 400, `"parameter":...`)
	}
}

func TestATDIsServedWithOurFormsFirstAndItsOwnMadeAbsolute(t *testing.T) {
	h := newHub(t)
	r := h.want("GET", "/things/urn:lamp", "", 200, "...")
	if r.Header.Get("Content-Type") != "application/td+json" {
		t.Error(r.Header)
	}
	d, err := td.Parse([]byte(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	p, _ := d.Properties.Get("a/b ~c")
	if d.Base != h.url+"/" || p.Forms[0].Href != "things/urn:lamp/properties/a%2Fb%20~c" {
		t.Errorf("base %s, href %s", d.Base, p.Forms[0].Href)
	}
	if own := p.Forms[len(p.Forms)-1]; own.Href != "mqtt://broker/lamp/odd" || fmt.Sprint(own.Security) != "[nosec_sc]" {
		t.Errorf("the device's own form: %+v", own)
	}
	ops := func(name string) (list []string) {
		p, _ := d.Properties.Get(name)
		for _, f := range p.Forms[:len(p.Forms)-1] {
			list = append(list, strings.Join(f.Op, "+")+f.Subprotocol)
		}
		return list
	}
	watch := " observeproperty+unobservepropertysse observeproperty+unobservepropertysse]"
	for name, want := range map[string]string{"on": "[readproperty+writeproperty" + watch, "power": "[readproperty" + watch, "pin": "[writeproperty]"} {
		if got := fmt.Sprint(ops(name)); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	etag := r.Header.Get("ETag")
	h.want("GET", "/things/urn:lamp", "", 304, "", "If-None-Match", `"x", `+etag)
	h.add(strings.Replace(lampTD, `"Lamp"`, `"Lamp 2"`, 1))
	if again := h.want("GET", "/things/urn:lamp", "", 200, `"Lamp 2"...`, "If-None-Match", etag); again.Header.Get("ETag") == etag {
		t.Error("the ETag of a new description is the old one")
	}
}

func TestALockedHubsTDSaysBearer(t *testing.T) {
	h := newHub(t, locked)
	h.signIn("ann", gate.User)
	d, err := td.Parse([]byte(h.want("GET", "/things/urn:lamp", "", 200, "...").body))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := d.SecurityDefinitions.Get(d.Security[0]); !ok || s.Scheme != "bearer" {
		t.Errorf("%v %+v", d.Security, s)
	}
}

func TestTheHubDescribesItselfAsADirectory(t *testing.T) {
	h := newHub(t)
	d, err := td.Parse([]byte(h.want("GET", "/.well-known/wot", "", 200, "...").body))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(d.Types) != "[ThingDirectory]" || d.Base != h.url+"/" {
		t.Errorf("%v %s", d.Types, d.Base)
	}
}

func TestIDsAreDecodedOnce(t *testing.T) {
	h := newHub(t)
	h.want("GET", "/things/urn:x:a%2Fb", "", 200, `"id":"urn:x:a/b"...`)
	h.want("GET", "/things/urn%3Ax%3Aa%2fb", "", 200, `"id":"urn:x:a/b"...`)
	h.want("GET", "/things/urn:x:a%252Fb", "", 404, `there is no Thing urn:x:a%2Fb...`)
	h.want("GET", "/things/urn:x:a/b", "", 404, "...")
	h.says("urn:lamp", "a/b ~c", thing.String("é"))
	h.want("GET", "/things/urn:lamp/properties/a%2Fb%20~c", "", 200, `"é"`)
}

func TestAPropertyIsReadWithItsQualityAndTimes(t *testing.T) {
	h := newHub(t)
	on := "/things/urn:lamp/properties/on"
	if r := h.want("GET", on, "", 503, "no value yet..."); r.Header.Get("Hutong-Quality") != "unknown" {
		t.Error(r.Header)
	}
	h.says("urn:lamp", "on", thing.Bool(true))
	r := h.want("GET", on, "", 200, "true")
	if r.Header.Get("Hutong-Quality") != "good" || r.Header.Get("Last-Modified") == "" || !strings.Contains(r.Header.Get("Hutong-Times"), "received=2") {
		t.Error(r.Header)
	}
	h.want("GET", on, "", 304, "", "If-None-Match", r.Header.Get("ETag"))
	h.twin.Online("urn:lamp", false)
	if r := h.want("GET", on, "", 200, "true", "If-None-Match", r.Header.Get("ETag")); r.Header.Get("Hutong-Quality") != "stale" {
		t.Error(r.Header)
	}
	h.says("urn:lamp", "level", thing.Int(7))
	h.want("GET", "/things/urn:lamp/properties", "", 200, `{"on":true,"level":7}`)
	h.want("GET", "/things/urn:lamp/properties/pin", "", 405, "only be written...")
	h.want("GET", "/things/urn:lamp/properties/none", "", 404, "has no none among its properties...")
	h.want("GET", "/things/urn:none/properties/on", "", 404, "...")
}

func TestAWriteIsAWishThatReachesTheDevice(t *testing.T) {
	h := newHub(t)
	var got []thing.Command
	h.device = func(_ context.Context, cmd thing.Command) (thing.Value, error) {
		got = append(got, cmd)
		return thing.Null(), nil
	}
	r := h.want("PUT", "/things/urn:lamp/properties/level", "120", 204, "", "Content-Type", "application/json")
	if len(got) != 1 || got[0].Input != thing.Int(120) || got[0].By != gate.Demo || r.Header.Get("Hutong-Trace") != got[0].Cause.Trace || got[0].Cause.Trace == "" {
		t.Fatalf("%+v, %v", got, r.Header)
	}
	h.want("GET", "/things/urn:lamp/properties/level", "", 503, "...") // asked is not done
	got = nil
	h.want("PUT", "/things/urn:lamp/properties", `{"level":1,"on":true}`, 204, "")
	if len(got) != 2 || got[0].Ref.Name != "on" || got[1].Ref.Name != "level" || got[0].Cause != got[1].Cause {
		t.Errorf("%+v", got)
	}
}

func TestWhatDoesNotFitIsRefusedWithWhereAndWhy(t *testing.T) {
	h := newHub(t)
	h.device = func(context.Context, thing.Command) (thing.Value, error) {
		t.Error("it reached the device")
		return thing.Null(), nil
	}
	level, all := "/things/urn:lamp/properties/level", "/things/urn:lamp/properties"
	h.want("PUT", level, "300", 400, `254...`)
	h.want("PUT", level, `"x"`, 400, `"errors":[{"...`)
	h.want("PUT", level, "", 400, "ends too early...")
	h.want("PUT", level, "1 2", 400, "more than one value...")
	h.want("PUT", level, "{", 400, "...")
	h.want("PUT", level, strings.Repeat("[", 10_000), 400, "nests deeper...")
	h.want("PUT", level, `"`+strings.Repeat("a", 1<<20)+`"`, 413, "larger than 1048576...")
	h.want("PUT", level, "\"\xff\"", 400, "not UTF-8...")
	h.want("PUT", level, "1", 415, "want application/json...", "Content-Type", "text/plain")
	h.want("PUT", all, `{"level":1,"on":3,"power":1,"none":1}`, 400, `"pointer":"/on"...`)
	h.want("PUT", all, `{"level":1,"power":1}`, 400, `{"pointer":"/power","detail":"it can only be read"}...`)
	h.want("PUT", all, `{"a/b":1}`, 400, `{"pointer":"/a~1b","detail":"there is no such property"}...`)
	h.want("PUT", all, `{"on":true,"on":false}`, 400, `is there twice...`)
	h.want("PUT", all, `[]`, 400, "want an object...")
	r := h.want("PUT", "/things/urn:lamp/properties/power", "1", 405, "...")
	if r.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Error(r.Header)
	}
	h.want("PUT", "/things/urn:x:a%2Fb/properties/on", "true", 403, "read-only without a grant...")
}

func TestADeviceThatRefusesIsABadGateway(t *testing.T) {
	h := newHub(t)
	h.device = func(context.Context, thing.Command) (thing.Value, error) {
		return thing.Null(), errors.New("lamp: bulb is broken")
	}
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 502, "bulb is broken...")
	h.want("PUT", "/things/urn:lamp/properties", `{"on":true,"level":1}`, 502, "0 of 2 were written...")
}

func TestActionsAnswerAtOnceOrTellWhereToAsk(t *testing.T) {
	h := newHub(t)
	fade, blink := "/things/urn:lamp/actions/fade", "/things/urn:lamp/actions/blink"
	h.device = func(_ context.Context, cmd thing.Command) (thing.Value, error) { return thing.Int(10), nil }
	h.want("POST", fade, `{"level":10}`, 200, "10")
	h.device = func(_ context.Context, cmd thing.Command) (thing.Value, error) { return thing.Null(), nil }
	h.want("POST", fade, `{"level":10}`, 204, "")
	h.want("POST", fade, `{"level":"x"}`, 400, `"pointer":"/level"...`)
	h.want("POST", fade, `{}`, 400, "level...")
	h.want("POST", fade, ``, 400, "needs an input...")
	h.want("POST", "/things/urn:lamp/actions/none", ``, 404, "...")

	release := make(chan struct{})
	h.device = func(ctx context.Context, cmd thing.Command) (thing.Value, error) {
		select {
		case <-release:
			return thing.String("ok"), nil
		case <-ctx.Done():
			return thing.Null(), ctx.Err()
		}
	}
	r := h.want("POST", blink, "", 201, `"status":"running"...`)
	at := r.Header.Get("Location")
	if !strings.HasPrefix(at, blink+"/") {
		t.Fatal(at)
	}
	h.want("GET", at, "", 200, `"status":"running","href":"`+at+`"...`)
	h.want("GET", fade+at[len(blink):], "", 404, "...")
	h.want("DELETE", at, "", 204, "")
	second := h.want("POST", blink, "", 201, "...").Header.Get("Location")
	close(release)
	h.want("DELETE", at, "", 409, "ended already...")
	for h.do("GET", second, "").body == "" || strings.Contains(h.do("GET", second, "").body, "running") {
	}
	h.want("GET", second, "", 200, `"status":"completed","output":"ok"...`)
	h.want("GET", blink, "", 200, `{"blink":[{"status":"completed","output":"ok"...`)
	var all map[string][]actionStatus
	if err := json.Unmarshal([]byte(h.want("GET", "/things/urn:lamp/actions", "", 200, "...").body), &all); err != nil {
		t.Fatal(err)
	}
	if len(all["blink"]) != 2 || all["blink"][0].Href != second || all["blink"][1].Status != thing.Failed || all["blink"][1].Error == nil {
		t.Errorf("%+v", all)
	}
}

func TestTheSameIdempotencyKeyIsDoneOnce(t *testing.T) {
	h := newHub(t)
	n := 0
	h.device = func(context.Context, thing.Command) (thing.Value, error) { n++; return thing.Int(int64(n)), nil }
	fade := "/things/urn:lamp/actions/fade"
	first := h.want("POST", fade, `{"level":1}`, 200, "1", "Idempotency-Key", "k")
	again := h.want("POST", fade, `{"level":1}`, 200, "1", "Idempotency-Key", "k")
	if n != 1 || again.Header.Get("Idempotency-Replayed") != "true" || first.Header.Get("Idempotency-Replayed") != "" ||
		again.Header.Get("Hutong-Trace") != first.Header.Get("Hutong-Trace") {
		t.Errorf("done %d times; %v", n, again.Header)
	}
	h.want("POST", fade, `{"level":2}`, 422, "another request...", "Idempotency-Key", "k")
	h.want("POST", fade, `{"level":1}`, 200, "2", "Idempotency-Key", "other")
	h.want("POST", fade, `{"level":1}`, 400, "...", "Idempotency-Key", strings.Repeat("k", 256))
}

func TestARepeatWhileTheFirstIsBeingDoneIsAskedToWait(t *testing.T) {
	h := newHub(t)
	begun, release := make(chan struct{}), make(chan struct{})
	h.device = func(context.Context, thing.Command) (thing.Value, error) {
		close(begun)
		<-release
		return thing.Null(), nil
	}
	first := make(chan int, 1)
	go func() {
		first <- h.do("PUT", "/things/urn:lamp/properties/on", "true", "Idempotency-Key", "k").StatusCode
	}()
	<-begun
	if r := h.want("PUT", "/things/urn:lamp/properties/on", "true", 409, "still being done...", "Idempotency-Key", "k"); r.Header.Get("Retry-After") == "" {
		t.Error(r.Header)
	}
	close(release)
	if status := <-first; status != 204 {
		t.Error(status)
	}
	h.want("PUT", "/things/urn:lamp/properties/on", "true", 204, "", "Idempotency-Key", "k")
}

func TestAPanicIsOneFailedRequest(t *testing.T) {
	h := newHub(t, func(o *Options) {
		o.Log = slog.New(slog.DiscardHandler)
		o.Ready = func() error { panic("oh") }
	})
	h.want("GET", "/readyz", "", 500, "its log says why...")
	h.want("GET", "/livez", "", 200, "alive\n")
}

func TestHistoryIsAnArrayOfTimeValueQuality(t *testing.T) {
	at := thing.Time(1_795_420_800_123_000_000)
	h := newHub(t, func(o *Options) {
		o.History = past{{at, thing.Float(21.5), thing.Good}, {at + 1e9, thing.Null(), thing.Bad}}
	})
	power := "/things/urn:lamp/properties/power/history"
	h.want("GET", power, "", 200, `[{"time":"2026-11-23T08:00:00.123Z","value":21.5,"quality":"good"},{"time":"2026-11-23T08:00:01.123Z","value":null,"quality":"bad"}]`)
	for query, where := range map[string]string{
		"from=yesterday": "from", "to=2026-13-01T00:00:00Z": "to", "from=2300-01-01T00:00:00Z": "from",
		"from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z": "from",
		"step=0s": "step", "step=1": "step", "step=1ms": "step", "agg=avg": "agg", "step=1h&agg=median": "agg", "max=1": "max", "max=x": "max",
	} {
		h.want("GET", power+"?"+query, "", 400, `"parameter":"`+where+`"...`)
	}
	h.want("GET", "/things/urn:lamp/properties/on/history?step=1h&agg=avg", "", 400, "not a number...")
	h.want("GET", "/things/urn:lamp/properties/pin/history", "", 404, "...")
}

func TestTooMuchHistoryIsRefusedNeverCutShort(t *testing.T) {
	h := newHub(t, func(o *Options) { o.History = past(make([]Sample, maxSamples+1)) })
	h.want("GET", "/things/urn:lamp/properties/power/history", "", 400, "more than 50000 samples...")
	h.want("GET", "/things/urn:lamp/properties/power/history?max=100", "", 200, "[...") // thinning is the store's part
	h = newHub(t, func(o *Options) { o.History = forgetful{} })
	h.want("GET", "/things/urn:lamp/properties/power/history?max=100", "", 400, `{"parameter":"from","detail":"too long ago"}...`)
}

type forgetful struct{}

func (forgetful) Query(context.Context, Query, func(Sample)) error {
	return Problems{{Parameter: "from", Detail: "too long ago"}}
}

func TestPlacesAreATree(t *testing.T) {
	h := newHub(t)
	h.want("GET", "/places", "", 200, `{"id":"","title":"","things":[],"places":[`+
		`{"id":"home","title":"Home","things":[],"places":[{"id":"home/living-room","title":"Living Room","things":["urn:lamp"],"places":[]}]},`+
		`{"id":"park","title":"Park","things":[],"places":[]},`+
		`{"id":"clinic","title":"clinic","things":[],"places":[{"id":"clinic/room-1","title":"room-1","things":["urn:x:a/b"],"places":[]}]}]}`)
}

func TestHEADWorksWhereverGETDoes(t *testing.T) {
	h := newHub(t, everything)
	h.says("urn:lamp", "on", thing.Bool(true))
	for _, path := range []string{"/.well-known/wot", "/things", "/things/urn:lamp", "/things/urn:lamp/properties/on", "/things/urn:lamp/events", "/stream", "/places", "/openapi.json", "/livez"} {
		r := h.do("HEAD", path, "")
		if r.StatusCode != 200 || r.body != "" || r.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %s %v", path, r.Status, r.Header)
		}
	}
}

func TestTheWrongMethodIsToldTheRightOnes(t *testing.T) {
	h := newHub(t)
	for path, allow := range map[string]string{"/things": "GET, HEAD, OPTIONS", "/things/urn:lamp/properties/on": "GET, HEAD, PUT, OPTIONS", "/session": "GET, HEAD, PUT, DELETE, OPTIONS"} {
		if r := h.want("PATCH", path, "", 405, "..."); r.Header.Get("Allow") != allow {
			t.Errorf("%s: %s", path, r.Header.Get("Allow"))
		}
		if r := h.want("OPTIONS", path, "", 204, ""); r.Header.Get("Allow") != allow {
			t.Errorf("%s: %s", path, r.Header.Get("Allow"))
		}
	}
	h.want("GET", "/things/urn:lamp/none", "", 404, "...")
	h.want("GET", "/none", "", 404, "...")
}

func TestThePageAnswersWhatNoRouteDoes(t *testing.T) {
	h := newHub(t, func(o *Options) {
		o.Page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page "+r.URL.Path) })
	})
	h.want("GET", "/", "", 200, "page /")
	h.want("GET", "/assets/x.js", "", 200, "page /assets/x.js")
	h.want("GET", "/things/urn:lamp/none", "", 404, "...")
	h.want("POST", "/", "", 404, "...")
}

func TestLargeAnswersAreCompressedForThoseWhoCanRead(t *testing.T) {
	h := newHub(t)
	if r := h.do("GET", "/things", "", "Accept-Encoding", "br, gzip"); r.Header.Get("Content-Encoding") != "gzip" || r.body[:2] != "\x1f\x8b" {
		t.Error(r.Header)
	}
	for _, v := range []string{"identity", "gzip;q=0", "x-gzip2"} {
		if r := h.do("GET", "/things", "", "Accept-Encoding", v); r.Header.Get("Content-Encoding") != "" {
			t.Error(v, r.Header)
		}
	}
}
