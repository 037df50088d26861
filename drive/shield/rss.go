package shield

import "math"

// The distances of Shalev-Shwartz, Shammah and Shashua, "On a Formal Model of Safe and Scalable Self-driving Cars"
// (arXiv 1708.06374). All give metres between the nearest points of the two, and never less than 0.

// after gives how far one gets, and how fast one is, who for a response time speeds up by accel.
func after(speed, response, accel float64) (way, then float64) {
	return speed*response + accel*response*response/2, speed + accel*response
}

// stopping gives the way to a stop from a speed.
func stopping(speed, brake float64) float64 { return speed * speed / (2 * brake) }

// Longitudinal is definition 1: what one who follows needs to the one ahead, both driving the same way, when that one
// may brake with frontBrake at once, and the follower, for its response time, may speed up by accel before it brakes
// with brake.
func Longitudinal(rear, front, response, accel, brake, frontBrake float64) float64 {
	way, then := after(rear, response, accel)
	return max(0, way+stopping(then, brake)-stopping(front, frontBrake))
}

// Lateral is definition 6: what two side by side need, when each moves towards the other with the speeds given (negative:
// away), for its response time may speed up sideways by accel, and then takes its speed back with brake. gap stays in any
// case: the fluctuation µ of definition 5.
func Lateral(left, right, response, otherResponse, accel, brake, gap float64) float64 {
	return gap + max(0, sideways(left, response, accel, brake)+sideways(right, otherResponse, accel, brake))
}

// sideways gives how far one gets to the side before it has taken its sideways speed back; negative: away.
func sideways(speed, response, accel, brake float64) float64 {
	way, then := after(speed, response, accel)
	return way + math.Copysign(stopping(then, brake), then)
}
