// Command vcsim serves a simulated vCenter until it is interrupted. It prints
// "export GOVC_URL=…" when it is ready.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hvdeck/backend/vcsim"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	s, err := vcsim.Start(o)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Printf("export GOVC_URL=%s\n", s.URL())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	return nil
}

func parse(args []string) (vcsim.Options, error) {
	var o vcsim.Options
	fs := flag.NewFlagSet("vcsim", flag.ExitOnError)
	fs.StringVar(&o.Addr, "l", "127.0.0.1:8989", "address to listen on")
	fs.BoolVar(&o.Demo, "demo", false, "the inventory of the demo")
	fs.BoolVar(&o.ESX, "esx", false, "a single ESXi host")
	fs.IntVar(&o.Fast, "vms", 0, "VMs added by copying (fast inventory)")
	fs.IntVar(&o.Datacenters, "dc", 0, "datacenters")
	fs.IntVar(&o.Clusters, "cluster", 0, "clusters in a datacenter")
	fs.IntVar(&o.ClusterHosts, "host", 0, "hosts in a cluster")
	fs.IntVar(&o.StandaloneHosts, "standalone", 0, "hosts without a cluster; negative: none")
	fs.IntVar(&o.VMs, "vm", 0, "VMs in a resource pool (slow)")
	fs.StringVar(&o.Username, "user", "", "the only user accepted")
	fs.StringVar(&o.Password, "pass", "", "and the password")
	fs.DurationVar(&o.TaskTime, "task-time", 0, "how long a snapshot task takes")
	fs.DurationVar(&o.SessionTimeout, "session-timeout", 0, "idle time after which a session ends")
	fs.Int64Var(&o.NFC.DiskSize, "disk-size", 0, "bytes that an export gives of a disk")
	fs.BoolVar(&o.NFC.NoSums, "no-sums", false, "leave the checksums of disks out")
	fs.Int64Var(&o.NFC.Keep, "keep", 0, "bytes of imported disks kept for export; negative: none")
	delays := fs.String("method-delay", "", "METHOD:MILLISECONDS,… delays of calls")
	tls := fs.Bool("tls", false, "listen with TLS, with a new self-signed certificate")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if *tls {
		cert, err := vcsim.SelfSigned()
		if err != nil {
			return o, err
		}
		o.Certificate = cert
	}
	var err error
	o.MethodDelay, err = parseDelays(*delays)
	return o, err
}

func parseDelays(list string) (map[string]time.Duration, error) {
	if list == "" {
		return nil, nil
	}
	delays := make(map[string]time.Duration)
	for item := range strings.SplitSeq(list, ",") {
		name, ms, ok := strings.Cut(item, ":")
		n, err := strconv.Atoi(ms)
		if !ok || err != nil {
			return nil, fmt.Errorf("-method-delay %q: want METHOD:MILLISECONDS", item)
		}
		delays[name] = time.Duration(n) * time.Millisecond
	}
	return delays, nil
}
