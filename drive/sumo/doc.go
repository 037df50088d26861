// Package sumo is the world of a running SUMO, seen and steered through TraCI: its vehicles, people and lights are the
// truth of a [World], and vehicles that drive themselves are put into it at each step, where SUMO's own drivers see them
// and give way to them.
//
// SUMO gives the middle of a vehicle's front bumper and its angle in degrees clockwise from north; a [World] gives boxes
// by their middle, in radians counter-clockwise from east.
package sumo
