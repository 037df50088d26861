package api

import (
	"strings"

	"hutong/api/openapi"
)

// access says who may come in at all; what they may see or do there is asked Thing by Thing.
type access uint8

const (
	public      access = iota // anybody
	known                     // whoever has signed in
	readsHub                  // who may see the hub itself
	administers               // who may change the hub itself
)

// route is one row of the table that routes requests and makes /openapi.json.
type route struct {
	openapi.Route
	access access
	handle handler
}

// on begins a row: "METHOD /path", who may, and what it is for.
func on(methodPath string, who access, tag, summary string, h handler) route {
	method, path, _ := strings.Cut(methodPath, " ")
	return route{openapi.Route{Method: method, Path: path, Public: who == public, Tag: tag, Summary: summary, Codes: []int{204}}, who, h}
}

// gives says what the good answer is, and which other codes there may be.
func (r route) gives(media string, others ...int) route {
	r.Gives, r.Codes = media, append([]int{200}, others...)
	return r
}

// takes says what the body is, and which codes there may be beside 204 or 200.
func (r route) takes(media string, others ...int) route {
	r.Takes, r.Codes = media, append(r.Codes, others...)
	return r.with(idempotencyKey)
}

func (r route) with(params ...openapi.Param) route {
	r.Params = append(r.Params, params...)
	return r
}

// streams says that it gives a stream, resumed by Last-Event-ID.
func (r route) streams() route {
	if r.Gives == "" {
		r.Codes = []int{200}
	}
	r.Streams = true
	return r.with(lastEventID)
}

var (
	idempotencyKey = openapi.Param{Name: "Idempotency-Key", In: "header", Kind: "string", About: "the same key and request within 10 minutes is done once"}
	lastEventID    = openapi.Param{Name: "Last-Event-ID", In: "header", Kind: "string", About: "the id of the last message heard; all since then is sent first"}
	unnamed        = query("event", "string", `"message" leaves out event names, for clients that hear only unnamed messages`)
	ifMatch        = openapi.Param{Name: "If-Match", In: "header", Kind: "string", About: "the ETag it was read with, so that nobody's change is lost"}
	inPlace        = query("place", "string", "only those in this place, such as home/living-room")
)

func query(name, kind, about string) openapi.Param {
	return openapi.Param{Name: name, In: "query", Kind: kind, About: about}
}

func (a *API) table() []route {
	list := append(a.thingRoutes(), a.hubRoutes()...)
	if a.History != nil {
		list = append(list, a.historyRoute())
	}
	if a.Rules != nil {
		list = append(list,
			on("GET /rules", readsHub, "rules", "All rules, what is wrong with them and their last runs", a.getRules).gives(openapi.JSON),
			on("GET /rules/{id}", readsHub, "rules", "The text of a rule", a.getRule).gives(openapi.YAML, 304),
			on("PUT /rules/{id}", administers, "rules", "Make or replace a rule", a.putRule).takes(openapi.YAML, 201, 412).with(ifMatch),
			on("DELETE /rules/{id}", administers, "rules", "Remove a rule", a.deleteRule).with(ifMatch))
	}
	if a.Scenes != nil {
		list = append(list,
			on("GET /scenes", readsHub, "rules", "All scenes", a.getScenes).gives(openapi.JSON),
			on("POST /scenes/{id}", known, "rules", "Set a scene", a.postScene).with(idempotencyKey))
	}
	if a.Traces != nil {
		list = append(list, on("GET /traces/{cause}", readsHub, "rules", "What one cause led to: runs of rules, commands and changes", a.getTrace).gives(openapi.JSON))
	}
	if a.Notices != nil {
		list = append(list, on("GET /notices", readsHub, "rules", "The newest words to people, newest first", a.getNotices).gives(openapi.JSON))
	}
	return append(list, a.courtRoutes()...)
}

func (a *API) thingRoutes() []route {
	const thing = "/things/{id}"
	const property, action, event = thing + "/properties/{name}", thing + "/actions/{name}", thing + "/events/{name}"
	invoke := on("POST "+action, known, "actions", "Invoke an action", a.postAction).gives(openapi.JSON, 201, 204).takes(openapi.JSON, 502, 504)
	invoke.Optional = true
	return []route{
		on("GET /.well-known/wot", public, "directory", "The description of the hub itself: a W3C Thing Description Directory", a.getHub).gives(openapi.TD),
		on("GET /things", known, "directory", "Descriptions of Things, sorted by id, a page at a time", a.getThings).gives(openapi.JSON).with(
			query("limit", "integer", "how many at most: 1 to 1000, 100 when left out"), query("offset", "integer", "how many to pass over"),
			inPlace, query("q", "string", "only those whose title, id or place holds these words")),
		on("GET "+thing, known, "directory", "The W3C Thing Description of a Thing", a.getThing).gives(openapi.TD, 304),
		on("GET /places", known, "directory", "The tree of places and the Things in each", a.getPlaces).gives(openapi.JSON),

		on("GET "+thing+"/properties", known, "properties", "All values of a Thing, or a stream of their changes", a.getProperties).gives(openapi.JSON).streams().with(unnamed),
		on("PUT "+thing+"/properties", known, "properties", "Write several properties", a.putProperties).takes(openapi.JSON, 502, 504),
		on("GET "+property, known, "properties", "The value of a property, or a stream of its changes", a.getProperty).gives(openapi.JSON, 304, 503).streams().with(unnamed),
		on("PUT "+property, known, "properties", "Write a property", a.putProperty).takes(openapi.JSON, 502, 504),

		on("GET "+thing+"/actions", known, "actions", "What became of the actions of a Thing, newest first", a.getActions).gives(openapi.JSON),
		on("GET "+action, known, "actions", "What became of one action, newest first", a.getAction).gives(openapi.JSON),
		invoke,
		on("GET "+action+"/{invocation}", known, "actions", "The ActionStatus of an invocation", a.getInvocation).gives(openapi.JSON),
		on("DELETE "+action+"/{invocation}", known, "actions", "Cancel an invocation", a.deleteInvocation),

		on("GET "+thing+"/events", known, "events", "A stream of all events of a Thing", a.getEvents).streams().with(unnamed),
		on("GET "+event, known, "events", "A stream of one event", a.getEvent).streams().with(unnamed),
	}
}

func (a *API) historyRoute() route {
	return on("GET /things/{id}/properties/{name}/history", known, "history", "What a property was: an array of time, value and quality, oldest first", a.getHistory).
		gives(openapi.JSON).with(
		query("from", "date-time", "the first moment; 24 h before to when left out"),
		query("to", "date-time", "the end, itself left out; now when left out"),
		query("step", "string", "one value for each step, such as 30s, 5m or 1h"),
		query("agg", "string", "what makes the value of a step: last, avg, min, max or count"),
		query("max", "integer", "at most so many samples, the most telling ones (LTTB)"))
}

func (a *API) hubRoutes() []route {
	things := query("things", "string", "the id of a Thing to tell of; may be repeated; all when left out")
	things.Many = true
	session := on("PUT /session", public, "session", "Sign a browser in with a token", a.putSession).takes(openapi.JSON)
	session.Params = nil
	return []route{
		on("GET /stream", known, "page", "All a screen needs in one stream: what is, then what changes (docs/http.md)", a.getStream).streams().with(things, inPlace),
		on("GET /session", public, "session", "Who the caller is", a.getSession).gives(openapi.JSON),
		session,
		on("DELETE /session", public, "session", "Sign a browser out", a.deleteSession),
		on("GET /livez", public, "operation", "Whether the process is alive", a.getLive).gives(openapi.Text),
		on("GET /readyz", public, "operation", "Whether the hub can do its work", a.getReady).gives(openapi.Text, 503),
		on("GET /metrics", readsHub, "operation", "Metrics as Prometheus reads them", a.getMetrics).gives(openapi.Text),
		on("GET /openapi.json", public, "operation", "This description", a.getOpenAPI).gives(openapi.JSON, 304),
	}
}
