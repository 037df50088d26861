package osc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// What a file may hold at most.
const (
	maxBytes = 16 << 20
	maxDepth = 64
	maxNodes = 200_000
)

// node is one element of a file.
type node struct {
	name string
	line int
	attr []xml.Attr
	kids []*node
}

// readFile reads an XML file whose outermost element is <OpenSCENARIO>.
func readFile(path string) (*node, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	root, err := readTree(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return root, nil
}

func readTree(r io.Reader) (*node, error) {
	limit := &io.LimitedReader{R: r, N: maxBytes + 1}
	d := xml.NewDecoder(limit)
	var open []*node
	var root *node
	count := 0
	for {
		token, err := d.Token()
		if limit.N <= 0 {
			return nil, fmt.Errorf("the file is longer than %d MiB", maxBytes>>20)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			line, _ := d.InputPos()
			n := &node{name: e.Name.Local, line: line, attr: e.Attr}
			if count++; count > maxNodes || len(open) >= maxDepth {
				return nil, fmt.Errorf("line %d: the file has more than %d elements, or more than %d within each other", line, maxNodes, maxDepth)
			}
			if len(open) == 0 {
				root = n
			} else {
				up := open[len(open)-1]
				up.kids = append(up.kids, n)
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if root == nil || root.name != "OpenSCENARIO" && root.name != "OpenScenario" {
		return nil, errors.New("the outermost element is not <OpenSCENARIO>")
	}
	return root, nil
}

// kid gives the first element of that name within n, or along a path of names; nil where there is none.
func (n *node) kid(names ...string) *node {
	for _, name := range names {
		if n == nil {
			return nil
		}
		var found *node
		for _, k := range n.kids {
			if k.name == name {
				found = k
				break
			}
		}
		n = found
	}
	return n
}

// all gives the elements of that name within n, which may be nil.
func (n *node) all(name string) []*node {
	var list []*node
	if n != nil {
		for _, k := range n.kids {
			if k.name == name {
				list = append(list, k)
			}
		}
	}
	return list
}

// only gives the one element within n, as where the standard has a choice.
func (n *node) only() (*node, error) {
	if n == nil || len(n.kids) == 0 {
		return nil, errors.New("an element is empty that needs one within it")
	}
	return n.kids[0], nil
}

// raw gives an attribute as it is written.
func (n *node) raw(name string) (string, bool) {
	for i := range n.attr {
		if n.attr[i].Name.Local == name {
			return strings.TrimSpace(n.attr[i].Value), true
		}
	}
	return "", false
}

// wrong makes an error about the element.
func (n *node) wrong(format string, args ...any) error {
	return fmt.Errorf("line %d: <%s>: %w", n.line, n.name, fmt.Errorf(format, args...))
}
