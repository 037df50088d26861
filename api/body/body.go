// Package body looks at what somebody sent before anything else does: a request's JSON is one value, not too deep, and
// means the same to every reader.
package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 64

// Check refuses what is not exactly one JSON value in UTF-8, nests deeper than MaxDepth or says a name twice in one
// object, since readers differ in which of the two they believe.
func Check(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	if depth := depthOf(data); depth > MaxDepth {
		return fmt.Errorf("it nests deeper than %d levels", MaxDepth)
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
