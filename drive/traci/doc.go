// Package traci is a client of SUMO's Traffic Control Interface.
package traci
