// Package header reads the list-valued request headers of RFC 9110.
package header

import (
	"strconv"
	"strings"
)

// Accepts says whether a header such as Accept or Accept-Encoding names what, with a weight other than 0.
func Accepts(values []string, what string) bool {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(name), what) {
				continue
			}
			q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			if weight, err := strconv.ParseFloat(q, 64); !found || err != nil || weight > 0 {
				return true
			}
		}
	}
	return false
}

// Matches says whether a list of entity tags holds etag or is "*"; weakness does not count (RFC 9110, 13.1.2).
func Matches(values []string, etag string) bool {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
			if item == "*" || item == etag {
				return true
			}
		}
	}
	return false
}
