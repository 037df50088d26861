// Package replay is a world that moves as it was recorded: the others of a CommonRoad scenario drive what the log says,
// whatever the vehicle in their midst does.
package replay
