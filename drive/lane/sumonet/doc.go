// Package sumonet reads the road networks of SUMO (.net.xml, plain or gzipped) into a lane map.
//
// Every lane of the net becomes a lane of the map under SUMO's own id, internal lanes and crossings too; walking areas,
// which are polygons and not lanes, are left out, and the ways through them join what lies at their edges. A connection
// that turns within a junction goes through all its internal lanes, so that the place to wait within a junction is the
// end of the first. Foes and responses of the junctions' requests become conflicts, whose places are measured on the
// internal lanes.
package sumonet
