package api

import (
	"net/http"
	"net/url"
	"time"

	"hutong/api/body"
	"hutong/api/form"
	"hutong/thing"
)

// promptly is how long an action may take to be answered at once; after that it is a 201 and a place to ask.
const promptly = time.Second

func (a *API) postAction(c *call) (*answer, error) {
	x, _, ref, err := c.point(thing.Action)
	if err != nil {
		return nil, err
	}
	v, err := c.input(x, ref)
	if err != nil {
		return nil, err
	}
	t, err := a.text(x)
	if err != nil {
		return nil, err
	}
	cmd := c.command(ref, v, c.cause())
	done := make(chan thing.Outcome, 1)
	go func() { done <- a.Gate.Do(a.life, cmd) }() // ends at its deadline or with the API
	wait := promptly
	if said := t.synchronous(ref.Name); said != nil && *said {
		wait = patience
	} else if said != nil {
		wait = 10 * time.Millisecond // long enough for the gate to refuse
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case out := <-done:
		return a.invoked(cmd, out)
	case <-late.C:
	}
	out, ok := a.Commands.Outcome(cmd.ID)
	if !ok { // still before the gate
		out = thing.Outcome{Command: cmd, Status: thing.Pending, Asked: thing.At(a.Now())}
	}
	ans, err := marshal(statusOf(out))
	if err != nil {
		return nil, err
	}
	ans.status = http.StatusCreated
	return ans.set("Location", invocation(out)).set(traceHeader, cmd.Cause.Trace), nil
}

// input reads what an action is given; an empty body is none.
func (c *call) input(x *thing.Thing, ref thing.Ref) (thing.Value, error) {
	if c.ContentLength == 0 {
		return c.noInput(x, ref)
	}
	data, err := c.read()
	switch {
	case err != nil:
		return thing.Value{}, err
	case len(data) == 0:
		return c.noInput(x, ref)
	}
	if err := c.want("application/json"); err != nil {
		return thing.Value{}, err
	}
	if err := body.Check(data); err != nil {
		return thing.Value{}, fail(http.StatusBadRequest, "the body is not JSON as it should be: %v", err)
	}
	return c.api.fit(x, ref, data, "")
}

func (c *call) noInput(x *thing.Thing, ref thing.Ref) (thing.Value, error) {
	t, err := c.api.text(x)
	if err != nil {
		return thing.Value{}, err
	}
	if s := t.input(ref); s != nil && len(s.Required) > 0 {
		return thing.Value{}, fail(http.StatusBadRequest, "%s needs an input with %q", ref.Name, s.Required)
	}
	return thing.Null(), nil
}

func (a *API) invoked(cmd thing.Command, out thing.Outcome) (*answer, error) {
	if err := a.verdict(cmd, out); err != nil {
		return nil, err
	}
	ans := noContent()
	if !out.Output.IsNull() {
		ans = jsonAnswer(out.Output.AppendJSON(nil))
	}
	return ans.set(traceHeader, cmd.Cause.Trace), nil
}

// actionStatus is the ActionStatus of the W3C WoT Profile, section "Actions".
type actionStatus struct {
	Status        thing.Status `json:"status"`
	Output        *thing.Value `json:"output,omitempty"`
	Error         *fault       `json:"error,omitempty"`
	Href          string       `json:"href"`
	TimeRequested string       `json:"timeRequested"`
	TimeEnded     string       `json:"timeEnded,omitempty"`
}

func invocation(out thing.Outcome) string {
	return form.Path(out.Command.Ref) + "/" + url.PathEscape(out.Command.ID)
}

func statusOf(out thing.Outcome) actionStatus {
	s := actionStatus{Status: out.Status, Href: invocation(out), TimeRequested: stamp(out.Asked)}
	if out.Ended != 0 {
		s.TimeEnded = stamp(out.Ended)
	}
	switch {
	case out.Status == thing.Failed:
		s.Error = fail(http.StatusBadGateway, "%s", out.Error)
	case out.Status == thing.Completed && !out.Output.IsNull():
		s.Output = &out.Output
	}
	return s
}

func (a *API) getActions(c *call) (*answer, error) {
	x, err := c.thing()
	if err != nil {
		return nil, err
	}
	all := make(map[string][]actionStatus, len(x.Actions))
	for i := range x.Actions {
		p := &x.Actions[i]
		all[p.Name] = a.invocations(x.Ref(p))
	}
	return marshal(all)
}

func (a *API) getAction(c *call) (*answer, error) {
	_, _, ref, err := c.point(thing.Action)
	if err != nil {
		return nil, err
	}
	return marshal(map[string][]actionStatus{ref.Name: a.invocations(ref)})
}

func (a *API) invocations(ref thing.Ref) []actionStatus {
	list := []actionStatus{}
	for _, out := range a.Commands.Outcomes(ref) {
		list = append(list, statusOf(out))
	}
	return list
}

// invocation finds the one the path names.
func (c *call) invocation() (thing.Outcome, error) {
	_, _, ref, err := c.point(thing.Action)
	if err != nil {
		return thing.Outcome{}, err
	}
	id := c.PathValue("invocation")
	out, ok := c.api.Commands.Outcome(id)
	if !ok || out.Command.Ref != ref {
		return thing.Outcome{}, fail(http.StatusNotFound, "no invocation %.40q of %s is remembered", id, ref.Name)
	}
	return out, nil
}

func (a *API) getInvocation(c *call) (*answer, error) {
	out, err := c.invocation()
	if err != nil {
		return nil, err
	}
	return marshal(statusOf(out))
}

// deleteInvocation stops waiting for an action. Whoever may invoke it may cancel it.
func (a *API) deleteInvocation(c *call) (*answer, error) {
	out, err := c.invocation()
	if err != nil {
		return nil, err
	}
	cmd := out.Command
	cmd.By, cmd.Deadline = c.by, 0
	if v := a.Access.Judge(cmd); !v.Allowed {
		return nil, fail(http.StatusForbidden, "%s", v.Reason)
	}
	if !a.Commands.Cancel(out.Command.ID) {
		return nil, fail(http.StatusConflict, "it has ended already: %s", out.Status)
	}
	return noContent(), nil
}
