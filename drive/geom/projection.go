package geom

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Projection lays the earth's surface (WGS 84) on a plane by the transverse Mercator, which is UTM's too. Within 3,000 km
// of its meridian it is right to better than a millimetre.
type Projection struct {
	meridian     float64 // radians
	scale        float64
	east, north  float64 // m, of the point where the meridian meets the latitude below
	atLatitude   float64 // radians
	startsAtNorm float64 // the meridian's arc to that latitude, m
}

// The ellipsoid of WGS 84, and the coefficients of Krüger's series for it, to the fourth power of the third flattening.
const (
	semiMajor  = 6378137.0
	flattening = 1 / 298.257223563
	n1         = flattening / (2 - flattening)
	n2         = n1 * n1
	n3         = n2 * n1
	n4         = n2 * n2
	rectifying = semiMajor / (1 + n1) * (1 + n2/4 + n4/64)
)

// ParseProjection understands "+proj=utm +zone=..." and "+proj=tmerc ..." as PROJ writes them, on WGS 84 or what differs
// from it by less than a metre (GRS 80, ETRS 89). It fails on all else.
func ParseProjection(text string) (Projection, error) {
	value := map[string]string{}
	for _, word := range strings.Fields(text) {
		name, v, _ := strings.Cut(strings.TrimPrefix(word, "+"), "=")
		value[name] = v
	}
	number := func(name string, otherwise float64) (float64, error) {
		v, there := value[name]
		if !there {
			return otherwise, nil
		}
		x, err := strconv.ParseFloat(v, 64)
		if err != nil || !finite(x) {
			return 0, fmt.Errorf("+%s=%s is not a number", name, v)
		}
		return x, nil
	}
	switch value["ellps"] + value["datum"] {
	case "", "WGS84", "GRS80", "WGS84WGS84", "GRS80WGS84", "GRS80NAD83", "NAD83":
	default:
		return Projection{}, fmt.Errorf("the ellipsoid %s%s is not WGS 84", value["ellps"], value["datum"])
	}
	p := Projection{scale: 0.9996, east: 500000}
	switch value["proj"] {
	case "utm":
		zone, err := strconv.Atoi(value["zone"])
		if err != nil || zone < 1 || zone > 60 {
			return Projection{}, fmt.Errorf("+zone=%s is none of the UTM's 60 zones", value["zone"])
		}
		p.meridian = float64(6*zone-183) * math.Pi / 180
		if _, south := value["south"]; south {
			p.north = 1e7
		}
	case "tmerc":
		var lat, lon float64
		var errs [5]error
		lat, errs[0] = number("lat_0", 0)
		lon, errs[1] = number("lon_0", 0)
		p.east, errs[2] = number("x_0", 0)
		p.north, errs[3] = number("y_0", 0)
		p.scale, errs[4] = number("k", 1)
		if _, there := value["k_0"]; there {
			p.scale, errs[4] = number("k_0", 1)
		}
		if err := errors.Join(errs[:]...); err != nil {
			return Projection{}, err
		}
		p.atLatitude, p.meridian = lat*math.Pi/180, lon*math.Pi/180
	default:
		return Projection{}, fmt.Errorf("the projection %q is neither utm nor tmerc", value["proj"])
	}
	if !(p.scale > 0) {
		return Projection{}, fmt.Errorf("the scale %g is not above 0", p.scale)
	}
	p.startsAtNorm = p.plane(p.atLatitude, 0).Y
	return p, nil
}

// Plane gives where a place on earth lies on the plane, m.
func (p Projection) Plane(lat, lon float64) Vec {
	v := p.plane(lat*math.Pi/180, Wrap(lon*math.Pi/180-p.meridian))
	return Vec{p.east + v.X, p.north + v.Y - p.startsAtNorm}
}

// plane is the projection from the equator and the meridian.
func (p Projection) plane(lat, lon float64) Vec {
	k := 2 * math.Sqrt(n1) / (1 + n1)
	t := math.Sinh(math.Atanh(math.Sin(lat)) - k*math.Atanh(k*math.Sin(lat)))
	xi, eta := math.Atan2(t, math.Cos(lon)), math.Atanh(math.Sin(lon)/math.Hypot(1, t))
	forward := [4]float64{
		n1/2 - 2*n2/3 + 5*n3/16 + 41*n4/180,
		13*n2/48 - 3*n3/5 + 557*n4/1440,
		61*n3/240 - 103*n4/140,
		49561 * n4 / 161280,
	}
	x, y := eta, xi
	for j, a := range forward {
		m := 2 * float64(j+1)
		x += a * math.Cos(m*xi) * math.Sinh(m*eta)
		y += a * math.Sin(m*xi) * math.Cosh(m*eta)
	}
	return Vec{p.scale * rectifying * x, p.scale * rectifying * y}
}

// Degrees gives the latitude and longitude of a point on the plane.
func (p Projection) Degrees(v Vec) (lat, lon float64) {
	xi := (v.Y - p.north + p.startsAtNorm) / (p.scale * rectifying)
	eta := (v.X - p.east) / (p.scale * rectifying)
	back := [4]float64{
		n1/2 - 2*n2/3 + 37*n3/96 - n4/360,
		n2/48 + n3/15 - 437*n4/1440,
		17*n3/480 - 37*n4/840,
		4397 * n4 / 161280,
	}
	x, y := eta, xi
	for j, b := range back {
		m := 2 * float64(j+1)
		x -= b * math.Cos(m*xi) * math.Sinh(m*eta)
		y -= b * math.Sin(m*xi) * math.Cosh(m*eta)
	}
	chi := math.Asin(math.Sin(y) / math.Cosh(x))
	at := chi
	for j, d := range [4]float64{
		2*n1 - 2*n2/3 - 2*n3 + 116*n4/45,
		7*n2/3 - 8*n3/5 - 227*n4/45,
		56*n3/15 - 136*n4/35,
		4279 * n4 / 630,
	} {
		at += d * math.Sin(2*float64(j+1)*chi)
	}
	turn := math.Atan2(math.Sinh(x), math.Cos(y))
	return at * 180 / math.Pi, Wrap(p.meridian+turn) * 180 / math.Pi
}
