package topic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsATopicAndWhatAFilter(t *testing.T) {
	f := func(s string, topic, filter bool) {
		t.Helper()
		if got := Valid(s); got != topic {
			t.Errorf("Valid(%.20q) = %v", s, got)
		}
		if got := ValidFilter(s); got != filter {
			t.Errorf("ValidFilter(%.20q) = %v", s, got)
		}
	}
	f("", false, false)
	f("a", true, true)
	f("/", true, true)
	f("a//b", true, true)
	f("a b/ü", true, true)
	f("#", false, true)
	f("+", false, true)
	f("+/a/#", false, true)
	f("a#", false, false)
	f("a/#/b", false, false)
	f("a+/b", false, false)
	f("a/+b", false, false)
	f("a\x00b", false, false)
	f("\xff", false, false)
	f("$SYS/x", true, true)
	f("$share/g/a/+", false, true)
	f("$share/g", true, false)
	f("$share//a", true, false)
	f("$share/g/", true, false)
	f("$share/g+/a", false, false)
	f("$share/g/#/a", false, false)
	f(strings.Repeat("a", 65535), true, true)
	f(strings.Repeat("a", 65536), false, false)
	f(strings.Repeat("/", MaxLevels-1), true, true)
	f(strings.Repeat("/", MaxLevels), false, false)
}

func TestMatchFollowsTheStandardsExamples(t *testing.T) {
	f := func(filter, topic string, want bool) {
		t.Helper()
		if got := Match(filter, topic); got != want {
			t.Errorf("Match(%q, %q) = %v", filter, topic, got)
		}
	}
	f("sport/tennis/player1/#", "sport/tennis/player1", true)
	f("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)
	f("sport/#", "sport", true)
	f("sport/#", "sports", false)
	f("#", "a/b", true)
	f("sport/tennis/+", "sport/tennis/player1", true)
	f("sport/tennis/+", "sport/tennis/player1/ranking", false)
	f("sport/+", "sport", false)
	f("sport/+", "sport/", true)
	f("+/+", "/finance", true)
	f("/+", "/finance", true)
	f("+", "/finance", false)
	f("#", "$SYS/x", false)
	f("+/x", "$SYS/x", false)
	f("$SYS/#", "$SYS/x", true)
	f("$SYS/+", "$SYS/x", true)
	f("a", "a/b", false)
	f("a/b", "a", false)
	f("a/+/#", "a/b", true)
	f("a//b", "a//b", true)
	f("a/+/b", "a//b", true)
}

var (
	levels  = rapid.SampledFrom([]string{"a", "b", "", "$s", "ab"})
	wild    = rapid.SampledFrom([]string{"a", "b", "", "$s", "+", "+"})
	topics  = rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(levels, 1, 5).Draw(t, "l"), "/") })
	filters = rapid.Custom(func(t *rapid.T) string {
		f := strings.Join(rapid.SliceOfN(wild, 1, 5).Draw(t, "f"), "/")
		if rapid.Bool().Draw(t, "hash") {
			f += "/#"
		}
		if rapid.IntRange(0, 9).Draw(t, "all") == 0 {
			f = "#"
		}
		return f
	})
)

func TestTheTreeAgreesWithMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var byFilter, byTopic Tree[string]
		fs := rapid.SliceOfN(filters, 1, 20).Draw(t, "filters")
		ts := rapid.SliceOfN(topics, 1, 20).Draw(t, "topics")
		fset, tset := map[string]bool{}, map[string]bool{}
		for _, f := range fs {
			byFilter.Put(f, f)
			fset[f] = true
		}
		for _, s := range ts {
			if s != "" {
				byTopic.Put(s, s)
				tset[s] = true
			}
		}
		for _, gone := range rapid.SliceOf(rapid.SampledFrom(fs)).Draw(t, "gone") {
			byFilter.Remove(gone)
			delete(fset, gone)
		}
		check := func(what string, got, want []string) {
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %q, want %q", what, got, want)
			}
		}
		for s := range tset {
			var got, want []string
			byFilter.FiltersFor(s, func(f string) { got = append(got, f) })
			for f := range fset {
				if Match(f, s) {
					want = append(want, f)
				}
			}
			check("filters for "+s, got, want)
		}
		for _, f := range fs {
			var got, want []string
			byTopic.TopicsFor(f, func(s string) { got = append(got, s) })
			for s := range tset {
				if Match(f, s) {
					want = append(want, s)
				}
			}
			check("topics for "+f, got, want)
		}
		if byFilter.Len() != len(fset) || byTopic.Len() != len(tset) {
			t.Fatalf("lengths %d and %d, want %d and %d", byFilter.Len(), byTopic.Len(), len(fset), len(tset))
		}
	})
}

func TestAnEmptiedTreeKeepsNoBranches(t *testing.T) {
	var tree Tree[int]
	for i := range 100 {
		tree.Put(fmt.Sprintf("a/%d/b/c", i), i)
	}
	for i := range 100 {
		tree.Remove(fmt.Sprintf("a/%d/b/c", i))
		tree.Remove("a/never/there")
	}
	if tree.Len() != 0 || len(tree.root.kids) != 0 {
		t.Errorf("%d keys, %d branches", tree.Len(), len(tree.root.kids))
	}
}
