package py

import "time"

// Env is what a template may ask of the world outside. The zero Env is ready: the wall clock, and UTC for local time.
type Env struct {
	Now   func() time.Time // what now() and utcnow() give
	Local *time.Location   // what "local" means to as_local, timestamp_custom and timestamp_local
}

// Clock is the time now.
func (e *Env) Clock() time.Time {
	if e == nil || e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// Zone is what "local" means.
func (e *Env) Zone() *time.Location {
	if e == nil || e.Local == nil {
		return time.UTC
	}
	return e.Local
}

// Var is a variable a template can see.
type Var struct {
	Name  string
	Value Value
}
