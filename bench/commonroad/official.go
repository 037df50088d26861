package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed judge.py
var judgeText string

// official is what the official checkers say of a solution.
type official struct {
	Solution string
	Valid    bool
	Why      string
	Cost     *float64
	CostWhy  string `json:"cost_why"`
}

// judge asks the official checkers about all solutions.
func judge(python, out string, results []*result) error {
	script := filepath.Join(out, "judge.py")
	if err := os.WriteFile(script, []byte(judgeText), 0o600); err != nil {
		return err
	}
	var ask strings.Builder
	named := map[string]*result{}
	for _, r := range results {
		solution := filepath.Join(out, r.name+".xml")
		if r.err == nil {
			path, err := filepath.Abs(r.file)
			if err != nil {
				return err
			}
			fmt.Fprintf(&ask, "%s\t%s\n", path, solution)
			named[filepath.Base(solution)] = r
		}
	}
	cmd := exec.Command(python, script)
	cmd.Stdin, cmd.Stderr = strings.NewReader(ask.String()), os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the official checkers: %w", err)
	}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, ours := strings.CutPrefix(lines.Text(), "JUDGED ")
		if !ours {
			continue
		}
		var o official
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			return fmt.Errorf("the official checkers said %q: %w", text, err)
		}
		if r := named[o.Solution]; r != nil {
			r.official, r.judged = o, true
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the official checkers: %w", err)
	}
	return lines.Err()
}
