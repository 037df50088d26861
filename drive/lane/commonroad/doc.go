// Package commonroad reads CommonRoad scenarios: their lanelets into a lane map, and what happens on them.
package commonroad
