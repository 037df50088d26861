// Package sumonet reads the road networks of SUMO (.net.xml) into a lane map.
package sumonet
