package commonroad

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hutong/drive/geom"
)

// What a file may hold at most: ten times the largest in public use.
const (
	maxInput    = 64 << 20
	maxLanelets = 50_000
	maxSteps    = 100_000
)

// num is a finite number of the text.
type num float64

// UnmarshalText reads a finite number.
func (n *num) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e9 {
		return fmt.Errorf("%q is not a number that fits on a map", text)
	}
	*n = num(v)
	return nil
}

// The elements as they are written. The 2018b version calls every obstacle the same and tells its role; 2020a has
// elements of their own.
type (
	xScenario struct {
		XMLName   xml.Name    `xml:"commonRoad"`
		ID        string      `xml:"benchmarkID,attr"`
		Version   string      `xml:"commonRoadVersion,attr"`
		Step      num         `xml:"timeStepSize,attr"`
		Lanelets  []xLanelet  `xml:"lanelet"`
		Signs     []xSign     `xml:"trafficSign"`
		Lights    []xLight    `xml:"trafficLight"`
		Crossings []xCrossing `xml:"intersection"`
		Old       []xObstacle `xml:"obstacle"`
		Static    []xObstacle `xml:"staticObstacle"`
		Dynamic   []xObstacle `xml:"dynamicObstacle"`
		Problems  []xProblem  `xml:"planningProblem"`
	}
	xPoint struct {
		X *num `xml:"x"`
		Y *num `xml:"y"`
	}
	xBound struct {
		Points []xPoint `xml:"point"`
		Mark   string   `xml:"lineMarking"`
	}
	xRef struct {
		Ref int64  `xml:"ref,attr"`
		Dir string `xml:"drivingDir,attr"`
	}
	xLanelet struct {
		ID     int64    `xml:"id,attr"`
		Left   xBound   `xml:"leftBound"`
		Right  xBound   `xml:"rightBound"`
		Before []xRef   `xml:"predecessor"`
		After  []xRef   `xml:"successor"`
		LeftOf *xRef    `xml:"adjacentLeft"`
		Beside *xRef    `xml:"adjacentRight"`
		Limit  *num     `xml:"speedLimit"`
		Types  []string `xml:"laneletType"`
		OneWay []string `xml:"userOneWay"`
		Both   []string `xml:"userBidirectional"`
		Signs  []xRef   `xml:"trafficSignRef"`
		Lights []xRef   `xml:"trafficLightRef"`
	}
	xSign struct {
		ID       int64 `xml:"id,attr"`
		Elements []struct {
			ID     string   `xml:"trafficSignID"`
			Values []string `xml:"additionalValue"`
		} `xml:"trafficSignElement"`
	}
	xLight struct {
		ID    int64 `xml:"id,attr"`
		Cycle struct {
			Offset   int `xml:"timeOffset"`
			Elements []struct {
				Steps  int    `xml:"duration"`
				Colour string `xml:"color"`
			} `xml:"cycleElement"`
		} `xml:"cycle"`
		Direction string `xml:"direction"`
	}
	xCrossing struct {
		ID       int64 `xml:"id,attr"`
		Incoming []struct {
			Right    []xRef `xml:"successorsRight"`
			Straight []xRef `xml:"successorsStraight"`
			Left     []xRef `xml:"successorsLeft"`
		} `xml:"incoming"`
	}
	xValue struct {
		Exact *num `xml:"exact"`
		From  *num `xml:"intervalStart"`
		To    *num `xml:"intervalEnd"`
	}
	xShapes struct {
		Points     []xPoint `xml:"point"`
		Rectangles []struct {
			Length  num     `xml:"length"`
			Width   num     `xml:"width"`
			Heading num     `xml:"orientation"`
			Centre  *xPoint `xml:"center"`
		} `xml:"rectangle"`
		Circles []struct {
			Radius num     `xml:"radius"`
			Centre *xPoint `xml:"center"`
		} `xml:"circle"`
		Polygons []struct {
			Points []xPoint `xml:"point"`
		} `xml:"polygon"`
		Lanelets []xRef `xml:"lanelet"`
	}
	xState struct {
		Place   *xShapes `xml:"position"`
		Heading *xValue  `xml:"orientation"`
		Time    *xValue  `xml:"time"`
		Speed   *xValue  `xml:"velocity"`
		Accel   *xValue  `xml:"acceleration"`
		YawRate *xValue  `xml:"yawRate"`
	}
	xObstacle struct {
		ID      int64   `xml:"id,attr"`
		Role    string  `xml:"role"`
		Type    string  `xml:"type"`
		Shape   xShapes `xml:"shape"`
		Initial *xState `xml:"initialState"`
		Path    struct {
			States []xState `xml:"state"`
		} `xml:"trajectory"`
		Fills struct {
			Fill []struct {
				Shape xShapes `xml:"shape"`
				Time  *xValue `xml:"time"`
			} `xml:"occupancy"`
		} `xml:"occupancySet"`
	}
	xProblem struct {
		ID      int64    `xml:"id,attr"`
		Initial *xState  `xml:"initialState"`
		Goals   []xState `xml:"goalState"`
	}
)

// parse reads the text.
func parse(r io.Reader) (*xScenario, error) {
	limited := &io.LimitedReader{R: r, N: maxInput + 1}
	dec := xml.NewDecoder(limited)
	x := &xScenario{}
	err := dec.Decode(x)
	if limited.N <= 0 {
		return nil, fmt.Errorf("the file has more than %d MB", maxInput>>20)
	}
	if err != nil {
		line, column := dec.InputPos()
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	switch {
	case x.Version != "2018b" && x.Version != "2020a":
		return nil, fmt.Errorf("commonRoadVersion=%q; this reader knows 2018b and 2020a", x.Version)
	case !(x.Step > 0) || x.Step > 10:
		return nil, fmt.Errorf("timeStepSize=%g is no step of time", float64(x.Step))
	case len(x.Lanelets) == 0:
		return nil, errors.New("the scenario has no lanelet")
	case len(x.Lanelets) > maxLanelets:
		return nil, fmt.Errorf("the scenario has %d lanelets; the most is %d", len(x.Lanelets), maxLanelets)
	}
	return x, nil
}

func (p *xPoint) vec() (geom.Vec, error) {
	if p == nil || p.X == nil || p.Y == nil {
		return geom.Vec{}, errors.New("a point has no x or no y")
	}
	return geom.Vec{X: float64(*p.X), Y: float64(*p.Y)}, nil
}

func vecs(points []xPoint) ([]geom.Vec, error) {
	out := make([]geom.Vec, 0, len(points))
	for i := range points {
		v, err := points[i].vec()
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", i, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// middle gives an exact value, or the middle of an interval; otherwise where it is not told.
func (v *xValue) middle(otherwise float64) float64 {
	switch {
	case v == nil:
		return otherwise
	case v.Exact != nil:
		return float64(*v.Exact)
	case v.From != nil && v.To != nil:
		return (float64(*v.From) + float64(*v.To)) / 2
	}
	return otherwise
}

// interval gives an interval, an exact value being one of no length; nil where it is not told.
func (v *xValue) interval(what string) (*Interval, error) {
	switch {
	case v == nil:
		return nil, nil
	case v.Exact != nil:
		return &Interval{float64(*v.Exact), float64(*v.Exact)}, nil
	case v.From == nil || v.To == nil || *v.To < *v.From:
		return nil, fmt.Errorf("%s is no interval", what)
	}
	return &Interval{float64(*v.From), float64(*v.To)}, nil
}

// steps gives an interval of time steps.
func (v *xValue) steps() (from, to int, err error) {
	i, err := v.interval("time")
	switch {
	case err != nil:
		return 0, 0, err
	case i == nil:
		return 0, 0, errors.New("time is missing")
	case i.From < 0 || i.To > maxSteps:
		return 0, 0, fmt.Errorf("time is from %g to %g; steps count from 0 to %d", i.From, i.To, maxSteps)
	}
	return int(i.From), int(i.To), nil
}
