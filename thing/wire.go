package thing

import (
	"encoding/json"
	"fmt"
	"time"
)

// WireVersion is the version of the JSON form of Change and Command. It grows when a member changes its meaning or goes;
// a reader ignores members it does not know.
const WireVersion = 1

// MarshalText writes the word of q.
func (q Quality) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads the word of a quality.
func (q *Quality) UnmarshalText(text []byte) error {
	for i, name := range qualityNames {
		if name == string(text) {
			*q = Quality(i)
			return nil
		}
	}
	return fmt.Errorf("quality %q: want unknown, bad, stale, restored, uncertain or good", text)
}

// MarshalText writes t as RFC 3339 with nanoseconds, in UTC; "" when not known.
func (t Time) MarshalText() ([]byte, error) {
	if t == 0 {
		return nil, nil
	}
	return t.Std().AppendFormat(nil, time.RFC3339Nano), nil
}

// UnmarshalText reads RFC 3339, or "" for not known.
func (t *Time) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = 0
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("time %q: want RFC 3339, such as 2026-11-23T10:00:00Z", text)
	}
	*t = At(at)
	return nil
}

// MarshalText writes what String does.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRef does.
func (r *Ref) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRef(string(text))
	return err
}

type wireCause struct {
	Trace string `json:"trace"`
	Hops  uint8  `json:"hops"`
}

type wireChange struct {
	Version   int       `json:"version"`
	Seq       uint64    `json:"seq"`
	Ref       Ref       `json:"ref"`
	Value     Value     `json:"value"`
	Quality   Quality   `json:"quality"`
	Repeat    bool      `json:"repeat,omitempty"`
	Device    Time      `json:"device,omitzero"`
	Received  Time      `json:"received"`
	Committed Time      `json:"committed"`
	Cause     wireCause `json:"cause,omitzero"`
}

// MarshalJSON writes the versioned form. The Handle stays behind: it means nothing elsewhere.
func (c Change) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireChange{
		WireVersion, c.Seq, c.Ref, c.Value, c.Quality, c.Repeat, c.Device, c.Received, c.Committed, wireCause(c.Cause),
	})
}

// UnmarshalJSON reads the versioned form and refuses a newer one.
func (c *Change) UnmarshalJSON(data []byte) error {
	var w wireChange
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("change: %w", err)
	}
	if err := readable(w.Version); err != nil {
		return fmt.Errorf("change: %w", err)
	}
	*c = Change{
		Ref: w.Ref, Value: w.Value, Quality: w.Quality, Repeat: w.Repeat, Device: w.Device, Received: w.Received,
		Committed: w.Committed, Seq: w.Seq, Cause: Cause(w.Cause),
	}
	return nil
}

type wireCommand struct {
	Version  int       `json:"version"`
	ID       string    `json:"id"`
	Ref      Ref       `json:"ref"`
	Input    Value     `json:"input"`
	By       string    `json:"by"`
	Cause    wireCause `json:"cause,omitzero"`
	Deadline Time      `json:"deadline,omitzero"`
}

// MarshalJSON writes the versioned form.
func (c Command) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireCommand{WireVersion, c.ID, c.Ref, c.Input, c.By, wireCause(c.Cause), c.Deadline})
}

// UnmarshalJSON reads the versioned form and refuses a newer one.
func (c *Command) UnmarshalJSON(data []byte) error {
	var w wireCommand
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("command: %w", err)
	}
	if err := readable(w.Version); err != nil {
		return fmt.Errorf("command: %w", err)
	}
	*c = Command{ID: w.ID, Ref: w.Ref, Input: w.Input, By: w.By, Cause: Cause(w.Cause), Deadline: w.Deadline}
	return nil
}

func readable(version int) error {
	if version < 1 || version > WireVersion {
		return fmt.Errorf("version %d; this program reads 1 to %d", version, WireVersion)
	}
	return nil
}
