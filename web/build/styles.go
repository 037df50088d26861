package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// checkStyles refuses CSS that knows left from right: a page in Arabic is the mirror of one in English, and only
// logical properties follow it.
func checkStyles(src string) error {
	physical := regexp.MustCompile(`(^|[\s;{-])(left|right|(margin|padding|border)-(left|right)(-\w+)*)\s*:|(float|clear|text-align)\s*:\s*(left|right)`)
	remote := regexp.MustCompile(`https?://|@import|url\(`)
	var wrong []error
	err := fs.WalkDir(os.DirFS(src), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".css") {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(src), name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := physical.FindString(line); m != "" {
				wrong = append(wrong, fmt.Errorf("src/%s:%d: %q is not logical: write inline-start or inline-end", name, i+1, strings.TrimSpace(m)))
			}
			if m := remote.FindString(line); m != "" {
				wrong = append(wrong, fmt.Errorf("src/%s:%d: %q would fetch something from elsewhere", name, i+1, m))
			}
		}
		return nil
	})
	return errors.Join(append(wrong, err)...)
}
