package td_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/td"
)

// many is n times what each makes, with commas.
func many(n int, each func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = each(i)
	}
	return strings.Join(parts, ",")
}

// TestHostileTextsCostLittle gives Parse and all that follows the worst texts of a megabyte that we can think of.
func TestHostileTextsCostLittle(t *testing.T) {
	f := func(what, text string) {
		t.Helper()
		start := time.Now()
		x, err := td.Parse([]byte(text))
		if err == nil {
			if err := x.Check(); err != nil && len(err.Error()) > 100_000 {
				t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
			}
			if _, err := x.Compile(); err != nil && len(err.Error()) > 100_000 {
				t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
			}
			if _, err := td.Parse(x.Clone().JSON()); err != nil && len(text) < 1<<19 {
				t.Errorf("%s: not read back: %v", what, err)
			}
		}
		took := time.Since(start)
		t.Logf("%-40s %8d bytes %v", what, len(text), took)
		if took > time.Minute {
			t.Errorf("%s: took %v", what, took)
		}
	}
	id := func(i int) string { return fmt.Sprintf(`"n%d":1`, i) }
	f("depth", strings.Repeat(`{"properties":`, 70_000))
	f("empty arrays", thingWith(`"x":[`+many(300_000, func(int) string { return "[]" })+`]`))
	f("objects of many names", thingWith(`"x":[`+many(20, func(int) string { return "{" + many(4000, id) + "}" })+`]`))
	f("many unknown members", thingWith(many(4000, id)))
	f("one long name", thingWith(`"properties":{"`+strings.Repeat("n", 900_000)+`":{"items":[`+many(60, func(int) string { return `{"type":"x"}` })+`]}}`))
	f("many properties", thingWith(`"properties":{`+many(4000, func(i int) string { return fmt.Sprintf(`"p%d":{"forms":[{"href":"x{?a}"}],"hutong:linear":1}`, i) })+`}`))
	f("many prefixes", thingWith(`"@context":["https://www.w3.org/2022/wot/td/v1.1",{`+many(4000, func(i int) string {
		return fmt.Sprintf(`"p%d":"https://hutong.example/ns#"`, i)
	})+`}],"properties":{`+many(4000, func(i int) string { return fmt.Sprintf(`"p%d":{}`, i) })+`}`))
	f("a large enum", thingWith(`"properties":{"p":{"enum":[`+many(150_000, func(i int) string { return fmt.Sprint(i) })+`]}}`))
	f("large numbers", thingWith(`"properties":{"p":{"multipleOf":1e-999999999,"enum":[`+strings.Repeat("9", 500_000)+`],"minLength":1e999999999}}`))
	f("many links", thingWith(`"@type":"tm:ThingModel","tm:optional":[`+many(20_000, func(int) string { return `"/actions/a"` })+
		`],"links":[`+many(20_000, func(int) string { return `{"href":"x"}` })+`]`))
	f("combos of combos", thingWith(`"security":"c0","forms":[`+many(8000, func(int) string { return `{"href":"x","security":"c0"}` })+
		`],"securityDefinitions":{`+many(8, func(i int) string {
		next := fmt.Sprintf(`"c%d"`, i+1)
		return fmt.Sprintf(`"c%d":{"scheme":"combo","allOf":[%s]}`, i, many(16, func(int) string { return next }))
	})+`,"c8":{"scheme":"apikey","in":"uri","name":"k"}}`))
	f("alternatives of alternatives", thingWith(`"properties":{"p":`+strings.Repeat(`{"oneOf":[{},`, 30)+`{}`+strings.Repeat(`]}`, 30)+`}`))
	f("patterns", thingWith(`"schemaDefinitions":{`+many(4000, func(i int) string { return fmt.Sprintf(`"s%d":{"pattern":"((a{10}){10}){10}%d"}`, i, i) })+`}`))
	f("one long pattern", thingWith(`"schemaDefinitions":{"s":{"pattern":"`+strings.Repeat("(a|b)*", 150_000)+`"}}`))
	f("templates", thingWith(`"base":"http://x/`+strings.Repeat("{a}", 300_000)+`"`))
}
