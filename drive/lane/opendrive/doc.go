// Package opendrive reads road networks in ASAM OpenDRIVE, versions 1.4 to 1.8 (.xodr), into a lane map, and tells
// places by road, lane and way along it, as OpenSCENARIO does.
//
// Read are the reference lines of all five shapes, lane sections, offsets, widths and borders, links, junctions, limits,
// kinds of lanes, marks that forbid a change of lanes, lights and stop signs. Heights are not: the map is flat.
package opendrive
