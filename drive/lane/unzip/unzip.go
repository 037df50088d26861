// Package unzip reads text that may be gzipped, as the files of maps and scenarios are.
package unzip

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

// Reader gives what r holds, unzipped where it begins as gzip does (RFC 1952, section 2.3.1). It doesn't bound it.
func Reader(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	plain, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return bufio.NewReader(plain), nil
}
