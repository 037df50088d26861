// Package lanelet2 reads Lanelet2 maps in OSM form into a lane map.
package lanelet2
