// Command build makes web/dist from web/src: it bundles the TypeScript with esbuild, draws in the icons that are
// used, checks that every language says everything, and packs each file for the browser. The same sources and the
// same package-lock.json give the same bytes on every machine.
//
// With -check it writes nothing and fails when web/dist is not what the sources would give.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	dir := flag.String("dir", ".", "the web folder, which holds src, package-lock.json and dist")
	check := flag.Bool("check", false, "compare with dist instead of writing it")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "web/build:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := install(dir); err != nil {
		return err
	}
	if err := errors.Join(checkWords(filepath.Join(dir, "src", "words")), checkStyles(filepath.Join(dir, "src"))); err != nil {
		return err
	}
	if err := checkTypes(dir); err != nil {
		return err
	}
	files, err := build(dir)
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if check {
		return compare(dist, files)
	}
	if err := write(dist, files); err != nil {
		return err
	}
	fmt.Printf("web/dist: %d files in %.2f s; first load %d bytes gz of %d allowed\n",
		len(files), time.Since(began).Seconds(), firstLoad(files), budget)
	return nil
}

// checkTypes runs the TypeScript compiler, which says what is wrong and makes nothing: esbuild only strips types.
func checkTypes(dir string) error {
	cmd := exec.Command("node", filepath.Join("node_modules", "typescript", "bin", "tsc"), "--noEmit")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("TypeScript: %w\n%s", err, out)
	}
	return nil
}

// install runs "npm ci" when node_modules is not what package-lock.json says. Scripts of packages are not run.
func install(dir string) error {
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("no package-lock.json: is -dir the web folder? %w", err)
	}
	mark := filepath.Join(dir, "node_modules", ".package-lock.json")
	if have, err := os.Stat(mark); err == nil && !have.ModTime().Before(lock.ModTime()) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s (Node.js and npm are needed only to rebuild the page): %w\n%s", dir, err, out)
	}
	return nil
}
