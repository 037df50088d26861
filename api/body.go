package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"hutong/api/body"
	"hutong/api/openapi"
)

const maxBody = 1 << 20

// read returns the whole body; at most maxBody bytes, else a fault.
func (c *call) read() ([]byte, error) {
	data, err := io.ReadAll(c.Body)
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return nil, fail(http.StatusBadRequest, "the body could not be read to its end: %v", err)
	}
	return data, err
}

// json returns the body, which must be one JSON value and say so or nothing.
func (c *call) json() ([]byte, error) {
	if err := c.want("application/json"); err != nil {
		return nil, err
	}
	data, err := c.read()
	if err != nil {
		return nil, err
	}
	if err := body.Check(data); err != nil {
		return nil, fail(http.StatusBadRequest, "the body is not JSON as it should be: %v", err)
	}
	return data, nil
}

// want refuses a body of another content type than media, or +json for JSON.
func (c *call) want(media string) error {
	given := c.Header.Get("Content-Type")
	if given == "" {
		return nil
	}
	got, params, err := mime.ParseMediaType(given)
	charset := strings.ToLower(params["charset"])
	switch {
	case err != nil, charset != "" && charset != "utf-8":
	case got == media, media == "application/json" && strings.HasSuffix(got, "+json"):
		return nil
	case media == openapi.YAML && (got == "application/yaml" || got == "application/x-yaml" || got == "text/plain"):
		return nil
	}
	return fail(http.StatusUnsupportedMediaType, "the body is %s; want %s in UTF-8", given, media)
}
