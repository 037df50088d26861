// Package recorder keeps what a vehicle knew and did around an incident, in MCAP files that show if they were changed.
package recorder
