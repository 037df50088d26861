package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"hutong/registry"
)

// backupFormat is the version of the file that backup writes (docs/formats/backup.md). Restore reads this one and
// older ones, and refuses newer ones.
const backupFormat = 1

// manifest is the first entry of a backup.
type manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"`
	Made    time.Time `json:"made"`
}

const manifestName = "hutong-backup.json"

// folders are the parts of a data folder in the order in which they must be copied: the journal before the history
// that takes from it, so that whatever leaves the journal meanwhile is in the history.
var folders = []string{"journal", "history", "rules", "scenes", "traces", recordings}

type backupCmd struct {
	dataFlag
	To string `arg:"" optional:"" help:"The file to write; hutong-DATE.tar.zst when left out." type:"path"`
}

// Run writes the backup beside its final name first, so that a broken backup never has a good one's name.
func (c *backupCmd) Run(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.Data, registryFile)); err != nil {
		return fmt.Errorf("backup: %s is not a data folder: %w", c.Data, err)
	}
	now := time.Now()
	if c.To == "" {
		c.To = "hutong-" + now.Format("2006-01-02-150405") + ".tar.zst"
	}
	if err := backup(ctx, c.Data, c.To, now); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	fmt.Println(c.To)
	return nil
}

// backup copies the data folder into one file, online: the hub may run and write meanwhile.
func backup(ctx context.Context, data, to string, now time.Time) (err error) {
	part := to + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	packed, err := zstd.NewWriter(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	err = writeBackup(ctx, tar.NewWriter(packed), data, now)
	err = errors.Join(err, packed.Close())
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(part, to)
}

func writeBackup(ctx context.Context, out *tar.Writer, data string, now time.Time) error {
	about, err := json.Marshal(manifest{Format: backupFormat, Program: version(), Made: now.UTC()})
	if err != nil {
		return err
	}
	if err := writeEntry(out, manifestName, int64(len(about)), strings.NewReader(string(about))); err != nil {
		return err
	}
	for _, folder := range folders {
		if err := copyFolder(ctx, out, data, folder); err != nil {
			return err
		}
	}
	for _, pattern := range []string{aboutFile, auditFile + "*"} { // the log with the volumes before it
		files, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			return err
		}
		for _, name := range files {
			if err := copyNamed(out, name, filepath.Base(name)); err != nil {
				return err
			}
		}
	}
	if err := copyRegistry(ctx, out, data); err != nil {
		return err
	}
	return out.Close()
}

// copyFolder copies the files that are in a folder at one moment.
func copyFolder(ctx context.Context, out *tar.Writer, data, folder string) error {
	files, err := openAll(filepath.Join(data, folder))
	defer func() {
		for _, f := range files {
			f.Close() // only read
		}
	}()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		inside, err := filepath.Rel(data, file.Name())
		if err != nil {
			return err
		}
		if err := copyFile(out, file, filepath.ToSlash(inside)); err != nil {
			return err
		}
	}
	return nil
}

// openAll opens every file under root, in the order of their names. The hub may merge files meanwhile; when one is gone
// before it is open, its successor is not on the list, so the list is made anew.
func openAll(root string) (files []*os.File, err error) {
	for range 20 {
		err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			file, err := os.Open(p)
			if err == nil {
				files = append(files, file)
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			return files, err
		}
		for _, f := range files {
			f.Close() // only read
		}
		files = nil
		if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%s changes too fast to be copied: %w", root, err)
}

func copyFile(out *tar.Writer, file *os.File, inside string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return writeEntry(out, inside, info.Size(), file)
}

func copyNamed(out *tar.Writer, name, inside string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return copyFile(out, file, inside)
}

// writeEntry writes exactly size bytes; a file that grows meanwhile is cut there.
func writeEntry(out *tar.Writer, name string, size int64, from io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(from, size))
	if err == nil && n < size {
		return fmt.Errorf("%s: shrank while it was copied; try again", name)
	}
	return err
}

func copyRegistry(ctx context.Context, out *tar.Writer, data string) error {
	folder, err := os.MkdirTemp("", "hutong-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	copied := filepath.Join(folder, registryFile)
	from, err := registry.Open(filepath.Join(data, registryFile))
	if err != nil {
		return err
	}
	if err := errors.Join(from.Backup(ctx, copied), from.Close()); err != nil {
		return err
	}
	return copyNamed(out, copied, registryFile)
}

type restoreCmd struct {
	From string `arg:"" help:"The backup." type:"existingfile"`
	Data string `help:"The new data folder; it must not exist or be empty." default:"./hutong-data" type:"path" env:"HUTONG_DATA"`
}

// Run unpacks into a folder beside the new one and renames it when everything is there.
func (c *restoreCmd) Run() error {
	if list, err := os.ReadDir(c.Data); err == nil && len(list) > 0 {
		return fmt.Errorf("restore: %s is not empty; name a new folder with --data", c.Data)
	}
	part := strings.TrimRight(c.Data, string(filepath.Separator)) + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	about, err := restore(c.From, part)
	if err != nil {
		return errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(part))
	}
	if err := os.Remove(c.Data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.Rename(part, c.Data); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Printf("%s: as of %s\n", c.Data, about.Made.Format(time.RFC3339))
	return nil
}

func restore(from, to string) (manifest, error) {
	var about manifest
	file, err := os.Open(from)
	if err != nil {
		return about, err
	}
	defer file.Close()
	plain, err := zstd.NewReader(file, zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return about, err
	}
	defer plain.Close()
	in := tar.NewReader(plain)
	for first := true; ; first = false {
		head, err := in.Next()
		switch {
		case errors.Is(err, io.EOF) && !first:
			return about, nil
		case err != nil:
			return about, fmt.Errorf("%s is not a whole backup: %w", from, err)
		case first:
			if err := readManifest(in, head.Name, &about); err != nil {
				return about, err
			}
		default:
			if err := restoreFile(in, head, to); err != nil {
				return about, err
			}
		}
	}
}

func readManifest(in io.Reader, name string, about *manifest) error {
	if name != manifestName {
		return fmt.Errorf("it begins with %q, not %s: this is not a backup", name, manifestName)
	}
	if err := json.NewDecoder(io.LimitReader(in, 1<<16)).Decode(about); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if about.Format > backupFormat {
		return fmt.Errorf("its format is %d, made by %s; this program reads up to %d: use a newer hutong", about.Format, about.Program, backupFormat)
	}
	return nil
}

func restoreFile(in io.Reader, head *tar.Header, to string) error {
	if head.Typeflag != tar.TypeReg || !fs.ValidPath(head.Name) || path.Clean(head.Name) != head.Name {
		return fmt.Errorf("entry %q is not a plain file inside the folder", head.Name)
	}
	name := filepath.Join(to, filepath.FromSlash(head.Name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, in)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
