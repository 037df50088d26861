// Package commonroad reads scenarios in CommonRoad's XML, versions 2018b and 2020a: lanelets become a lane map, and the
// recorded road users, the planning problems and the lights' cycles are given as they are written.
package commonroad
