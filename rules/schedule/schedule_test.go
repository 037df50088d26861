package schedule_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hutong/rules/schedule"
)

func at(t *testing.T, zone, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Skip("no time zone data: ", err)
	}
	x, err := time.ParseInLocation("2006-01-02 15:04:05", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestNextIsTheFirstMomentAfter(t *testing.T) {
	days := func(words ...string) schedule.Days {
		d, err := schedule.ParseDays(words)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	cron := func(s string) schedule.Schedule {
		c, err := schedule.ParseCron(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const sh, be = "Asia/Shanghai", "Europe/Berlin"
	for _, c := range []struct {
		s          schedule.Schedule
		zone       string
		from, want string
	}{
		{schedule.Daily{Second: 66600}, sh, "2026-11-23 12:00:00", "2026-11-23 18:30:00"},
		{schedule.Daily{Second: 66600}, sh, "2026-11-23 18:30:00", "2026-11-24 18:30:00"},
		{schedule.Daily{Second: 66600, Days: days("weekend")}, sh, "2026-11-23 12:00:00", "2026-11-28 18:30:00"},
		{schedule.Daily{Second: 66600, Days: days("mon", "Friday")}, sh, "2026-11-23 20:00:00", "2026-11-27 18:30:00"},
		{schedule.Daily{Second: 9000}, be, "2026-03-28 12:00:00", "2026-03-29 03:30:00"}, // 02:30 does not exist
		{schedule.Daily{Second: 9000}, be, "2026-03-29 03:30:00", "2026-03-30 02:30:00"},
		{schedule.Daily{Second: 0}, sh, "2026-12-31 23:59:59", "2027-01-01 00:00:00"},
		{schedule.Every{Period: 15 * time.Minute}, sh, "2026-11-23 12:01:00", "2026-11-23 12:15:00"},
		{schedule.Every{Period: 15 * time.Minute}, sh, "2026-11-23 12:15:00", "2026-11-23 12:30:00"},
		{schedule.Every{Period: 7 * time.Hour}, sh, "2026-11-23 22:00:00", "2026-11-24 00:00:00"},
		{cron("*/20 8-10 * * mon-fri"), sh, "2026-11-23 10:40:00", "2026-11-24 08:00:00"},
		{cron("0 0 29 2 *"), sh, "2026-11-23 10:40:00", "2028-02-29 00:00:00"},
		{cron("0 12 1 * 7"), sh, "2026-11-23 10:40:00", "2026-11-29 12:00:00"},
		{cron("30 2 * * *"), be, "2026-03-28 12:00:00", "2026-03-30 02:30:00"},
		{cron("0 */6 * * *"), be, "2026-03-29 00:00:00", "2026-03-29 06:00:00"},
	} {
		got := c.s.Next(at(t, c.zone, c.from)).Format("2006-01-02 15:04:05")
		if got != c.want {
			t.Errorf("%+v after %s %s = %s, want %s", c.s, c.zone, c.from, got, c.want)
		}
	}
}

// Times published by almanacs, to the minute; the sun's height and the bending of light make the last minute a matter of taste.
func TestSunriseAndSunsetAgreeWithTheAlmanac(t *testing.T) {
	beijing, quito, auckland := schedule.Position{Latitude: 39.9042, Longitude: 116.4074}, schedule.Position{Latitude: -0.1807, Longitude: -78.4678}, schedule.Position{Latitude: -36.8485, Longitude: 174.7633}
	greenwich := schedule.Position{Latitude: 51.4769}
	for _, c := range []struct {
		p    schedule.Position
		zone string
		set  bool
		day  string
		want string
	}{
		{beijing, "Asia/Shanghai", false, "2024-06-21", "04:46"},
		{beijing, "Asia/Shanghai", true, "2024-06-21", "19:46"},
		{beijing, "Asia/Shanghai", false, "2024-12-21", "07:33"},
		{beijing, "Asia/Shanghai", true, "2024-12-21", "16:53"},
		{greenwich, "Europe/London", false, "2024-03-20", "06:03"},
		{greenwich, "Europe/London", true, "2024-03-20", "18:14"},
		{greenwich, "Europe/London", false, "2024-06-20", "04:43"},
		{greenwich, "Europe/London", true, "2024-06-20", "21:21"},
		{quito, "America/Guayaquil", false, "2024-03-20", "06:18"},
		{auckland, "Pacific/Auckland", true, "2024-12-21", "20:40"},
	} {
		from := at(t, c.zone, c.day+" 00:00:00")
		got := schedule.Sun{At: c.p, Set: c.set}.Next(from)
		want := at(t, c.zone, c.day+" "+c.want+":00")
		if d := got.Sub(want).Abs(); d > 90*time.Second {
			t.Errorf("%v %s set=%v: %s, want %s", c.p, c.day, c.set, got.Format("2006-01-02 15:04:05"), c.want)
		}
	}
}

func TestNearThePolesDaysWithoutSunriseArePassedOver(t *testing.T) {
	tromso := schedule.Position{Latitude: 69.65, Longitude: 18.96}
	from := at(t, "Europe/Oslo", "2026-12-10 00:00:00")
	got := schedule.Sun{At: tromso}.Next(from)
	if got.Before(at(t, "Europe/Oslo", "2027-01-10 00:00:00")) || got.After(at(t, "Europe/Oslo", "2027-01-20 00:00:00")) {
		t.Errorf("the sun came back on %s", got)
	}
}

func TestTheSunIsAtTheHorizonWhenItRisesAndSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := schedule.Position{Latitude: rapid.Float64Range(-60, 60).Draw(t, "lat"), Longitude: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		zone := time.FixedZone("", int(math.Round(p.Longitude/15))*3600)
		from := time.Unix(rapid.Int64Range(1.6e9, 2e9).Draw(t, "from"), 0).In(zone)
		set := rapid.Bool().Draw(t, "set")
		s := schedule.Sun{At: p, Set: set}
		next := s.Next(from)
		if !next.After(from) || next.Sub(from) > 25*time.Hour {
			t.Fatalf("next after %s is %s", from, next)
		}
		if e := schedule.Elevation(next, p); math.Abs(e+0.833) > 0.1 {
			t.Fatalf("elevation at %s is %g", next, e)
		}
		if before, after := schedule.Up(next.Add(-5*time.Minute), p), schedule.Up(next.Add(5*time.Minute), p); before != set || after == set {
			t.Fatalf("up before %v, after %v, set %v", before, after, set)
		}
		if again := s.Next(next); again.Sub(next) < 22*time.Hour || again.Sub(next) > 26*time.Hour {
			t.Fatalf("%s is followed by %s", next, again)
		}
	})
}

func TestBadPatternsAreRefused(t *testing.T) {
	for _, s := range []string{"", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "a * * * *", "0 0 30 2 *", "* * * * mon-xyz"} {
		if _, err := schedule.ParseCron(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
	if _, err := schedule.ParseDays([]string{"someday"}); err == nil {
		t.Error("someday was accepted")
	}
}

func FuzzCron(f *testing.F) {
	for _, s := range []string{"*/5 * * * *", "0 0 29 2 *", "1-5,7 */2 1 jan mon", "0 12 1 * 7"} {
		f.Add(s)
	}
	from := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := schedule.ParseCron(s)
		if err != nil {
			return
		}
		if next := c.Next(from); next.IsZero() || !next.After(from) || next.Second() != 0 {
			t.Fatalf("%q after %s is %s", s, from, next)
		}
	})
}
