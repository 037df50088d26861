package td

import (
	"regexp"
	"strings"
	"time"
)

var (
	// langTag is a well-formed BCP 47 tag: the pattern of W3C's own schema for TD 1.1.
	langTag = regexp.MustCompile(`^(((([A-Za-z]{2,3}(-([A-Za-z]{3}(-[A-Za-z]{3}){0,2}))?)|[A-Za-z]{4}|[A-Za-z]{5,8})` +
		`(-([A-Za-z]{4}))?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*` +
		`(-([0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+))*(-(x(-[A-Za-z0-9]{1,8})+))?)|(x(-[A-Za-z0-9]{1,8})+)|` +
		`((en-GB-oed|i-ami|i-bnn|i-default|i-enochian|i-hak|i-klingon|i-lux|i-mingo|i-navajo|i-pwn|i-tao|i-tay|i-tsu|` +
		`sgn-BE-FR|sgn-BE-NL|sgn-CH-DE)|(art-lojban|cel-gaulish|no-bok|no-nyn|zh-guoyu|zh-hakka|zh-min|zh-min-nan|zh-xiang)))$`)
	placeholder = regexp.MustCompile(`\{\{([ -~]+?)\}\}`)
	iconSizes   = regexp.MustCompile(`[0-9]*x[0-9]+`)
)

func isDateTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

// isPointer says whether s is a JSON pointer (RFC 6901 section 3).
func isPointer(s string) bool {
	if s != "" && s[0] != '/' {
		return false
	}
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(s)
	return !strings.Contains(rest, "~")
}
