// Package reach drives to the goal of a planning problem: a region, a window of time, intervals of speed and heading.
//
// It looks at the ways a vehicle may go in the next eight seconds as a layered search: every half second a few
// accelerations along and across a reference line, of which the most promising are kept, apart from each other, and
// those that leave the ground or touch where the others are foretold to be are dropped. A controller follows the best.
// How the others go on is foretold by [predict] from what is seen now; where the log is asked instead, it says so.
package reach
