package disk

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const logName = "log"

// Loss is what a power cut took from one folder.
type Loss struct {
	Bytes  int64 // unsynced, gone
	Junk   int   // files whose unsynced end came back in part or as garbage
	Unmade int   // files that were never there
	Back   int   // deleted files that are there again
}

// known is what is known of one file.
type known struct {
	kept   int64 // length that an fsync has made sure of
	wrote  []span
	sure   int  // of wrote: those that an fsync has made sure of
	made   bool // by a process that was watched; else it was there before, whole
	inside bool // its name outlasts a power cut
}

// span is what one WriteAt wrote.
type span struct{ at, size int64 }

// Cut pulls the plug: folder, whose store was watched by a Disk that wrote to the folder name below dir and is gone, becomes
// what the disk could hold by then. Of what was appended after the last fsync nothing is left, or a part, or a part that
// ends in garbage; of what was written over zeros any sectors; files whose folder was not synced are not there; deleted
// ones may be. The log begins anew.
func Cut(folder, dir, name string, dice *rand.Rand) (Loss, error) {
	shadow := filepath.Join(dir, name)
	text, err := os.ReadFile(filepath.Join(shadow, logName))
	if err != nil {
		return Loss{}, ignoreMissing(err)
	}
	files, gone := replay(string(text))
	var loss Loss
	for _, f := range slices.Sorted(maps.Keys(files)) {
		if err := loss.end(filepath.Join(folder, f), files[f], dice); err != nil {
			return loss, err
		}
	}
	for _, f := range gone {
		if dice.IntN(2) == 0 {
			continue
		}
		err := os.Link(filepath.Join(shadow, f), filepath.Join(folder, f))
		switch {
		case err == nil:
			loss.Back++
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist):
			return loss, err
		}
	}
	return loss, os.RemoveAll(shadow)
}

// replay reads the log: the files there, and those whose deletion may not have happened.
func replay(text string) (files map[string]*known, gone []string) {
	files = map[string]*known{}
	of := func(name string) *known {
		if files[name] == nil {
			files[name] = &known{kept: 1 << 62, inside: true} // it was there before
		}
		return files[name]
	}
	for _, e := range entries(text) {
		switch e.what {
		case "made":
			files[e.name] = &known{made: true}
		case "wrote":
			f := of(e.name)
			f.wrote = append(f.wrote, span{e.at, e.size})
		case "kept":
			f := of(e.name)
			f.sure, f.kept = int(e.at), e.size
		case "cut":
			f := of(e.name)
			f.kept = min(f.kept, e.size)
		case "gone":
			if of(e.name).inside {
				gone = append(gone, e.name)
			}
			delete(files, e.name)
		case "named":
			from, to, _ := strings.Cut(e.name, "/")
			files[to] = of(from)
			files[to].inside = true
			delete(files, from)
			gone = nil
		case "folder":
			for _, k := range files {
				k.inside = true
			}
			gone = nil
		}
	}
	return files, gone
}

// end gives a file the end that it may have after the cut.
func (l *Loss) end(name string, k *known, dice *rand.Rand) error {
	info, err := os.Stat(name)
	if err != nil {
		return ignoreMissing(err)
	}
	if !k.inside {
		l.Unmade++
		l.Bytes += info.Size()
		return os.Remove(name)
	}
	for _, w := range k.wrote[min(k.sure, len(k.wrote)):] {
		if err := l.blank(name, w.at, min(w.at+w.size, k.kept, info.Size()), dice); err != nil {
			return err
		}
	}
	extra := info.Size() - k.kept
	if extra <= 0 {
		return nil
	}
	stay := int64(0)
	if dice.IntN(2) == 0 {
		stay = dice.Int64N(extra + 1)
		l.Junk++
	}
	l.Bytes += extra - stay
	if err := os.Truncate(name, k.kept+stay); err != nil || stay == 0 || dice.IntN(2) == 0 {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	garbage := make([]byte, 1+dice.Int64N(stay))
	for i := range garbage {
		garbage[i] = byte(dice.Uint32())
	}
	_, err = f.WriteAt(garbage, k.kept+stay-int64(len(garbage)))
	return errors.Join(err, f.Close())
}

// sector is what a disk writes whole, or not at all, or as garbage.
const sector = 512

// blank makes of the bytes of a file from from to to what a write of them over zeros may have come to.
func (l *Loss) blank(name string, from, to int64, dice *rand.Rand) error {
	if from >= to {
		return nil
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	arrives := dice.IntN(3) // none of them, about half, all
	var errs error
	for from < to && errs == nil {
		end := min(to, (from/sector+1)*sector)
		b := make([]byte, end-from)
		switch {
		case dice.IntN(2) >= arrives:
			l.Bytes += end - from
			_, errs = f.WriteAt(b, from)
		case dice.IntN(8) == 0:
			l.Junk++
			for i := range b {
				b[i] = byte(dice.Uint32())
			}
			_, errs = f.WriteAt(b, from)
		}
		from = end
	}
	return errors.Join(errs, f.Close())
}
