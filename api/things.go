package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hutong/api/form"
	"hutong/api/openapi"
	"hutong/thing"
)

const (
	pageLimit = 100
	maxLimit  = 1000
	maxSearch = 200 // bytes of ?q=
)

// visible lists the Things the caller may see, sorted by id, that lie in ?place= and hold every word of ?q=.
func (c *call) visible() ([]*thing.Thing, error) {
	q := c.URL.Query()
	place, search := thing.PlaceID(q.Get("place")), q.Get("q")
	if len(search) > maxSearch {
		return nil, wrong("q", "at most %d bytes are looked for", maxSearch)
	}
	all, err := slices.Values(c.api.Twin.Things()), error(nil)
	if search != "" {
		if all, err = c.api.Directory.Search(search); err != nil {
			return nil, err
		}
	}
	var list []*thing.Thing
	for x := range all {
		if x.Place.Within(place) && c.api.Access.Reads(c.by, x).Allowed {
			list = append(list, x)
		}
	}
	return list, nil
}

// getThings lists descriptions as the W3C Thing Description Directory does (WoT Discovery, section 7.3.2.1.4).
func (a *API) getThings(c *call) (*answer, error) {
	limit, err := c.number("limit", pageLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	offset, err := c.number("offset", 0, 0, 1<<40)
	if err != nil {
		return nil, err
	}
	list, err := c.visible()
	if err != nil {
		return nil, err
	}
	total := len(list)
	list = list[min(offset, total):]
	ans := jsonAnswer([]byte{'['})
	ans.set("X-Total-Count", strconv.Itoa(total))
	if len(list) > limit {
		list = list[:limit]
		ans.set("Link", "<"+c.page(offset+limit, limit)+`>; rel="next"`)
	}
	for _, x := range list {
		t, err := a.text(x)
		var gone *fault
		switch {
		case errors.As(err, &gone): // withdrawn just now
			continue
		case err != nil:
			return nil, err
		case len(ans.body) > 1:
			ans.body = append(ans.body, ',')
		}
		ans.body = t.appendTo(ans.body, c.base())
	}
	ans.body = append(ans.body, ']')
	return ans, nil
}

// page is the relative URL of another page of this list.
func (c *call) page(offset, limit int) string {
	q := c.URL.Query()
	q.Set("offset", strconv.Itoa(offset))
	q.Set("limit", strconv.Itoa(limit))
	return c.URL.EscapedPath() + "?" + q.Encode()
}

// number reads a query parameter, fallback when it is not there.
func (c *call) number(name string, fallback, least, most int) (int, error) {
	s := c.URL.Query().Get(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, wrong(name, "%.40q is not a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

func (a *API) getThing(c *call) (*answer, error) {
	x, err := c.thing()
	if err != nil {
		return nil, err
	}
	t, err := a.text(x)
	if err != nil {
		return nil, err
	}
	if ans := c.notModified(t.etag); ans != nil {
		return ans, nil
	}
	ans := &answer{status: http.StatusOK, media: openapi.TD, body: t.appendTo(nil, c.base())}
	return ans.set("ETag", t.etag), nil
}

// getHub describes the hub itself: a Thing Description Directory (WoT Discovery, section 7.3.2).
func (a *API) getHub(c *call) (*answer, error) {
	d := form.Directory(a.ID, a.Title, c.base(), a.Open)
	return &answer{status: http.StatusOK, media: openapi.TD, body: d.JSON()}, nil
}

// getPlaces is the tree of places with the Things in each.
func (a *API) getPlaces(c *call) (*answer, error) {
	named, err := a.Directory.Places()
	if err != nil {
		return nil, err
	}
	list, err := c.visible()
	if err != nil {
		return nil, err
	}
	root := &place{Things: []thing.ID{}, Places: []*place{}}
	tree := map[thing.PlaceID]*place{"": root}
	all := a.Access.Reads(c.by, nil).Allowed
	for _, p := range named {
		if all {
			grow(tree, p.ID).Title = p.Title
		}
	}
	for _, x := range list {
		p := grow(tree, x.Place)
		p.Things = append(p.Things, x.ID)
	}
	for _, p := range named { // a guest learns the names only of places that hold something for them
		if q, ok := tree[p.ID]; ok {
			q.Title = p.Title
		}
	}
	return marshal(root)
}

type place struct {
	ID     thing.PlaceID `json:"id"`
	Title  string        `json:"title"`
	Things []thing.ID    `json:"things"`
	Places []*place      `json:"places"`
}

// grow is the node of id, made with all above it when it is new. Nodes stay in the order they were made.
func grow(tree map[thing.PlaceID]*place, id thing.PlaceID) *place {
	if p, ok := tree[id]; ok {
		return p
	}
	slug := id[strings.LastIndexByte(string(id), '/')+1:]
	p := &place{ID: id, Title: string(slug), Things: []thing.ID{}, Places: []*place{}}
	tree[id] = p
	up := grow(tree, id.Parent())
	up.Places = append(up.Places, p)
	return p
}
