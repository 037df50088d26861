// Package reach drives to the goal of a planning problem: a region, a window of time, intervals of speed and heading.
//
// It goes from coarse to fine. A layered search finds ways along a reference line to the goal: every half second a few
// accelerations along and across it, of which the most promising are kept, apart from each other, and those that touch
// where the others are to be are dropped. A shaper then makes a way exactly drivable by the kinematic single-track model,
// and comfortable: Gauss-Newton on the inputs of all its steps, with the edge of the road, the others and the goal as
// costs that grow until the way has no flaw.
//
// [Solve] does so once, for a whole problem, where the recorded ways of the others are given. [Driver] does so ten times
// a second in a closed loop; how the others go on is then foretold by [predict] from what is seen.
package reach
