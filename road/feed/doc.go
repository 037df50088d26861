// Package feed speaks of the area's vehicles and stops as others expect it: GBFS and GTFS Realtime.
package feed
