// Package recorder keeps what a vehicle knew and did around an incident: the seconds before it, from a ring that is
// always full, and the seconds after. Each incident becomes one MCAP file (mcap.dev), which Foxglove and Lichtblick
// open; each file names the SHA-256 of the one before, so that a changed, missing or added file shows.
//
// A recording holds what the vehicle says of itself and of the outlines around it. It holds no pictures, no sound and
// nobody's name.
package recorder
