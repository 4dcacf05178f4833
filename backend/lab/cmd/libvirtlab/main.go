// Command libvirtlab runs a private libvirtd to try the console on by hand.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"hvdeck/backend/lab"
)

func main() {
	if len(os.Args) < 2 || os.Args[1] != "up" {
		fmt.Fprintln(os.Stderr, "usage: libvirtlab up [--guests N] [--define N]")
		os.Exit(2)
	}
	if err := up(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "libvirtlab:", err)
		os.Exit(1)
	}
}

// up starts the daemon and keeps it until the process is told to end.
func up(args []string) (err error) {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	guests := flags.Int("guests", 0, "running Linux guests")
	define := flags.Int("define", 0, "domains that are off")
	if err := flags.Parse(args); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	l, err := lab.RunLibvirtd()
	if err != nil {
		return err
	}
	defer l.Stop()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	for i := range *guests {
		l.DefineGuest(fmt.Sprintf("guest-%d", i+1), true)
	}
	if *define > 0 {
		l.DefineMany(*define)
	}
	fmt.Println(l.URI("qemu"))
	fmt.Println(l.URI("test"))
	<-stop
	return nil
}
