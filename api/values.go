package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hutong/thing"
)

const (
	qualityHeader = "Hutong-Quality"
	timesHeader   = "Hutong-Times"
	traceHeader   = "Hutong-Trace"
)

func (a *API) getProperty(c *call) (*answer, error) {
	x, p, ref, err := c.point(thing.Property)
	if err != nil {
		return nil, err
	}
	if p.WriteOnly {
		return nil, fail(http.StatusMethodNotAllowed, "%s can only be written", p.Name).with("Allow", "PUT, OPTIONS")
	}
	if c.listens() {
		return a.listen(c, x, ref)
	}
	s, ok := a.Twin.Get(ref)
	if !ok || s.Quality == thing.Unknown {
		return nil, fail(http.StatusServiceUnavailable, "no value yet: the device has not reported %s since it was added", p.Name).
			with(qualityHeader, thing.Unknown.String())
	}
	etag := `"s` + strconv.FormatUint(s.Seq, 10) + s.Quality.String()[:1] + `"`
	ans := c.notModified(etag)
	if ans == nil {
		ans = jsonAnswer(s.Value.AppendJSON(nil)).set("ETag", etag)
	}
	ans.set(qualityHeader, s.Quality.String()).set(timesHeader, times(s))
	if s.Since != 0 {
		ans.set("Last-Modified", s.Since.Std().Format(http.TimeFormat))
	}
	return ans, nil
}

// times lists the four times of s that are known.
func times(s thing.State) string {
	var list []string
	for _, t := range []struct {
		name string
		at   thing.Time
	}{{"device", s.Device}, {"received", s.Received}, {"committed", s.Committed}, {"since", s.Since}} {
		if t.at != 0 {
			list = append(list, t.name+"="+stamp(t.at))
		}
	}
	return strings.Join(list, ", ")
}

func (a *API) getProperties(c *call) (*answer, error) {
	x, err := c.thing()
	if err != nil {
		return nil, err
	}
	if c.listens() {
		return a.listen(c, x, thing.Ref{Thing: x.ID, Kind: thing.Property})
	}
	body := []byte{'{'}
	for i := range x.Points {
		p := &x.Points[i]
		if p.Kind != thing.Property || p.WriteOnly {
			continue
		}
		s, ok := a.Twin.Get(x.Ref(p))
		if !ok || s.Quality == thing.Unknown {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(thing.String(p.Name).AppendJSON(body), ':')
		body = s.Value.AppendJSON(body)
	}
	return jsonAnswer(append(body, '}')), nil
}

func (a *API) putProperty(c *call) (*answer, error) {
	x, p, ref, err := c.point(thing.Property)
	if err != nil {
		return nil, err
	}
	if p.ReadOnly {
		return nil, fail(http.StatusMethodNotAllowed, "%s can only be read", p.Name).with("Allow", "GET, HEAD, OPTIONS")
	}
	body, err := c.json()
	if err != nil {
		return nil, err
	}
	v, err := a.fit(x, ref, body, "")
	if err != nil {
		return nil, err
	}
	cause := c.cause()
	out, err := c.do(ref, v, cause)
	if err != nil {
		return nil, err
	}
	return noContent().set(traceHeader, out.Command.Cause.Trace), nil
}

// fit checks body against the description of ref and makes a Value of it. at is its pointer in what was sent.
func (a *API) fit(x *thing.Thing, ref thing.Ref, body []byte, at string) (thing.Value, error) {
	t, err := a.text(x)
	if err != nil {
		return thing.Value{}, err
	}
	if s := t.input(ref); s != nil {
		if err := s.Check(body); err != nil {
			return thing.Value{}, misfit(at, err)
		}
	}
	v, err := thing.ParseJSON(body)
	if err != nil {
		return thing.Value{}, misfit(at, err)
	}
	return v, nil
}

// putProperties writes several properties, in the order of the description. All are checked before the first is
// written; when the device refuses one, the answer tells which were and which were not.
func (a *API) putProperties(c *call) (*answer, error) {
	x, err := c.thing()
	if err != nil {
		return nil, err
	}
	body, err := c.json()
	if err != nil {
		return nil, err
	}
	var in map[string]json.RawMessage
	if err := json.Unmarshal(body, &in); err != nil || in == nil {
		return nil, fail(http.StatusBadRequest, "want an object of names and values, got %.40s", bytes.TrimSpace(body))
	}
	type write struct {
		ref thing.Ref
		v   thing.Value
	}
	var writes []write
	var bad Problems
	for i := range x.Points {
		p := &x.Points[i]
		data, ok := in[p.Name]
		if !ok || p.Kind != thing.Property {
			continue
		}
		delete(in, p.Name)
		ref := x.Ref(p)
		at := "/" + escapePointer(p.Name)
		v, err := a.fit(x, ref, data, at)
		var f *fault
		switch {
		case p.ReadOnly:
			bad = append(bad, Problem{Pointer: at, Detail: "it can only be read"})
		case errors.As(err, &f):
			bad = append(bad, f.Errors...)
		case err != nil:
			return nil, err
		}
		writes = append(writes, write{ref, v})
	}
	for name := range in {
		bad = append(bad, Problem{Pointer: "/" + escapePointer(name), Detail: "there is no such property"})
	}
	if len(bad) > 0 {
		return nil, misfit("", bad)
	}
	cause := c.cause()
	for i, w := range writes {
		if _, err := c.do(w.ref, w.v, cause); err != nil {
			f := a.faultOf(c, err)
			f.Errors = []Problem{{Pointer: "/" + escapePointer(w.ref.Name), Detail: f.Detail}}
			f.Detail = fmt.Sprintf("%d of %d were written, then %s: %s", i, len(writes), w.ref.Name, f.Detail)
			return nil, f
		}
	}
	return noContent().set(traceHeader, cause.Trace), nil
}

func escapePointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// cause begins a new trace.
func (c *call) cause() thing.Cause { return thing.Cause{Trace: newID()} }

// command makes a Command of the caller.
func (c *call) command(ref thing.Ref, v thing.Value, cause thing.Cause) thing.Command {
	return thing.Command{ID: newID(), Ref: ref, Input: v, By: c.by, Cause: cause, Deadline: thing.At(c.api.Now().Add(patience))}
}

// patience is how long a device may take for a Command that came by HTTP.
const patience = 10 * time.Second

// do has a Command carried out and waits for it. It goes on when the client goes away, since half a write is worse
// than one nobody hears of.
func (c *call) do(ref thing.Ref, v thing.Value, cause thing.Cause) (thing.Outcome, error) {
	cmd := c.command(ref, v, cause)
	out := c.api.Gate.Do(c.api.life, cmd)
	return out, c.api.verdict(cmd, out)
}

// verdict is nil unless out failed; then it says whether the gate, the device or time was against it.
func (a *API) verdict(cmd thing.Command, out thing.Outcome) error {
	if out.Status != thing.Failed {
		return nil
	}
	status := http.StatusBadGateway
	switch {
	case a.life.Err() != nil:
		return fail(http.StatusServiceUnavailable, "the hub is stopping")
	case out.Ended >= cmd.Deadline:
		status = http.StatusGatewayTimeout
	case !a.Access.Judge(cmd).Allowed:
		status = http.StatusForbidden
	}
	return fail(status, "%s", out.Error).with(traceHeader, cmd.Cause.Trace)
}
