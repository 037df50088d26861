// Package traci is a client of SUMO's Traffic Control Interface, the protocol by which a program steers a running SUMO
// over TCP: TraCI versions 20 (SUMO 1.15) to 22 (SUMO 1.28). It also starts a SUMO of its own ([Start]).
//
// A [Client] is for one goroutine. A call sends a command and waits for its answer, at most [Options.Patience]; whatever
// cuts the connection makes that call and all after it fail, and none of them wait. [Client.Together] sends many commands
// as one message. What is subscribed to ([Client.Subscribe], [Client.SubscribeAround]) comes with every [Client.Step]
// into tables that are used again, so that a step of a quiet simulation allocates nothing.
//
// Units are SUMO's: metres, seconds, m/s; angles are degrees clockwise from north; a vehicle's position is the middle of
// its front bumper.
//
// Source: SUMO's documentation, "TraCI/Protocol" and its sub-pages, and the constants of libsumo/TraCIConstants.h.
package traci
