package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A segment file begins with 28 bytes: magic and version, its number, its base, a CRC32C.
const (
	segmentMagic   = "hutongJ"
	segmentVersion = 1
	segmentHeader  = 28
	segmentSuffix  = ".journal"
)

// segment is one file of the journal. Fields other than last and size never change.
type segment struct {
	number uint64 // grows by one with each file ever made
	base   uint64 // no Seq in the file is lower, and none in earlier files that is not lower counts
	last   uint64 // highest Seq known to be on disk in it, base-1 when there is none
	size   int64  // bytes known to be on disk
}

func (s segment) name() string { return fmt.Sprintf("%012d%s", s.number, segmentSuffix) }

// segmentNumber reads a file name; false for a file that is not a segment.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 12 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n > 0
}

func (s segment) header() []byte {
	b := append(make([]byte, 0, segmentHeader), segmentMagic...)
	b = append(b, segmentVersion)
	b = binary.LittleEndian.AppendUint64(b, s.number)
	b = binary.LittleEndian.AppendUint64(b, s.base)
	return binary.LittleEndian.AppendUint32(b, seal(s.number, b))
}

var errDamaged = errors.New("damaged")

// parseSegmentHeader returns the base. A later version is an error that says so; anything else wrong is errDamaged.
func parseSegmentHeader(b []byte, number uint64) (base uint64, err error) {
	if len(b) < segmentHeader {
		return 0, errDamaged
	}
	le := binary.LittleEndian
	if le.Uint32(b[24:]) != seal(number, b[:24]) || string(b[:7]) != segmentMagic {
		return 0, errDamaged
	}
	if b[7] != segmentVersion {
		return 0, fmt.Errorf("journal format %d is not known here (this program knows %d): use the hutong that wrote it or a newer one",
			b[7], segmentVersion)
	}
	return le.Uint64(b[16:]), nil
}

// scanner goes through the frames of a segment and steps over what is damaged.
type scanner struct {
	r       *bufio.Reader
	number  uint64
	off     int64  // of the next byte to read
	last    uint64 // Seq the last good frame ended with
	payload []byte
	damage  func(off, n int64, what string) // told about every stretch that is stepped over
	bad     int64                           // start of the stretch being stepped over, -1 when none
	why     string
	blank   bool   // all of that stretch is zeros
	lostTo  uint64 // in a frame whose payload is damaged: the last Seq it held
}

func newScanner(f io.ReaderAt, number uint64, off, size int64, damage func(off, n int64, what string)) *scanner {
	s := &scanner{r: bufio.NewReaderSize(nil, splitPayload*2)}
	s.reset(f, number, off, size, damage)
	return s
}

// reset begins anew, keeping the buffers.
func (s *scanner) reset(f io.ReaderAt, number uint64, off, size int64, damage func(off, n int64, what string)) {
	s.r.Reset(io.NewSectionReader(f, off, size-off))
	*s = scanner{r: s.r, payload: s.payload, number: number, off: off, damage: damage, bad: -1}
}

// next returns the next good frame, its payload valid until the next call. io.EOF means that there is none; then
// s.bad is where a damaged end begins, or -1. Any other error is the disk's.
func (s *scanner) next() (header, []byte, error) {
	for {
		b, err := s.r.Peek(frameHeader)
		if err != nil && !errors.Is(err, io.EOF) {
			return header{}, nil, err
		}
		if len(b) == 0 {
			return header{}, nil, io.EOF
		}
		h, ok := parseHeader(b, s.number)
		if !ok {
			if err := s.resync(b); err != nil {
				return header{}, nil, err
			}
			continue
		}
		good, err := s.body(h)
		if err != nil {
			return header{}, nil, err
		}
		if good {
			return h, s.payload, nil
		}
	}
}

// body reads and judges the payload that follows a good header.
func (s *scanner) body(h header) (good bool, err error) {
	start := s.off
	if _, err := s.r.Discard(frameHeader); err != nil {
		return false, err
	}
	if cap(s.payload) < h.length {
		s.payload = make([]byte, h.length)
	}
	s.payload = s.payload[:h.length]
	n, err := io.ReadFull(s.r, s.payload)
	s.off += int64(frameHeader + n)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		s.spoil(start, "a frame is cut short", false)
		return false, nil
	case err != nil:
		return false, err
	case seal(s.number, s.payload) != h.crc:
		s.spoil(start, fmt.Sprintf("changes %d to %d are damaged", h.first, h.last), false)
		s.lostTo = h.last
		return false, nil
	case h.first <= s.last:
		s.spoil(start, "a frame is out of order", false)
		return false, nil
	}
	if s.bad >= 0 {
		s.damage(s.bad, start-s.bad, s.why)
		s.bad = -1
	}
	s.last = h.last
	return true, nil
}

func (s *scanner) spoil(at int64, why string, blank bool) {
	if s.bad < 0 {
		s.bad, s.why, s.blank = at, why, true
	}
	s.blank = s.blank && blank
}

// resync moves on to the next place that may be a frame; b is what lies ahead and is not one.
func (s *scanner) resync(b []byte) error {
	if s.r.Buffered() > len(b) {
		b, _ = s.r.Peek(s.r.Buffered())
	}
	var mark [4]byte
	binary.LittleEndian.PutUint32(mark[:], frameMark)
	skip := len(b)
	if i := bytes.Index(b[1:], mark[:]); i >= 0 {
		skip = i + 1
	} else if len(b) > len(mark) {
		skip = len(b) - len(mark) + 1
	}
	s.spoil(s.off, "bytes that are no frame", len(bytes.TrimLeft(b[:skip], "\x00")) == 0)
	n, err := s.r.Discard(skip)
	s.off += int64(n)
	return err
}

// inspection is what opening learns of one segment.
type inspection struct {
	segment
	first   uint64 // Seq of the first good frame, 0 when there is none
	count   int
	bytes   int64 // length of the file as found
	end     int64 // what is behind it, damage or the room made ahead, is to be cut off
	repairs []Repair
	lost    bool // nothing in it can be read, though there is something: left as it is
}

// inspect reads a whole segment, checks every frame and says what is damaged.
func inspect(f io.ReaderAt, number uint64) (inspection, error) {
	in := inspection{segment: segment{number: number}}
	head := make([]byte, segmentHeader)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return in, err
	}
	in.size = segmentHeader
	in.base, err = parseSegmentHeader(head[:n], number)
	headless := errors.Is(err, errDamaged)
	switch {
	case headless && n < segmentHeader:
		in.bytes, in.size = int64(n), int64(n)
		if n > 0 {
			in.repairs = []Repair{{File: in.name(), Bytes: int64(n), What: "a segment that was only begun", Cut: true}}
		}
		return in, nil
	case headless:
		in.repairs = append(in.repairs, Repair{File: in.name(), Bytes: segmentHeader, What: "the file's header is damaged"})
	case err != nil:
		return in, fmt.Errorf("%s: %w", in.name(), err)
	}
	sc := newScanner(f, number, segmentHeader, math.MaxInt64, func(off, n int64, what string) {
		in.repairs = append(in.repairs, Repair{File: in.name(), Offset: off, Bytes: n, What: what})
	})
	for {
		h, _, err := sc.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in, fmt.Errorf("%s: %w", in.name(), err)
		}
		if in.first == 0 {
			in.first = h.first
		}
		in.last, in.size = h.last, sc.off
		in.count += h.count
	}
	in.bytes, in.end = sc.off, sc.off
	if headless {
		in.base = in.first
	}
	if in.first == 0 {
		in.last = in.base - min(in.base, 1)
	}
	room := sc.bad >= 0 && sc.blank
	switch in.lost = headless && in.first == 0 && in.bytes > segmentHeader && !room; {
	case in.lost:
		in.repairs = []Repair{{File: in.name(), Bytes: in.bytes, What: "no change in it can be read; it is left as it is"}}
	case room:
		in.end = sc.bad
	case sc.bad >= 0:
		in.end = sc.bad
		in.repairs = append(in.repairs, Repair{File: in.name(), Offset: sc.bad, Bytes: sc.off - sc.bad, What: sc.why, Cut: true})
	}
	in.last = max(in.last, sc.lostTo)
	return in, nil
}
