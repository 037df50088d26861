// Package world closes the loop: a world that moves, vehicles that sense it, decide and move in it, and a referee that
// looks on. The worlds themselves (our town, SUMO, a replayed record, a test's script) are packages of their own.
package world

import (
	"context"

	"hutong/drive/lane"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// World is a place with traffic in it, and time. Its methods are called from one goroutine.
type World interface {
	// Map gives the roads, always the same.
	Map() *lane.Map
	// Truth fills in all that is now.
	Truth(t *scene.Truth)
	// Place puts the vehicle id, which drives itself, where its own model says it is; the first time it appears there.
	// Ids from 1<<31 up are for such vehicles; the world gives its own actors lower ones.
	Place(id uint32, spec *vehicle.Spec, at vehicle.State) error
	// Step lets dt seconds pass for everyone else. An error means that the world is gone.
	Step(ctx context.Context, dt float64) error
	// Close lets go of all it holds.
	Close() error
}
