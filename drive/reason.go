package drive

import "hutong/drive/scene"

// words gives each reason's code its words.
var words = map[string]string{
	"free":          "The way is free",
	"curve":         "Slowing down for the bend",
	"follow":        "Following the one ahead",
	"red":           "Waiting for the light",
	"amber":         "Stopping, the light is changing",
	"stop-sign":     "Stopping at the stop sign",
	"yield":         "Giving way",
	"cross-walk":    "Letting someone cross",
	"occlusion":     "Going slowly, the view is blocked",
	"arrive":        "Arriving",
	"lane-end":      "The lane ends here",
	"lane-change":   "Changing lanes",
	"junction-full": "Keeping the junction clear",
	"detour":        "Nobody lets it change lanes: taking the next way",
	"stop-ordered":  "Stopping as ordered",
	"pull-over":     "Looking for a place to stop",
	"hold":          "Standing",
	"nudge":         "Passing what stands in the way",
	"siren":         "Making room for an emergency vehicle",
	"blocked":       "Something stands in the way",
	"veto":          "Braking to be safe",
	"fail-safe":     "Coming to a safe stop",
	"lost":          "No way from here: waiting for help",
}

// words puts a reason into words.
func (a *Agent) words(v *scene.View, r *Reason) string {
	said := words[r.Code]
	whose, known := about[r.Code]
	if !known || r.Subject == 0 {
		return said
	}
	for i := range v.Actors {
		if v.Actors[i].ID == r.Subject {
			return whose[min(v.Actors[i].Kind, scene.Unknown)]
		}
	}
	return said
}

// who names each kind of road user.
var who = [scene.Unknown + 1]string{
	"a car", "a van", "a truck", "a bus", "a motorcycle", "a bicycle", "a pedestrian", "a tram", "an obstacle", "something",
}

// about gives the words of the reasons that are about someone, by kind: made once, so that saying them costs nothing.
var about = func() map[string][scene.Unknown + 1]string {
	all := make(map[string][scene.Unknown + 1]string)
	for code, before := range map[string]string{
		"follow": "Following ", "yield": "Giving way to ", "cross-walk": "Letting cross: ", "nudge": "Passing ",
		"blocked": "Standing in the way: ",
	} {
		var said [scene.Unknown + 1]string
		for kind, name := range who {
			said[kind] = before + name
		}
		all[code] = said
	}
	return all
}()
