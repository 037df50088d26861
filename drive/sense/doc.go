// Package sense makes of the truth what a vehicle's sensors would say: range, hiding, noise, latency, dropouts.
package sense
