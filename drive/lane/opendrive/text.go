package opendrive

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// maxInput is how many bytes a file may have.
const maxInput = 64 << 20

// num is a number of an attribute, and whether it was there.
type num struct {
	v     float64
	given bool
}

// UnmarshalXMLAttr reads a finite number.
func (n *num) UnmarshalXMLAttr(a xml.Attr) error {
	if n.set(a.Value) != nil {
		return fmt.Errorf("%s=%q is not a finite number", a.Name.Local, a.Value)
	}
	return nil
}

func (n *num) set(s string) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%q is not a finite number", s)
	}
	*n = num{v, true}
	return nil
}

// The elements of the format that a lane map needs, as they are written. What else a file holds is passed over.
type (
	xFile struct {
		XMLName   xml.Name    `xml:"OpenDRIVE"`
		Header    xHeader     `xml:"header"`
		Roads     []xRoad     `xml:"road"`
		Junctions []xJunction `xml:"junction"`
	}
	xHeader struct {
		Offset struct {
			X num `xml:"x,attr"`
			Y num `xml:"y,attr"`
		} `xml:"offset"`
		Rest []xml.Attr `xml:",any,attr"`
		Geo  string     `xml:"geoReference"`
	}
	xRoad struct {
		ID       string `xml:"id,attr"`
		Length   num    `xml:"length,attr"`
		Junction string `xml:"junction,attr"`
		Rule     string `xml:"rule,attr"`
		Link     struct {
			Predecessor *xRoadEnd `xml:"predecessor"`
			Successor   *xRoadEnd `xml:"successor"`
		} `xml:"link"`
		Types []xRoadType `xml:"type"`
		Plan  struct {
			Geometry []xGeometry `xml:"geometry"`
		} `xml:"planView"`
		Lanes struct {
			Offset   []xPoly    `xml:"laneOffset"`
			Sections []xSection `xml:"laneSection"`
		} `xml:"lanes"`
		Signals struct {
			Signal    []xSignal `xml:"signal"`
			Reference []xSignal `xml:"signalReference"`
		} `xml:"signals"`
	}
	xRoadEnd struct {
		Type    string `xml:"elementType,attr"`
		ID      string `xml:"elementId,attr"`
		Contact string `xml:"contactPoint,attr"`
	}
	xRoadType struct {
		S     num     `xml:"s,attr"`
		Type  string  `xml:"type,attr"`
		Speed *xSpeed `xml:"speed"`
	}
	xSpeed struct {
		Offset num    `xml:"sOffset,attr"`
		Max    string `xml:"max,attr"`
		Unit   string `xml:"unit,attr"`
	}
	xGeometry struct {
		S      num       `xml:"s,attr"`
		X      num       `xml:"x,attr"`
		Y      num       `xml:"y,attr"`
		Hdg    num       `xml:"hdg,attr"`
		Length num       `xml:"length,attr"`
		Line   *struct{} `xml:"line"`
		Spiral *struct {
			Start num `xml:"curvStart,attr"`
			End   num `xml:"curvEnd,attr"`
		} `xml:"spiral"`
		Arc *struct {
			Curvature num `xml:"curvature,attr"`
		} `xml:"arc"`
		Poly3      *xPoly `xml:"poly3"`
		ParamPoly3 *struct {
			AU    num    `xml:"aU,attr"`
			BU    num    `xml:"bU,attr"`
			CU    num    `xml:"cU,attr"`
			DU    num    `xml:"dU,attr"`
			AV    num    `xml:"aV,attr"`
			BV    num    `xml:"bV,attr"`
			CV    num    `xml:"cV,attr"`
			DV    num    `xml:"dV,attr"`
			Range string `xml:"pRange,attr"`
		} `xml:"paramPoly3"`
	}
	// xPoly is a + b·ds + c·ds² + d·ds³ from S, or from Offset where the format calls it that.
	xPoly struct {
		S      num `xml:"s,attr"`
		Offset num `xml:"sOffset,attr"`
		A      num `xml:"a,attr"`
		B      num `xml:"b,attr"`
		C      num `xml:"c,attr"`
		D      num `xml:"d,attr"`
	}
	xSection struct {
		S      num     `xml:"s,attr"`
		Left   []xLane `xml:"left>lane"`
		Centre []xLane `xml:"center>lane"`
		Right  []xLane `xml:"right>lane"`
	}
	xLane struct {
		ID        string `xml:"id,attr"`
		Type      string `xml:"type,attr"`
		Direction string `xml:"direction,attr"`
		Link      struct {
			Predecessor []xLaneEnd `xml:"predecessor"`
			Successor   []xLaneEnd `xml:"successor"`
		} `xml:"link"`
		Width  []xPoly   `xml:"width"`
		Border []xPoly   `xml:"border"`
		Speed  []xSpeed  `xml:"speed"`
		Access []xAccess `xml:"access"`
		Mark   []xMark   `xml:"roadMark"`
	}
	xLaneEnd struct {
		ID int `xml:"id,attr"`
	}
	xAccess struct {
		Rule        string `xml:"rule,attr"`
		Restriction string `xml:"restriction,attr"`
		Listed      []struct {
			Type string `xml:"type,attr"`
		} `xml:"restriction"`
	}
	xMark struct {
		Type   string `xml:"type,attr"`
		Change string `xml:"laneChange,attr"`
	}
	xSignal struct {
		ID          string      `xml:"id,attr"`
		S           num         `xml:"s,attr"`
		T           num         `xml:"t,attr"`
		Orientation string      `xml:"orientation,attr"`
		Dynamic     string      `xml:"dynamic,attr"`
		Country     string      `xml:"country,attr"`
		Type        string      `xml:"type,attr"`
		Subtype     string      `xml:"subtype,attr"`
		Validity    []xValidity `xml:"validity"`
	}
	xValidity struct {
		From int `xml:"fromLane,attr"`
		To   int `xml:"toLane,attr"`
	}
	xJunction struct {
		ID         string        `xml:"id,attr"`
		Type       string        `xml:"type,attr"`
		Connection []xConnection `xml:"connection"`
		Priority   []xPriority   `xml:"priority"`
	}
	xConnection struct {
		ID         string  `xml:"id,attr"`
		Incoming   string  `xml:"incomingRoad,attr"`
		Connecting string  `xml:"connectingRoad,attr"`
		Linked     string  `xml:"linkedRoad,attr"`
		Contact    string  `xml:"contactPoint,attr"`
		Link       []xLink `xml:"laneLink"`
	}
	xLink struct {
		From int `xml:"from,attr"`
		To   int `xml:"to,attr"`
	}
	xPriority struct {
		High string `xml:"high,attr"`
		Low  string `xml:"low,attr"`
	}
)

// parse reads the text of a file and looks at its version.
func parse(r io.Reader) (*xFile, error) {
	limited := &io.LimitedReader{R: r, N: maxInput + 1}
	buffered := bufio.NewReader(limited)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}
	dec := xml.NewDecoder(buffered)
	dec.CharsetReader = charset
	f := &xFile{}
	err := dec.Decode(f)
	if limited.N <= 0 {
		return nil, fmt.Errorf("the file has more than %d MB; cut the map into parts", maxInput>>20)
	}
	if err != nil {
		line, column := dec.InputPos()
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return f, f.checkVersion()
}

// checkVersion refuses what is not OpenDRIVE 1.x: the next major version may mean other things by the same words.
func (f *xFile) checkVersion() error {
	for _, a := range f.Header.Rest {
		if a.Name.Local == "revMajor" && strings.TrimSpace(a.Value) != "1" {
			return fmt.Errorf("header: revMajor=%q; this reader knows OpenDRIVE 1.4 to 1.8", a.Value)
		}
	}
	if len(f.Roads) == 0 {
		return fmt.Errorf("the file holds no road")
	}
	return nil
}

// charset reads the one-byte encodings that old tools write; ASCII and Latin-1 are both runes of their bytes.
func charset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	}
	return nil, fmt.Errorf("encoding %q; write the file in UTF-8", name)
}
