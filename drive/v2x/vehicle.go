package v2x

import (
	"math"
	"time"
)

// Motion is a vehicle as its awareness messages tell it.
type Motion struct {
	Station uint32
	Front   Position // the middle of its front
	Heading float64  // rad, counter-clockwise from east
	Speed   float64  // m/s
	Accel   float64  // m/s²
	YawRate float64  // rad/s, to the left positive
	Length  float64  // m
	Width   float64  // m
}

// The station types that there are here.
const passengerCar = 5

// CAM is a cooperative awareness message, EN 302 637-2.
type CAM struct {
	Header Header `json:"header"`
	CAM    cam    `json:"cam"`
}

type cam struct {
	GenerationDeltaTime int       `json:"generationDeltaTime"`
	Parameters          camParams `json:"camParameters"`
}

type camParams struct {
	Basic camBasic `json:"basicContainer"`
	High  struct {
		Vehicle camHigh `json:"basicVehicleContainerHighFrequency"`
	} `json:"highFrequencyContainer"`
}

type camBasic struct {
	StationType int      `json:"stationType"`
	Reference   Position `json:"referencePosition"`
}

type camHigh struct {
	Heading        int    `json:"headingValue"`
	Speed          int    `json:"speedValue"` // cm/s
	DriveDirection string `json:"driveDirection"`
	Length         int    `json:"vehicleLengthValue"` // dm
	Width          int    `json:"vehicleWidth"`       // dm
	Acceleration   int    `json:"longitudinalAccelerationValue"`
	Curvature      int    `json:"curvatureValue"` // 1/30,000 m, to the left positive
	YawRate        int    `json:"yawRateValue"`   // 0.01 degrees/s, to the left positive
}

// Aware makes a CAM.
func Aware(m Motion, now time.Time) CAM {
	c := CAM{Header: header(camID, m.Station)}
	c.CAM.GenerationDeltaTime = int(Timestamp(now) % 65536)
	c.CAM.Parameters.Basic = camBasic{passengerCar, m.Front}
	curvature := 1023 // unavailable
	if m.Speed > 0.5 {
		curvature = clamp(30_000*m.YawRate/m.Speed, -1023, 1022)
	}
	c.CAM.Parameters.High.Vehicle = camHigh{
		Heading: heading(m.Heading), Speed: clamp(100*m.Speed, 0, 16382), DriveDirection: "forward",
		Length: clamp(10*m.Length, 1, 1022), Width: clamp(10*m.Width, 1, 61), Acceleration: clamp(10*m.Accel, -160, 160),
		Curvature: curvature, YawRate: clamp(100*m.YawRate*180/math.Pi, -32766, 32766),
	}
	return c
}

// Due tells whether a CAM is due, by the rules of EN 302 637-2, 6.1.3: when the vehicle has turned by more than 4 degrees,
// gone more than 4 m, or changed its speed by more than 0.5 m/s since the last, and after a second anyhow. Metres is how
// far it has gone since.
func Due(last, now Motion, metres float64, since time.Duration) bool {
	turned := math.Abs(math.Remainder(now.Heading-last.Heading, 2*math.Pi))
	return since >= time.Second || turned > 4*math.Pi/180 || metres > 4 || math.Abs(now.Speed-last.Speed) > 0.5
}

// Cause is why a warning is given: CauseCodeType, and the cause's own sub cause.
type Cause struct {
	Code int `json:"causeCode"`
	Sub  int `json:"subCauseCode"`
}

// Causes that there are here.
var (
	Accident   = Cause{2, 0}
	Obstacle   = Cause{10, 0} // on the road: something blocks the lane
	Stationary = Cause{94, 0}
	Braking    = Cause{99, 1} // the emergency brake is on
)

// DENM is a decentralised environmental notification, EN 302 637-3.
type DENM struct {
	Header Header `json:"header"`
	DENM   denm   `json:"denm"`
}

type denm struct {
	Management denmManagement `json:"management"`
	Situation  *denmSituation `json:"situation,omitempty"`
}

type denmManagement struct {
	ActionID struct {
		Station  uint32 `json:"originatingStationID"`
		Sequence int    `json:"sequenceNumber"`
	} `json:"actionID"`
	Detected    uint64   `json:"detectionTime"`
	Reference   uint64   `json:"referenceTime"`
	Termination string   `json:"termination,omitempty"`
	Position    Position `json:"eventPosition"`
	Validity    int      `json:"validityDuration"` // s
	StationType int      `json:"stationType"`
}

type denmSituation struct {
	Quality int   `json:"informationQuality"`
	Event   Cause `json:"eventType"`
}

// quality is InformationQuality of what a vehicle knows of itself, the highest.
const quality = 7

// Warn makes a DENM. Its sequence number names the event: the same one ends it, with over.
func Warn(station uint32, sequence int, cause Cause, at Position, began, now time.Time, valid time.Duration, over bool) DENM {
	d := DENM{Header: header(denmID, station)}
	m := &d.DENM.Management
	m.ActionID.Station, m.ActionID.Sequence = station, sequence%65536
	m.Detected, m.Reference, m.Position = Timestamp(began), Timestamp(now), at
	m.Validity, m.StationType = clamp(valid.Seconds(), 0, 86400), passengerCar
	if over {
		m.Termination = "isCancellation"
		return d
	}
	d.DENM.Situation = &denmSituation{quality, cause}
	return d
}
