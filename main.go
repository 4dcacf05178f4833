// Command hvdeck is a console for virtual machines on libvirt/KVM hosts and vSphere.
//
// This package is wiring only: the command line, the configuration, the log, the
// connections, the store and the program, and the way out: the terminal restored and
// every session logged out, whatever happened.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"hvdeck/config"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "ovf" {
		return runOVF(args[1:], stdout, stderr)
	}
	cmd, err := config.ParseArgs(args, os.Getenv)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	switch {
	case cmd.ShowHelp:
		fmt.Fprint(stdout, config.Usage)
		return 0
	case cmd.ShowVersion:
		fmt.Fprintln(stdout, "hvdeck "+version)
		return 0
	case cmd.PrintConfig:
		fmt.Fprint(stdout, config.Example)
		return 0
	}
	wakeful()
	from := &outside{}
	ctx, stop := from.untilSignal()
	defer stop()
	a, err := newApp(ctx, cmd, from)
	if err != nil {
		var usage usageError
		if errors.As(err, &usage) {
			return complain(stderr, err, exitUsage)
		}
		return complain(stderr, err, exitFailed)
	}
	if err := a.run(); err != nil {
		return complain(stderr, err, exitFailed)
	}
	return 0
}

// usageError is a mistake of the one who typed the command line or wrote the
// configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func complain(w io.Writer, err error, status int) int {
	fmt.Fprintln(w, "hvdeck: "+strings.ReplaceAll(err.Error(), "\n", " "))
	return status
}
