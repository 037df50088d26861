// Package sumo is the world of a running SUMO, seen through TraCI.
package sumo
