// Package pace says how a vehicle goes along its way: what brings it to stand at a place, and how soon it can be at one.
package pace

import "math"

// halting is what one brakes with to a line, m/s².
const halting = 1.8

// Halt gives the acceleration that brings the vehicle to stand when its front has gone x metres more.
func Halt(speed, x float64) float64 {
	x -= 0.3
	if x <= 0.05 {
		if speed < 0.02 {
			return 0
		}
		return -max(2, speed*speed/0.2)
	}
	need := speed * speed / (2 * x)
	if need > halting {
		return -1.05 * need
	}
	y := max(0, x-0.5*speed)
	want := min(math.Sqrt(2*halting*y), y+0.15)
	return 2 * (want - speed)
}

// Soonest gives after how many seconds x metres are gone by one who speeds up briskly to a limit, from a speed.
func Soonest(x, speed, limit float64) float64 {
	const brisk = 1.5 // m/s²
	if x <= 0 {
		return 0
	}
	limit = max(limit, speed, 0.1)
	rising := (limit - speed) / brisk
	if way := (speed + limit) / 2 * rising; x > way {
		return rising + (x-way)/limit
	}
	return (math.Sqrt(speed*speed+2*brisk*x) - speed) / brisk
}
