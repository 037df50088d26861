package thing

import "strings"

// PlaceID is a path of slugs from the root of the place tree, such as "home/living-room"; "" is the quarter itself.
type PlaceID string

// Place is a node of the tree: quarter, building, floor, room; road, segment, stop; ward, bed.
type Place struct {
	ID    PlaceID
	Title string
}

// Parent is the place that holds p; the quarter holds itself.
func (p PlaceID) Parent() PlaceID {
	i := strings.LastIndexByte(string(p), '/')
	if i < 0 {
		return ""
	}
	return p[:i]
}

// Within says whether p is q or lies somewhere inside it. Everything lies within the quarter.
func (p PlaceID) Within(q PlaceID) bool {
	return q == "" || p == q || len(p) > len(q) && p[len(q)] == '/' && strings.HasPrefix(string(p), string(q))
}

// MaxPlaceDepth is the most levels a place may have below the quarter.
const MaxPlaceDepth = 16

// ParsePlace reads a written area such as "Home / Living Room" as a path of Places, outermost first. Each part
// becomes a slug (lower case, letters and digits of any script kept, the rest joined by "-"); empty parts are
// skipped and levels past MaxPlaceDepth are left out.
func ParsePlace(text string) []Place {
	var list []Place
	var id PlaceID
	for part := range strings.SplitSeq(text, "/") {
		part = strings.TrimSpace(part)
		s := slug(part)
		if s == "" || len(list) == MaxPlaceDepth {
			continue
		}
		if id != "" {
			id += "/"
		}
		id += PlaceID(s)
		list = append(list, Place{ID: id, Title: part})
	}
	return list
}

func slug(s string) string {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !isWord(r)
	})
	return strings.Join(fields, "-")
}

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 0x80
}
