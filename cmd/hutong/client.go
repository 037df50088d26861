package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"hutong/thing"
)

// remote is how a command reaches a running hub.
type remote struct {
	Hub   string `help:"Where the hub answers." default:"http://127.0.0.1:8480" env:"HUTONG_HUB" placeholder:"URL"`
	Token string `help:"Token to show." env:"HUTONG_TOKEN" placeholder:"htg_..."`
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// do sends one request and returns a good answer, whose body the caller closes; another becomes an error in the hub's own words.
func (r remote) do(ctx context.Context, method, path string, body []byte, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Hub, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("--hub: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var broken *url.Error
		if errors.As(err, &broken) {
			err = broken.Err
		}
		return nil, fmt.Errorf("no hub answers at %s (%w); is `hutong demo` or `hutong serve` running?", r.Hub, err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	return nil, refusal(res)
}

// refusal reads an RFC 9457 problem.
func refusal(res *http.Response) error {
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20)) // a cut answer still says its status
	if json.Unmarshal(data, &problem) != nil || problem.Title == "" {
		return fmt.Errorf("the hub answered %s", res.Status)
	}
	if problem.Detail == "" {
		return errors.New(problem.Title)
	}
	return errors.New(problem.Detail)
}

func (r remote) text(ctx context.Context, method, path string, body []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	res, err := r.do(ctx, method, path, body, "")
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return strings.TrimRight(string(data), "\n"), err
}

// things calls f with the description of every Thing that query asks for, page by page, until f returns an error.
func (r remote) things(ctx context.Context, query url.Values, f func(json.RawMessage) error) error {
	const page = 500
	for offset := 0; ; offset += page {
		query.Set("limit", fmt.Sprint(page))
		query.Set("offset", fmt.Sprint(offset))
		text, err := r.text(ctx, "GET", "/things?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("the hub's list: %w", err)
		}
		for _, raw := range list {
			if err := f(raw); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

func thingPath(id string, more ...string) string {
	path := "/things/" + url.PathEscape(id)
	for _, m := range more {
		path += "/" + url.PathEscape(m)
	}
	return path
}

// jsonOf reads a value as a person types it: JSON where it is JSON, otherwise text.
func jsonOf(typed string) []byte {
	if json.Valid([]byte(typed)) {
		return []byte(typed)
	}
	data, err := json.Marshal(typed)
	if err != nil { // a string always marshals
		return []byte(`""`)
	}
	return data
}

type thingsCmd struct {
	remote
	Place string `help:"Only what lies in this place, such as home/kitchen."`
	Find  string `help:"Only what has this in its title or id."`
	JSON  bool   `help:"Print the descriptions, one a line."`
}

// Run prints a line for each Thing: id, place, title.
func (c *thingsCmd) Run(ctx context.Context) error {
	query := url.Values{}
	if c.Place != "" {
		query.Set("place", c.Place)
	}
	if c.Find != "" {
		query.Set("q", c.Find)
	}
	return c.things(ctx, query, func(raw json.RawMessage) error {
		c.print(raw)
		return nil
	})
}

func (c *thingsCmd) print(raw json.RawMessage) {
	if c.JSON {
		fmt.Println(string(raw))
		return
	}
	var t struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Place string `json:"hutong:place"`
	}
	if json.Unmarshal(raw, &t) == nil {
		fmt.Printf("%-44s  %-34s  %s\n", t.ID, t.Place, t.Title)
	}
}

type getCmd struct {
	remote
	Thing    string `arg:"" help:"Id of the Thing."`
	Property string `arg:"" optional:"" help:"Name of the property; all when left out."`
}

// Run prints the JSON of one value or of all.
func (c *getCmd) Run(ctx context.Context) error {
	path := thingPath(c.Thing, "properties")
	if c.Property != "" {
		path = thingPath(c.Thing, "properties", c.Property)
	}
	text, err := c.text(ctx, "GET", path, nil)
	if err == nil {
		fmt.Println(text)
	}
	return err
}

type setCmd struct {
	remote
	Thing    string `arg:"" help:"Id of the Thing."`
	Property string `arg:"" help:"Name of the property."`
	Value    string `arg:"" help:"The value: JSON, or plain text."`
}

// Run writes the property; it prints nothing when the device took it.
func (c *setCmd) Run(ctx context.Context) error {
	_, err := c.text(ctx, "PUT", thingPath(c.Thing, "properties", c.Property), jsonOf(c.Value))
	return err
}

type invokeCmd struct {
	remote
	Thing  string `arg:"" help:"Id of the Thing."`
	Action string `arg:"" help:"Name of the action."`
	Input  string `arg:"" optional:"" help:"The input: JSON, or plain text."`
}

// Run invokes the action and prints its output, if it has one.
func (c *invokeCmd) Run(ctx context.Context) error {
	var body []byte
	if c.Input != "" {
		body = jsonOf(c.Input)
	}
	text, err := c.text(ctx, "POST", thingPath(c.Thing, "actions", c.Action), body)
	if err == nil && text != "" {
		fmt.Println(text)
	}
	return err
}

type watchCmd struct {
	remote
	Thing []string `arg:"" optional:"" help:"Ids of Things; all when left out."`
}

// Run prints what comes until it is interrupted or the hub ends.
func (c *watchCmd) Run(ctx context.Context) error {
	for _, id := range c.Thing { // the stream would wait for what may come; a person has more likely mistyped it
		if _, err := c.text(ctx, "GET", thingPath(id), nil); err != nil {
			return err
		}
	}
	query := url.Values{"things": c.Thing}
	res, err := c.do(ctx, "GET", "/stream?"+query.Encode(), nil, "text/event-stream")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	kind := ""
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "data":
			if err := printChanges(os.Stdout, kind, []byte(value)); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errors.New("the hub ended the stream"), lines.Err())
}

// watched is one line that watch prints: a value of a property with its quality, or an event with its data.
type watched struct {
	Time     thing.Time      `json:"time,omitzero"` // when the device said so, or the hub heard it
	Thing    string          `json:"thing"`
	Property string          `json:"property,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Quality  *thing.Quality  `json:"quality,omitempty"`
	Event    string          `json:"event,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
}

// printChanges writes a line for each value and event of one message of /stream.
func printChanges(w io.Writer, kind string, data []byte) error {
	if kind != "full" && kind != "delta" {
		return nil
	}
	var m struct {
		Values map[string]map[string][]json.RawMessage `json:"values"`
		Events [][]json.RawMessage                     `json:"events"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("the hub's stream: %w", err)
	}
	out := json.NewEncoder(w)
	for _, id := range slices.Sorted(maps.Keys(m.Values)) {
		for _, name := range slices.Sorted(maps.Keys(m.Values[id])) {
			line := watched{Thing: id, Property: name, Quality: new(thing.Quality)}
			if err := fields(m.Values[id][name], &line.Value, line.Quality, &line.Time); err != nil {
				return err
			}
			if err := out.Encode(line); err != nil {
				return err
			}
		}
	}
	for _, e := range m.Events {
		var line watched
		if err := fields(e, &line.Thing, &line.Event, &line.Data, &line.Time); err != nil {
			return err
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// fields reads the first parts of a list of the stream. A quality is a number there, a time milliseconds.
func fields(list []json.RawMessage, into ...any) error {
	if len(list) < len(into) {
		return fmt.Errorf("the hub's stream: %d parts where %d belong", len(list), len(into))
	}
	for i, to := range into {
		var err error
		switch to := to.(type) {
		case *thing.Time:
			var ms int64
			err = json.Unmarshal(list[i], &ms)
			*to = thing.Time(ms * int64(time.Millisecond))
		case *thing.Quality:
			var n uint8
			err = json.Unmarshal(list[i], &n)
			if *to = thing.Quality(n); *to > thing.Good {
				return fmt.Errorf("the hub's stream: quality %d is not one this program knows", n)
			}
		default:
			err = json.Unmarshal(list[i], to)
		}
		if err != nil {
			return fmt.Errorf("the hub's stream: %w", err)
		}
	}
	return nil
}
