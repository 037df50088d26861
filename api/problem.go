package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"hutong/td"
)

// Problem is one thing that is wrong with a request: where and what. It is an element of "errors" in an RFC 9457 body.
type Problem struct {
	Pointer   string `json:"pointer,omitempty"`   // JSON pointer into the body
	Parameter string `json:"parameter,omitempty"` // name of a query parameter or header
	Line      int    `json:"line,omitempty"`      // of a text body, from 1
	Column    int    `json:"column,omitempty"`    // from 1
	Detail    string `json:"detail"`
}

func (p Problem) where() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("line %d:%d: ", p.Line, p.Column)
	case p.Parameter != "":
		return p.Parameter + ": "
	case p.Pointer != "":
		return p.Pointer + ": "
	}
	return ""
}

// Problems is what is wrong with what somebody sent, in its order. An implementation of Rules or History returns it as
// its error to say that the asker can mend it.
type Problems []Problem

// Error joins all problems, one to a line.
func (list Problems) Error() string {
	lines := make([]string, len(list))
	for i, p := range list {
		lines[i] = p.where() + p.Detail
	}
	return strings.Join(lines, "\n")
}

// fault is an answer that is an error: RFC 9457, section 3.
type fault struct {
	Type   string    `json:"type"`
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail,omitempty"`
	Errors []Problem `json:"errors,omitempty"`

	header map[string]string
}

// Error is the detail.
func (f *fault) Error() string { return f.Detail }

func fail(status int, format string, args ...any) *fault {
	return &fault{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// with adds a header to the answer.
func (f *fault) with(name, value string) *fault {
	if f.header == nil {
		f.header = make(map[string]string)
	}
	f.header[name] = value
	return f
}

// wrong is a 400 about the parameter called name.
func wrong(name, format string, args ...any) *fault {
	f := fail(http.StatusBadRequest, format, args...)
	f.Errors = []Problem{{Parameter: name, Detail: f.Detail}}
	f.Detail = name + ": " + f.Detail
	return f
}

// misfit is a 400 about a body that does not fit its description. at is the pointer to the value that err speaks of.
func misfit(at string, err error) *fault {
	var list []Problem
	var all td.Errors
	var one *td.Error
	var ours Problems
	switch {
	case errors.As(err, &all):
		for _, e := range all {
			list = append(list, ofTD(at, e))
		}
	case errors.As(err, &one):
		list = append(list, ofTD(at, one))
	case errors.As(err, &ours):
		list = ours
	default:
		list = append(list, Problem{Pointer: at, Detail: err.Error()})
	}
	f := fail(http.StatusBadRequest, "it does not fit: %s", Problems(list).Error())
	f.Errors = list
	return f
}

func ofTD(at string, e *td.Error) Problem {
	p := Problem{Pointer: at + e.Pointer, Detail: e.Reason}
	if e.Mend != "" {
		p.Detail += "; " + e.Mend
	}
	return p
}

// faultOf makes any error an answer; what is not a fault is the hub's own trouble and its text is not shown.
func (a *API) faultOf(c *call, err error) *fault {
	var f *fault
	var theirs Problems
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &theirs):
		return misfit("", theirs)
	case errors.As(err, &tooLarge):
		return fail(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes, which is the most that is read", tooLarge.Limit)
	case c.Context().Err() != nil:
		return fail(http.StatusServiceUnavailable, "the request was given up before it was done")
	}
	a.Log.Error("http: request failed", "method", c.Method, "path", c.URL.Path, "by", c.by, "error", err)
	return fail(http.StatusInternalServerError, "the hub could not do this; its log says why")
}

func (f *fault) answer() *answer {
	body, err := json.Marshal(f)
	if err != nil { // plain strings and numbers always marshal
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	ans := &answer{status: f.Status, media: "application/problem+json", body: body, header: http.Header{}}
	for name, value := range f.header {
		ans.header.Set(name, value)
	}
	return ans
}
