// Command osc drives our agent through the UN R157 (ALKS) and Euro NCAP scenario sets, played from their OpenSCENARIO
// files, and prints what came of each.
//
//	go run ./bench/osc -data ../shared/data/road            # the 15 ALKS scenarios and every NCAP distribution
//	go run ./bench/osc -data ... -ncap 0 -v                 # ALKS only, each with its reasons
//	go run ./bench/osc -data ... -variations 50             # and of each ALKS distribution 50 cases, evenly drawn
//
// The vehicle under test has the body the scenario's catalog gives it and the sensors of the area's vehicles (120 m, late,
// uncertain, hidden by what stands in between); the scenario moves everyone else. A run is the same on every machine.
//
// ALKS: passed is who hits nobody, stays within its lane with its whole body, and does not stand still without a reason.
// In the scenario that the regulation calls unavoidable, a collision passes if it is slower than that of who doesn't brake
// by half. Changes of lanes are forbidden there: the system under test is one that keeps its lane.
//
// NCAP: per distribution the cases without a collision, and of those with one the speed of the vehicle under test as it
// came to it. The real tests drive a vehicle straight at its target and see whether its emergency brake acts; here the
// agent drives itself and sees the target from afar, so these figures are no Euro NCAP rating. Scenarios that are driven
// backwards are left out: the agent never does.
package main
