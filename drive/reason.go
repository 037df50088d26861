package drive

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
	"stop-ordered":  "Stopping as ordered",
	"pull-over":     "Looking for a place to stop",
	"hold":          "Standing",
	"nudge":         "Passing what stands in the way",
	"siren":         "Making room for an emergency vehicle",
	"blocked":       "Something stands in the way",
	"veto":          "Braking to be safe",
	"fail-safe":     "Coming to a safe stop",
	"lost":          "No lane here: coming to a stop",
}

// because puts a reason into words.
func because(r Reason) Reason {
	if r.Words == "" {
		r.Words = words[r.Code]
	}
	return r
}
