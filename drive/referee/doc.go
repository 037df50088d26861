// Package referee looks on and says who did what wrong: collisions and whose fault, red lights, wrong way, off the road.
package referee
