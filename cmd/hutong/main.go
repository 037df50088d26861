// Command hutong runs a smart quarter: devices, their values, their rules and their page, in one program.
//
//	hutong demo     a simulated quarter, open on this machine only
//	hutong serve    a real one, empty and locked
//	hutong help     everything else
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the whole command line.
type commands struct {
	Demo    demoCmd    `cmd:"" help:"Show a simulated quarter, open on this machine only."`
	Serve   serveCmd   `cmd:"" help:"Run a real hub: empty at first, and locked."`
	Token   tokenCmd   `cmd:"" help:"Make, list and revoke tokens."`
	Things  thingsCmd  `cmd:"" help:"List the Things of a running hub."`
	Get     getCmd     `cmd:"" help:"Read a property, or a Thing's whole state."`
	Set     setCmd     `cmd:"" help:"Write a property."`
	Invoke  invokeCmd  `cmd:"" help:"Invoke an action."`
	Watch   watchCmd   `cmd:"" help:"Print changes as they come, one JSON object a line."`
	Rules   rulesCmd   `cmd:"" help:"Check rules."`
	Backup  backupCmd  `cmd:"" help:"Copy a data folder into one file, while the hub runs."`
	Restore restoreCmd `cmd:"" help:"Unpack a backup into a new data folder."`
	Check   checkCmd   `cmd:"" help:"Look a data folder over and say what is wrong."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// spare is how many goroutines may run beyond what there are processors for. Who comes back from the disk then goes on at
// once, and the kernel shares the processors out; with none to spare he would wait until rules or history pause, which
// may be milliseconds, and all whose values the disk has taken would wait with him.
const spare = 2

func main() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spare)
	}
	os.Exit(run(os.Args[1:]))
}

// run is main with its exit code: 0 done, 1 failed, 2 asked wrongly.
func run(args []string) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("hutong"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Hutong connects everything a smart quarter holds: one program, one data folder, no cloud."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "hutong:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hutong:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil && !errors.Is(err, errSaid) {
		fmt.Fprintln(os.Stderr, "hutong:", err)
		return 1
	} else if err != nil {
		return 1
	}
	return 0
}

// errSaid ends the program with code 1 when what was wrong has been printed already.
var errSaid = errors.New("said")
