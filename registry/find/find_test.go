package find

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plain is what an Index should find.
func plain(texts map[string]string, words []string) (keys []string) {
next:
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		for _, w := range words {
			if !strings.Contains(texts[key], w) {
				continue next
			}
		}
		keys = append(keys, key)
	}
	return keys
}

func listOf(texts map[string]string) iter.Seq2[Text, error] {
	return func(yield func(Text, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if !yield(Text{[]byte(key), []byte(texts[key])}, nil) {
				return
			}
		}
	}
}

func TestAnIndexFindsWhatLookingAtEachTextFinds(t *testing.T) {
	key := rapid.StringMatching("[a-c]{1,3}")
	text := rapid.StringMatching("[a-e ä灯]{0,12}")
	words := rapid.SliceOfN(rapid.StringMatching("[a-eä灯]{1,4}"), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.StringMatching("[a-c]{1,5}"), text).Draw(t, "before")
		var x Index
		late := rapid.MapOf(key, text).Draw(t, "put while it was filled")
		for k, s := range late {
			x.Put(k, s)
		}
		if err := x.Fill(listOf(want)); err != nil {
			t.Fatal(err)
		}
		maps.Copy(want, late)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, s := key.Draw(t, "key"), text.Draw(t, "text")
				x.Put(k, s)
				want[k] = s
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				x.Delete(k)
				delete(want, k)
			},
			"find": func(t *rapid.T) {
				w := words.Draw(t, "words")
				if got, want := slices.Collect(x.Find(w...)), plain(want, w); !slices.Equal(got, want) {
					t.Fatalf("%q is found in %q, want %q", w, got, want)
				}
			},
		})
	})
}

func TestMuchThatIsFreshIsPutInOrder(t *testing.T) {
	var x Index
	want := map[string]string{}
	for i := range 10_000 {
		key, text := fmt.Sprint(i), fmt.Sprintf("room %d of building %d", i%1000, i/1000)
		x.Put(key, text)
		want[key] = text
		if i%3 == 0 {
			gone := fmt.Sprint(i / 2)
			x.Delete(gone)
			delete(want, gone)
		}
		if i%2500 > 0 {
			continue
		}
		for _, w := range [][]string{nil, {"room"}, {"77", "of"}, {"building 3"}, {"999"}, {"no"}, {"z"}} {
			if got, want := slices.Collect(x.Find(w...)), plain(want, w); !slices.Equal(got, want) {
				t.Fatalf("after %d: %q is found in %d texts, want %d", i, w, len(got), len(want))
			}
		}
	}
	if x.base.count == 0 {
		t.Error("nothing was put in order")
	}
}

func TestASearchEndsWhenEnoughIsFound(t *testing.T) {
	var x Index
	if err := x.Fill(listOf(map[string]string{"a": "lamp", "c": "lamp", "d": "lamp"})); err != nil {
		t.Fatal(err)
	}
	x.Put("b", "lamp")
	for limit := range 5 {
		var got []string
		for key := range x.Find("lamp") {
			if len(got) == limit {
				break
			}
			got = append(got, key)
		}
		if want := []string{"a", "b", "c", "d"}[:limit]; !slices.Equal(got, want) {
			t.Errorf("the first %d are %q", limit, got)
		}
	}
}

func TestWhatCannotBeReadChangesNothing(t *testing.T) {
	var x Index
	x.Put("b", "lamp")
	broken := errors.New("broken")
	err := x.Fill(func(yield func(Text, error) bool) {
		_ = yield(Text{[]byte("a"), []byte("lamp")}, nil) && yield(Text{}, broken)
	})
	if got := slices.Collect(x.Find("lamp")); !errors.Is(err, broken) || !slices.Equal(got, []string{"b"}) {
		t.Errorf("%v, and %q", err, got)
	}
}
