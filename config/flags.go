package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Command is what the command line asks for.
type Command struct {
	Config
	URIs        []string
	ShowVersion bool
	ShowHelp    bool
	PrintConfig bool
	// Warning is to be shown at start; "" for none.
	Warning string
}

// Usage is the text of --help.
const Usage = `hvdeck [flags] [URI ...]
hvdeck ovf inspect [flags] FILE|URL    what is in an OVF or OVA; ovf --help

A console for virtual machines on libvirt/KVM hosts and vSphere, in one live inventory.

Each URI is one connection:
  qemu:///system  qemu:///session  test:///default    libvirt on this machine
  qemu+ssh://root@kvm1/system                         libvirt through your ssh
  qemu+tls://kvm1/system  qemu+tcp://kvm1/system      libvirt over the network
  qemu+unix:///system?socket=PATH                     a libvirt socket
  kvm1                                                a connection of the configuration,
                                                      or an alias of libvirt.conf
  https://user@vc/sdk  vsphere://user@vc  vc          vCenter or ESXi
  esx://host  vpx://vc                                the same, as libvirt spells it

Without a URI: the configuration file, else LIBVIRT_DEFAULT_URI (or uri_default of
libvirt.conf) and GOVC_URL, else a libvirt daemon on this machine.

Flags:
  --demo          a simulated vCenter and two simulated KVM hosts
  --read-only     refuse every change
  --trace FILE    write down what goes over the wire, secrets left out
  --config FILE   read this configuration
  --theme NAME    dark, light, high-contrast, colour-blind, mono
  --ascii         boxes and sparklines of plain ASCII
  --print-config  print a commented configuration
  --version       print the version
  --help          print this

Leave passwords off the command line, where others can read them: hvdeck asks, or takes
them from GOVC_PASSWORD or the password_command of the configuration.
`

// ParseArgs reads the command line and the file that it names. env is os.Getenv.
func ParseArgs(args []string, env func(string) string) (Command, error) {
	var c Command
	fs := flag.NewFlagSet("hvdeck", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	file := fs.String("config", "", "")
	theme := fs.String("theme", "", "")
	ascii := fs.Bool("ascii", false, "")
	readOnly := fs.Bool("read-only", false, "")
	trace := fs.String("trace", "", "")
	demo := fs.Bool("demo", false, "")
	fs.BoolVar(&c.ShowVersion, "version", false, "")
	fs.BoolVar(&c.ShowHelp, "help", false, "")
	fs.BoolVar(&c.ShowHelp, "h", false, "")
	fs.BoolVar(&c.PrintConfig, "print-config", false, "")
	uris, err := parseMixed(fs, args)
	if err != nil {
		return c, err
	}
	path, asked := *file, *file != ""
	if !asked {
		path = DefaultFile()
	}
	if c.ShowHelp || c.ShowVersion || c.PrintConfig {
		return c, nil
	}
	if c.Config, err = Load(path, asked); err != nil {
		return c, err
	}
	c.URIs = uris
	c.Demo = *demo
	c.ASCII = c.ASCII || *ascii || asciiTerminal(env)
	c.ReadOnly = c.ReadOnly || *readOnly
	c.Trace = cmp.Or(*trace, c.Trace)
	if *theme != "" {
		c.Theme = *theme
	}
	return c, c.connections(env, func() (libvirtConf, error) {
		return loadLibvirtConf(libvirtConfFile(env, os.Geteuid()))
	})
}

// parseMixed lets flags stand before, between and after URIs.
func parseMixed(fs *flag.FlagSet, args []string) ([]string, error) {
	var uris []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, flagError(err)
		}
		if fs.NArg() == 0 {
			return uris, nil
		}
		if fs.Arg(0) == "" {
			return nil, errors.New("an empty URI; leave it out, or write one such as qemu:///system")
		}
		uris = append(uris, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

func flagError(err error) error {
	text := strings.Replace(err.Error(), "flag provided but not defined: -", "there is no flag --", 1)
	text = strings.Replace(text, "flag needs an argument: -", "a value is missing after --", 1)
	return fmt.Errorf("%s; hvdeck --help lists the flags", text)
}

// asciiTerminal is true for terminals that can't draw boxes: no UTF-8 in the locale,
// or a terminal that says that it is dumb.
func asciiTerminal(env func(string) string) bool {
	if env("TERM") == "dumb" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			return (v == "C" || v == "POSIX") || !utf8Locale(v)
		}
	}
	return false
}

func utf8Locale(v string) bool {
	v = strings.ToLower(v)
	return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8") || !strings.Contains(v, ".")
}

// connections are the URIs, else the file's, else the environment's, else libvirt's
// default. conf reads libvirt's configuration, for aliases.
func (c *Command) connections(env func(string) string, conf func() (libvirtConf, error)) error {
	if c.Demo {
		if len(c.URIs) > 0 {
			return errors.New("--demo brings its own hosts; leave the URIs out")
		}
		c.Connections = nil
		return nil
	}
	if len(c.URIs) > 0 {
		named := c.Connections
		c.Connections = nil
		for _, u := range c.URIs {
			if hasPassword(u) {
				c.Warning = "a password on the command line can be read by every user of this machine; see hvdeck --help"
			}
			c.Connections = append(c.Connections, fromFile(named, u))
		}
	}
	if err := c.resolve(env, conf); err != nil {
		return err
	}
	return NameAll(c.Connections)
}

// resolve adds the defaults where nothing was asked for, and puts URIs in the place of
// aliases. libvirt's configuration is read only where it may matter.
func (c *Command) resolve(env func(string) string, conf func() (libvirtConf, error)) error {
	defaults := len(c.Connections) == 0
	word := func(conn Connection) bool { return strings.Trim(conn.URI, aliasChars) == "" }
	if !defaults && !slices.ContainsFunc(c.Connections, word) {
		return nil
	}
	known, err := conf()
	if err != nil {
		return err
	}
	if defaults {
		for _, uri := range []string{cmp.Or(env("LIBVIRT_DEFAULT_URI"), known.defaultURI), env("GOVC_URL")} {
			if uri != "" {
				c.Connections = append(c.Connections, Connection{URI: uri})
			}
		}
	}
	for i, conn := range c.Connections {
		uri, isAlias := known.resolve(conn.URI)
		if isAlias && conn.Name == "" {
			c.Connections[i].Name = conn.URI
		}
		c.Connections[i].URI = uri
	}
	return nil
}

// fromFile lets a URI be the name of a connection in the file.
func fromFile(named []Connection, arg string) Connection {
	for _, n := range named {
		if n.Name == arg || n.URI == arg {
			return n
		}
	}
	return Connection{URI: arg}
}
