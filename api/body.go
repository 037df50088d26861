package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"hutong/api/openapi"
)

const (
	maxBody  = 1 << 20
	maxDepth = 64
)

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
	if err := checkJSON(data); err != nil {
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

// checkJSON refuses what is not exactly one JSON value in UTF-8, nests deeper than maxDepth or says a name twice in one
// object, since readers differ in which of the two they believe.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	if depth := depthOf(data); depth > maxDepth {
		return fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := checkValue(dec); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it ends too early")
		}
		return fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at byte %d: more than one value", dec.InputOffset())
	}
	return nil
}

// depthOf is how deep data nests, taken from its brackets alone, so that nothing recursive ever meets a deep text.
func depthOf(data []byte) int {
	depth, deepest := 0, 0
	text, escaped := false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case text && b == '\\':
			escaped = true
		case b == '"':
			text = !text
		case text:
		case b == '{', b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}', b == ']':
			depth--
		}
	}
	return deepest
}

func checkValue(dec *json.Decoder) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	var names map[string]bool
	if open == '{' {
		names = make(map[string]bool)
	}
	for dec.More() {
		if names != nil {
			tok, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := tok.(string)
			if names[name] {
				return fmt.Errorf("the name %.60q is there twice", name)
			}
			names[name] = true
		}
		if err := checkValue(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
