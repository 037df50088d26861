// Package maps reads a lane map in whichever of the known formats it is written: SUMO's .net.xml, ASAM OpenDRIVE (.xodr),
// Lanelet2 in OpenStreetMap's XML (.osm), CommonRoad's XML; each plain or gzipped. A further format is one line here.
package maps

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"hutong/drive/lane"
	"hutong/drive/lane/commonroad"
	"hutong/drive/lane/lanelet2"
	"hutong/drive/lane/opendrive"
	"hutong/drive/lane/sumonet"
	"hutong/drive/lane/unzip"
)

// formats are the readers, by the name of the XML's root element.
var formats = map[string]func(io.Reader) (*lane.Map, error){
	"net": sumonet.Read,
	"osm": lanelet2.Read,
	"OpenDRIVE": func(r io.Reader) (*lane.Map, error) {
		n, err := opendrive.Read(r)
		if err != nil {
			return nil, err
		}
		return n.Map, nil
	},
	"commonRoad": func(r io.Reader) (*lane.Map, error) {
		s, err := commonroad.Read(r)
		if err != nil {
			return nil, err
		}
		return s.Map, nil
	},
}

// maxHead is how many bytes may come before the root element: SUMO's tools write their whole configuration there.
const maxHead = 1 << 20

// Read reads a map; by its root element it is told which format it is. Each format bounds what it reads, after it is
// unzipped. It fails where the root element is none of those above, and as the format's own Read does.
func Read(r io.Reader) (*lane.Map, error) {
	in, err := unzip.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("reading a map: %w", err)
	}
	var head bytes.Buffer
	name, err := root(io.TeeReader(io.LimitReader(in, maxHead), &head))
	if err != nil {
		return nil, fmt.Errorf("reading a map: %w", err)
	}
	read := formats[name]
	if read == nil {
		return nil, fmt.Errorf("reading a map: <%s> is none of <net> (SUMO), <OpenDRIVE>, <osm> (Lanelet2) and <commonRoad>", name)
	}
	return read(io.MultiReader(&head, in))
}

// root gives the name of the first element.
func root(r io.Reader) (string, error) {
	d := xml.NewDecoder(r)
	// The name alone is wanted: what the text is written in, the format's reader asks for itself.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", errors.New("it has no element")
		}
		if err != nil {
			return "", err
		}
		if at, is := token.(xml.StartElement); is {
			return at.Name.Local, nil
		}
	}
}
