package cabin

import (
	"bytes"
	"compress/flate"
	"sync"
)

// Opening begins a stream of packed pieces: the header of a gzip member (RFC 1952 section 2.3) without name and time.
const Opening = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil { // the level is a good one
		panic("cabin: " + err.Error())
	}
	return w
}}

// Pack compresses a piece of a stream by itself: it refers to nothing before it and ends at a whole byte (RFC 1951
// section 3.2.4, as Z_FULL_FLUSH ends), so that pieces may follow [Opening] in any order and number. A frame is so
// packed once for all who look on, whenever they began.
func Pack(piece []byte) []byte {
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	_, err := w.Write(piece)
	if err == nil {
		err = w.Flush()
	}
	if err != nil { // a buffer takes everything
		panic("cabin: " + err.Error())
	}
	return out.Bytes()
}
