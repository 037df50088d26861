// Package osc plays OpenSCENARIO XML (ASAM, versions 1.0 to 1.3): it reads a scenario with its catalogs, parameters and
// OpenDRIVE road, and moves everyone in it but the vehicle under test, which drives itself.
//
// It plays what the UN R157 (ALKS) and Euro NCAP scenario sets use, and a little more; [Open] refuses a scenario that asks
// for anything else, naming the element, rather than play half of it. What only concerns the looks of things (weather,
// lamps other than indicators) is passed over. The vehicle under test is the entity called "Ego": what the scenario tells
// it to do becomes its goal and its speed, and the rest is left to it.
package osc
