package gate

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hutong/thing"
)

func someGrant() *rapid.Generator[Grant] {
	return rapid.Custom(func(t *rapid.T) Grant {
		g := Grant{
			Place: rapid.SampledFrom([]thing.PlaceID{"", "home", "clinic", "clinic/room-1", "clinic/room-2", "clinical", "visit"}).Draw(t, "place"),
			Ops:   Op(rapid.IntRange(0, 15).Draw(t, "ops")),
			Until: thing.Time(rapid.SampledFrom([]int64{0, 1, int64(thing.At(noon)) + 1}).Draw(t, "until")),
		}
		if rapid.Bool().Draw(t, "one") {
			g.Thing = rapid.SampledFrom([]thing.ID{"urn:lamp", "urn:pump"}).Draw(t, "thing")
		}
		return g
	})
}

// TestTheClinicIsChangedOnlyByAGrantThatNamesIt holds for whoever asks and whatever they hold.
func TestTheClinicIsChangedOnlyByAGrantThatNamesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := Identity{By: "x", Role: rapid.SampledFrom([]Role{Admin, User, Guest, ""}).Draw(t, "role"), Grants: rapid.SliceOfN(someGrant(), 0, 4).Draw(t, "grants")}
		pump, now := quarter["urn:pump"], thing.At(noon)
		named := false
		for _, g := range who.Grants {
			inTime := g.Until == 0 || g.Until > now
			names := g.Thing == pump.ID || g.Thing == "" && strings.HasPrefix(string(pump.Place)+"/", string(g.Place)+"/") && g.Place != ""
			named = named || inTime && names && g.Ops&Write != 0
		}
		if v := who.may(Write, pump, now); v.Allowed != named || v.Reason == "" {
			t.Fatalf("%+v: %+v", who, v)
		}
	})
}

// TestAGrantMoreNeverAllowsLess holds for every operation and Thing.
func TestAGrantMoreNeverAllowsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		less := Identity{Role: rapid.SampledFrom([]Role{Admin, User, Guest}).Draw(t, "role"), Grants: rapid.SliceOfN(someGrant(), 0, 3).Draw(t, "grants")}
		more := less
		more.Grants = append([]Grant{someGrant().Draw(t, "more")}, less.Grants...)
		x := quarter[rapid.SampledFrom([]thing.ID{"urn:lamp", "urn:pump", "urn:desk", ""}).Draw(t, "thing")]
		op := Op(1 << rapid.IntRange(0, 3).Draw(t, "op"))
		if less.may(op, x, thing.At(noon)).Allowed && !more.may(op, x, thing.At(noon)).Allowed {
			t.Fatalf("%s on %v: %+v may, %+v may not", op, x, less, more)
		}
	})
}

func FuzzParseGrant(f *testing.F) {
	for _, s := range []string{"visit/desk=read+invoke", "=read", "urn:a=b=write@2026-11-23T12:00:00Z", "a=@", "==="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := ParseGrant(s)
		if err != nil {
			return
		}
		if back, err := ParseOp(g.Ops.String()); err != nil || back != g.Ops || g.Ops == 0 {
			t.Errorf("%q: %+v, %v", s, g, err)
		}
	})
}
