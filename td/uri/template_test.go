package uri

import "testing"

// The examples of RFC 6570 sections 1.2 and 3.2 that have no lists or maps.
func TestTemplatesAreExpandedAsRFC6570Says(t *testing.T) {
	values := map[string]string{
		"dom": "example.com", "dub": "me/too", "hello": "Hello World!", "half": "50%", "var": "value",
		"who": "fred", "base": "http://example.com/home/", "path": "/foo/bar", "v": "6", "x": "1024", "y": "768",
		"empty": "", "name": "日本",
	}
	f := func(template, want string) {
		t.Helper()
		parts, err := ParseTemplate(template)
		if err != nil {
			t.Error(err)
			return
		}
		got := parts.Expand(func(name string) (string, bool) { s, ok := values[name]; return s, ok })
		if got != want {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
	}
	f("", "")
	f("/plain?a=b&c=%20", "/plain?a=b&c=%20")
	f("/日本 x", "/%E6%97%A5%E6%9C%AC%20x")
	f("{var}", "value")
	f("{hello}", "Hello%20World%21")
	f("{half}", "50%25")
	f("O{empty}X", "OX")
	f("O{undef}X", "OX")
	f("{x,y}", "1024,768")
	f("{x,hello,y}", "1024,Hello%20World%21,768")
	f("?{x,empty}", "?1024,")
	f("?{x,undef}", "?1024")
	f("?{undef,y}", "?768")
	f("{var:3}", "val")
	f("{var:30}", "value")
	f("{name:1}", "%E6%97%A5")
	f("{+var}", "value")
	f("{+hello}", "Hello%20World!")
	f("{+half}", "50%25")
	f("{base}index", "http%3A%2F%2Fexample.com%2Fhome%2Findex")
	f("{+base}index", "http://example.com/home/index")
	f("{+path}/here", "/foo/bar/here")
	f("here?ref={+path}", "here?ref=/foo/bar")
	f("{+path:6}/here", "/foo/b/here")
	f("{#var}", "#value")
	f("{#path:6}here", "#/foo/bhere")
	f("foo{#undef}", "foo")
	f("X{.var}", "X.value")
	f("{.who,who}", ".fred.fred")
	f("www{.dom}", "www.example.com")
	f("{/who}", "/fred")
	f("{/half,who}", "/50%25/fred")
	f("{/var,empty}", "/value/")
	f("{/var:1,var}", "/v/value")
	f("{;who}", ";who=fred")
	f("{;empty}", ";empty")
	f("{;v,empty,who}", ";v=6;empty;who=fred")
	f("{?x,y,undef}", "?x=1024&y=768")
	f("{?x,y,empty}", "?x=1024&y=768&empty=")
	f("{?var:3}", "?var=val")
	f("?fixed=yes{&x}", "?fixed=yes&x=1024")
	f("{&x,y,empty}", "&x=1024&y=768&empty=")
	f("{var*}", "value")
	for _, bad := range []string{"{", "}", "{}", "{?}", "{a b}", "{a:0}", "{a:10000}", "{a:x}", "{!a}", "{a{b}}"} {
		if parts, err := ParseTemplate(bad); err == nil {
			t.Errorf("%s: read as %v", bad, parts)
		}
	}
}
