package sim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hutong/td"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

var stops = []string{"North Gate", "Tower", "Clinic", "Gardens", "Visitor Centre", "Old Market", "East Gate", "Home Court", "Science Park", "South Lawn"}

func transcript(seed uint64, seconds int) string {
	sum := sha256.New()
	q := newQuarter(seed, noon, stops...)
	for s := range seconds {
		for _, d := range q.devices {
			for _, m := range d.drain() {
				fmt.Fprintf(sum, "%s %s\n", m.topic, m.payload)
			}
		}
		q.step(noon.Add(time.Duration(s+1) * time.Second))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	if a, b := transcript(7, 300), transcript(7, 300); a != b {
		t.Error("two runs of seed 7 differ")
	}
	if transcript(7, 60) == transcript(8, 60) {
		t.Error("seeds 7 and 8 tell the same story")
	}
}

func TestTheQuarterHasAboutTwoHundredDevicesInFiveCourts(t *testing.T) {
	q := newQuarter(1, noon, stops...)
	courts := map[string]int{}
	for _, d := range q.devices {
		court, _, _ := strings.Cut(d.area, " / ")
		courts[court]++
	}
	t.Log(len(q.devices), courts)
	if n := len(q.devices); n < 150 || n > 250 {
		t.Errorf("%d devices", n)
	}
	for court, least := range map[string]int{"Home": 40, "Park": 50, "Road": 20, "Clinic": 3, "Visit": 3} {
		if courts[court] < least {
			t.Errorf("%s has %d devices, want at least %d", court, courts[court], least)
		}
	}
}

func TestEveryAnnouncementIsJSONAndEveryDeviceHasValues(t *testing.T) {
	for _, d := range newQuarter(1, noon, stops...).devices {
		if len(d.announce) == 0 {
			t.Errorf("%s does not announce itself", d.id)
		}
		for _, m := range d.announce {
			if !json.Valid(m.payload) {
				t.Errorf("%s: %s is not JSON", d.id, m.topic)
			}
		}
		if len(d.state.names) == 0 && len(d.commands) == 0 {
			t.Errorf("%s has neither values nor commands", d.id)
		}
	}
}

func TestNobodyInTheClinicTakesCommands(t *testing.T) {
	for _, d := range newQuarter(1, noon, stops...).devices {
		if strings.HasPrefix(d.area, "Clinic") && len(d.commands) > 0 {
			t.Errorf("%s takes commands", d.id)
		}
	}
}

func TestADayHoldsNoSurprise(t *testing.T) {
	q := newQuarter(3, noon, stops...)
	for s := range 24 * 3600 / 60 {
		q.step(noon.Add(time.Duration(s) * time.Minute))
		for _, d := range q.devices {
			d.drain()
		}
	}
}

func TestALampDoesWhatItIsTold(t *testing.T) {
	q := newQuarter(1, noon, stops...)
	for _, d := range q.devices {
		if d.id != "living-ceiling" {
			continue
		}
		d.drain()
		d.commands[d.topic("set")]([]byte(`{"state":"ON","brightness":100,"color":{"h":200,"s":80}}`))
		got := d.drain()
		if len(got) != 1 || !strings.Contains(string(got[0].payload), `"brightness":100`) || !strings.Contains(string(got[0].payload), `"h":200`) {
			t.Errorf("lamp answered %v", got)
		}
		d.commands[d.topic("set")]([]byte(`{"state":`))
		if got := d.drain(); len(got) != 0 {
			t.Errorf("a broken command moved it: %v", got)
		}
	}
}

func TestEveryDescriptionIsValid(t *testing.T) {
	described := 0
	for _, d := range newQuarter(1, noon, stops...).devices {
		for _, m := range d.announce {
			if !strings.HasPrefix(m.topic, "hutong/td/") {
				continue
			}
			described++
			x, err := td.Parse(m.payload)
			if err == nil {
				_, err = x.Compile()
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", d.id, err, m.payload)
			}
		}
	}
	if described < 50 {
		t.Errorf("only %d devices describe themselves by a TD", described)
	}
}
