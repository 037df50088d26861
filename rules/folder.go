package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"hutong/rules/text"
)

// MaxFiles is how many rules, and how many scenes, a data folder may hold: one for each Thing that a hub takes.
const MaxFiles = 200_000

// folder is a directory of <id>.yaml files.
type folder struct {
	dir string
}

// stamp tells one state of a file from another without reading it.
type stamp struct {
	modified time.Time
	size     int64
}

// scan gives the ids in the folder, and lists those that are new or have another stamp than is known of them. Files that
// are not <id>.yaml are passed over.
func (f folder) scan(known func(id string) (stamp, bool)) (found map[string]struct{}, fresh []string, err error) {
	list, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read folder: %w", err)
	}
	found = make(map[string]struct{}, len(list))
	for _, x := range list {
		id, ok := strings.CutSuffix(x.Name(), ".yaml")
		if !ok || !text.IDPattern.MatchString(id) || len(found) == MaxFiles {
			continue
		}
		before, ok := known(id)
		if ok || !x.Type().IsRegular() {
			info, err := os.Stat(filepath.Join(f.dir, x.Name()))
			if err != nil || !info.Mode().IsRegular() {
				continue // gone meanwhile, or not a file
			}
			ok = ok && before == stamp{info.ModTime(), info.Size()}
		}
		if found[id] = struct{}{}; !ok {
			fresh = append(fresh, id)
		}
	}
	return found, fresh, nil
}

// read returns the text of a file; one that is too long is cut just past the limit, so that it is refused as such.
func (f folder) read(id string) ([]byte, stamp, error) {
	file, err := os.Open(f.path(id))
	if err != nil {
		return nil, stamp{}, fmt.Errorf("read %s: %w", id, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, stamp{}, fmt.Errorf("read %s: %w", id, err)
	}
	data, err := io.ReadAll(io.LimitReader(file, text.MaxFile+1))
	if err != nil {
		return nil, stamp{}, fmt.Errorf("read %s: %w", id, err)
	}
	return data, stamp{info.ModTime(), info.Size()}, nil
}

// file is what was read of one file: which text it has, and what that says or what is wrong with it. One that could not be
// read has no version.
type file[T any] struct {
	version string
	stamp   stamp
	says    T
	wrong   text.Problems
}

func parsed[T any](id string, source []byte, st stamp, parse func(id string, source []byte) (T, text.Problems)) file[T] {
	f := file[T]{version: text.Version(source), stamp: st}
	f.says, f.wrong = parse(id, source)
	return f
}

// readAll reads several files, on all processors, and parses the text of each; one that has gone meanwhile is
// left out.
func readAll[T any](f folder, ids []string, parse func(id string, source []byte) (T, text.Problems)) map[string]file[T] {
	n := runtime.GOMAXPROCS(0)
	parts := make([]map[string]file[T], n)
	var all sync.WaitGroup
	for k := range parts {
		part := map[string]file[T]{}
		parts[k] = part
		all.Go(func() {
			for i := k; i < len(ids); i += n {
				source, st, err := f.read(ids[i])
				switch {
				case errors.Is(err, fs.ErrNotExist):
				case err != nil:
					part[ids[i]] = file[T]{stamp: st, wrong: text.Problems{{Line: 1, Column: 1, Reason: err.Error()}}}
				default:
					part[ids[i]] = parsed(ids[i], source, st, parse)
				}
			}
		})
	}
	all.Wait()
	for _, part := range parts[1:] {
		maps.Copy(parts[0], part)
	}
	return parts[0]
}

// text is what is in a file, false when that can't be read.
func (f folder) text(id string) ([]byte, bool) {
	source, _, err := f.read(id)
	return source, err == nil
}

func (f folder) path(id string) string { return filepath.Join(f.dir, id+".yaml") }

// write replaces a file as a whole: whoever reads it sees the old text or the new.
func (f folder) write(id string, data []byte) (stamp, error) {
	temp, err := os.CreateTemp(f.dir, ".new-*")
	if err != nil {
		return stamp{}, fmt.Errorf("write %s: %w", id, err)
	}
	defer os.Remove(temp.Name()) // gone already when all went well
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), f.path(id))
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		return stamp{}, fmt.Errorf("write %s: %w", id, err)
	}
	info, err := os.Stat(f.path(id))
	if err != nil {
		return stamp{}, fmt.Errorf("write %s: %w", id, err)
	}
	return stamp{info.ModTime(), info.Size()}, nil
}

// remove deletes a file; one that is not there is no error.
func (f folder) remove(id string) error {
	if err := os.Remove(f.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", id, err)
	}
	return f.sync()
}

// sync makes renames and removals last over a power cut.
func (f folder) sync() error {
	d, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// withEnabled returns the text of a rule with enabled: set, every other character as it was.
func withEnabled(source []byte, on bool) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the file is not a rule that could be switched on or off; mend it first")
	}
	top := doc.Content[0]
	if top.Style&yaml.FlowStyle != 0 || len(top.Content) == 0 {
		return nil, errors.New("write the rule with one name: value on each line, then it can be switched on and off")
	}
	lines := bytes.SplitAfter(source, []byte("\n"))
	for i := 0; i+1 < len(top.Content); i += 2 {
		if k, v := top.Content[i], top.Content[i+1]; k.Value == "enabled" && v.Kind == yaml.ScalarNode && v.Line == k.Line {
			line := lines[v.Line-1]
			at := v.Column - 1
			if at > len(line) || !bytes.HasPrefix(line[at:], []byte(v.Value)) {
				return nil, errors.New("enabled: must be true or false on its own line")
			}
			lines[v.Line-1] = fmt.Appendf(nil, "%s%t%s", line[:at], on, line[at+len(v.Value):])
			return bytes.Join(lines, nil), nil
		}
	}
	first := top.Content[0].Line - 1
	out := bytes.Join(lines[:first], nil)
	out = fmt.Appendf(out, "enabled: %t\n", on)
	return append(out, bytes.Join(lines[first:], nil)...), nil
}
