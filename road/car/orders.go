package car

import (
	"fmt"
	"strconv"

	"hutong/drive/geom"
	"hutong/thing"
)

// DriveTo is the input of driveTo. Heading may be nil, and name empty.
func DriveTo(at geom.Vec, heading *float64, name string) thing.Value {
	text := []byte(`{"x":`)
	text = strconv.AppendFloat(text, at.X, 'f', 2, 64)
	text = append(text, `,"y":`...)
	text = strconv.AppendFloat(text, at.Y, 'f', 2, 64)
	if heading != nil {
		text = append(text, `,"heading":`...)
		text = strconv.AppendFloat(text, *heading, 'f', 4, 64)
	}
	if name != "" {
		text = append(text, `,"name":`...)
		text = thing.String(name).AppendJSON(text)
	}
	return thing.Document(string(append(text, '}')))
}

// Answer is the input of answer.
func Answer(option string) thing.Value {
	return thing.Document(fmt.Sprintf(`{"option":%s}`, thing.String(option).AppendJSON(nil)))
}

// SetLimit is the input of setLimit.
func SetLimit(kmh float64) thing.Value { return thing.Document(fmt.Sprintf(`{"kmh":%.1f}`, kmh)) }

// Takes tells whether a Thing takes the orders that every vehicle takes.
func Takes(x *thing.Thing) bool {
	for _, a := range []string{"driveTo", "stopNow", "pullOver", "resume"} {
		if _, ok := x.Find(thing.Action, a); !ok {
			return false
		}
	}
	return true
}
