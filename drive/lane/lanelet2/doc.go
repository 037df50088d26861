// Package lanelet2 reads road networks as Lanelet2 keeps them in OpenStreetMap's XML (.osm): nodes, ways as bounds, and
// relations of type lanelet and of type regulatory_element.
//
// What follows what is not written there: a lanelet follows another where it begins with the very points the other ends
// with, and lies beside it where they share a bound.
package lanelet2
