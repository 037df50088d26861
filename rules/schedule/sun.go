package schedule

import (
	"math"
	"time"
)

// Position is where on the Earth: degrees, north and east positive.
type Position struct {
	Latitude, Longitude float64
}

// Valid says whether the position is on the Earth.
func (p Position) Valid() bool {
	return math.Abs(p.Latitude) <= 90 && math.Abs(p.Longitude) <= 180
}

// horizon is the height of the sun's middle at sunrise and sunset: half its disc and the bending of light at the horizon,
// as NOAA takes them.
const horizon = -0.833

// solar is the sun's declination in degrees and the equation of time in minutes at t: NOAA's solar calculation, after
// Jean Meeus, Astronomical Algorithms; good to a minute of time between 1900 and 2100 below 72 degrees of latitude.
func solar(t time.Time) (declination, equation float64) {
	c := (float64(t.Unix())/86400 + 2440587.5 - 2451545) / 36525 // Julian centuries since J2000
	meanLongitude := math.Mod(280.46646+c*(36000.76983+c*0.0003032), 360)
	anomaly := 357.52911 + c*(35999.05029-0.0001537*c)
	eccentricity := 0.016708634 - c*(0.000042037+0.0000001267*c)
	center := sin(anomaly)*(1.914602-c*(0.004817+0.000014*c)) + sin(2*anomaly)*(0.019993-0.000101*c) + sin(3*anomaly)*0.000289
	node := 125.04 - 1934.136*c
	longitude := meanLongitude + center - 0.00569 - 0.00478*sin(node)
	obliquity := 23 + (26+(21.448-c*(46.815+c*(0.00059-c*0.001813)))/60)/60 + 0.00256*cos(node)
	declination = degrees(math.Asin(sin(obliquity) * sin(longitude)))
	y := math.Pow(math.Tan(radians(obliquity/2)), 2)
	equation = 4 * degrees(y*sin(2*meanLongitude)-2*eccentricity*sin(anomaly)+4*eccentricity*y*sin(anomaly)*cos(2*meanLongitude)-
		0.5*y*y*sin(4*meanLongitude)-1.25*eccentricity*eccentricity*sin(2*anomaly))
	return declination, equation
}

func radians(d float64) float64 { return d * math.Pi / 180 }
func degrees(r float64) float64 { return r * 180 / math.Pi }
func sin(d float64) float64     { return math.Sin(radians(d)) }
func cos(d float64) float64     { return math.Cos(radians(d)) }

// Elevation is the height of the sun's middle above the horizon at t in degrees, without the bending of light.
func Elevation(t time.Time, p Position) float64 {
	declination, equation := solar(t)
	u := t.UTC()
	minutes := float64(u.Hour()*60+u.Minute()) + float64(u.Second())/60 + equation + 4*p.Longitude
	angle := math.Mod(minutes, 1440)/4 - 180
	return degrees(math.Asin(clamp(sin(p.Latitude)*sin(declination) + cos(p.Latitude)*cos(declination)*cos(angle))))
}

// Up says whether any of the sun's disc is seen at t over a level horizon.
func Up(t time.Time, p Position) bool { return Elevation(t, p) > horizon }

func clamp(x float64) float64 { return max(-1, min(1, x)) }

// Sun happens at sunrise or sunset, moved by Offset, on each of Days. Days on which the sun does not rise or set, near the
// poles, are passed over.
type Sun struct {
	At     Position
	Set    bool // sunset; else sunrise
	Offset time.Duration
	Days   Days
}

// Next implements Schedule. The moment is a whole second.
func (s Sun) Next(t time.Time) time.Time {
	for i := -1; i < 370; i++ {
		day := noon(t, i)
		if !s.Days.Has(day.Weekday()) {
			continue
		}
		at, ok := crossing(day, s.At, s.Set)
		if at = at.Add(s.Offset); ok && at.After(t) {
			return at
		}
	}
	return time.Time{}
}

// crossing is when the sun rises or sets on the day whose local noon is given; false when it does neither.
func crossing(noon time.Time, p Position, set bool) (time.Time, bool) {
	u := noon.UTC()
	// Start from the middle of the sun's day nearest to the wall clock's noon, and let two rounds settle the rest.
	at := u
	for range 3 {
		declination, equation := solar(at)
		transit := solarNoon(u, p, equation)
		x := (sin(horizon) - sin(p.Latitude)*sin(declination)) / (cos(p.Latitude) * cos(declination))
		if math.IsNaN(x) || x < -1 || x > 1 {
			return time.Time{}, false
		}
		half := degrees(math.Acos(x)) * 4
		if !set {
			half = -half
		}
		at = transit.Add(time.Duration(half * float64(time.Minute)))
	}
	return at.Round(time.Second).In(noon.Location()), true
}

// solarNoon is when the sun stands highest, nearest to the given noon.
func solarNoon(noon time.Time, p Position, equation float64) time.Time {
	midnight := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, time.UTC)
	at := midnight.Add(time.Duration((720 - 4*p.Longitude - equation) * float64(time.Minute)))
	for at.Sub(noon) > 12*time.Hour {
		at = at.Add(-24 * time.Hour)
	}
	for noon.Sub(at) > 12*time.Hour {
		at = at.Add(24 * time.Hour)
	}
	return at
}
