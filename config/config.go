// Package config reads what the operator wants: the command line, the configuration
// file and the environment, into one Config. It promises that a mistake is an error
// of one line that names the place and the remedy, and that no password comes from
// the command line or is kept here.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
)

// Config is everything that can be configured.
type Config struct {
	Theme    string `toml:"theme"`
	ASCII    bool   `toml:"ascii"`
	ReadOnly bool   `toml:"read_only"`
	// Trace is a file for what goes over the wire; "" for none.
	Trace      string              `toml:"trace"`
	Background string              `toml:"background"` // "dark", "light" or "" to ask the terminal
	Intervals  Intervals           `toml:"intervals"`
	Keys       map[string][]string `toml:"keys"`
	// Columns chooses columns by kind: vms = ["state", "cpu"].
	Columns     map[string][]string `toml:"columns"`
	Connections []Connection        `toml:"connection"`

	Demo bool   `toml:"-"`
	File string `toml:"-"` // that was read; "" for none
}

// Intervals are how often things are asked for, in Go's words: "2s".
type Intervals struct {
	Stats  Duration `toml:"stats"`
	Lists  Duration `toml:"lists"`
	Hidden Duration `toml:"hidden"`
	Focus  Duration `toml:"focus"`
	Detail Duration `toml:"detail"`
}

// Duration is a time.Duration written as "2s".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler. Less than 200 ms is refused: it
// would load the hypervisors for nothing that can be seen.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as \"2s\"", text)
	}
	if v < 200*time.Millisecond {
		return fmt.Errorf("%q is too often; 200ms is the least", text)
	}
	*d = Duration(v)
	return nil
}

// Connection is one hypervisor.
type Connection struct {
	Name       string `toml:"name"`
	URI        string `toml:"uri"`
	ReadOnly   bool   `toml:"read_only"`
	Production bool   `toml:"production"`
	Colour     string `toml:"colour"`

	// For vSphere, and for libvirt daemons that ask for a password.
	Username        string   `toml:"username"`
	PasswordCommand []string `toml:"password_command"` // prints the password

	// vSphere only.
	Insecure bool   `toml:"insecure"`
	CACerts  string `toml:"ca_certs"`

	// PasswordEnv names a variable of the environment that holds the password.
	PasswordEnv string `toml:"password_env"`
}

// DefaultFile is where the configuration is looked for.
func DefaultFile() string { return filepath.Join(xdg.ConfigHome, "hvdeck", "config.toml") }

// StateDir is where logs, known thumbprints and the audit log are kept.
func StateDir() string { return filepath.Join(xdg.StateHome, "hvdeck") }

// Load reads a file. A missing file is an error only when it was asked for by name.
func Load(path string, asked bool) (Config, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w; name another with --config", err)
	}
	c, err := Parse(data)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	c.File = path
	return c, nil
}

// Parse reads TOML; unknown names are errors.
func Parse(data []byte) (Config, error) {
	var c Config
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, readable(err)
	}
	return c, c.check()
}

// readable says the line and what is wrong there.
func readable(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		row, _ := strict.Errors[0].Position()
		return fmt.Errorf("line %d: there is no setting %q; see hvdeck --print-config", row, joinKey(strict.Errors[0].Key()))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, col := decode.Position()
		return fmt.Errorf("line %d, column %d: %s", row, col, plainly(decode.Error()))
	}
	return err
}

// plainly says in an operator's words what the decoder says in Go's.
func plainly(text string) string {
	text = strings.TrimPrefix(text, "toml: ")
	if strings.Contains(text, "cannot decode") {
		return "the value is of another kind than the setting; a list is written [\"a\"], see hvdeck --print-config"
	}
	return text
}

func joinKey(k toml.Key) string {
	out := ""
	for i, part := range k {
		if i > 0 {
			out += "."
		}
		out += part
	}
	return out
}

func (c Config) check() error {
	seen := map[string]bool{}
	for i, conn := range c.Connections {
		if conn.URI == "" {
			return fmt.Errorf("connection %d has no uri", i+1)
		}
		if conn.Name != "" && seen[conn.Name] {
			return fmt.Errorf("two connections are named %q", conn.Name)
		}
		seen[conn.Name] = true
		if conn.PasswordEnv != "" && len(conn.PasswordCommand) > 0 {
			return fmt.Errorf("connection %q: password_env and password_command exclude each other", conn.URI)
		}
	}
	switch c.Background {
	case "", "dark", "light":
		return nil
	default:
		return fmt.Errorf("background is %q; it is dark, light, or left out", c.Background)
	}
}

// Example is a commented default.
const Example = `# hvdeck configuration. Every line is optional.

# dark, light, high-contrast, colour-blind, mono; left out: dark or light as the terminal is.
# theme = "dark"
# background = "dark"     # what to assume of the terminal instead of asking it
# ascii = false           # boxes and sparklines of plain ASCII
# read_only = false       # refuse every change on every connection
# trace = "FILE"          # write down what goes over the wire, secrets left out

# [intervals]
# stats  = "2s"           # load of VMs and hosts
# lists  = "5s"           # lists in sight that have no change feed
# hidden = "30s"          # the same, out of sight
# focus  = "1s"           # snapshots of the VM under the cursor
# detail = "5s"           # details of what is under the cursor

# [keys]                  # names as in the help page; an empty list takes a key away
# top = ["t"]

# [columns]               # what a list shows besides the name; ctrl-o tries it out
# vms = ["state", "cpu", "mem", "ip", "uptime"]

# [[connection]]
# name = "kvm01"
# uri = "qemu+ssh://root@kvm01/system"
# production = true       # its banner stays in sight
# colour = "red"          # blue, green, yellow, red
# read_only = false

# [[connection]]
# name = "dc1"
# uri = "https://vc.example.com/sdk"
# username = "operator@vsphere.local"
# password_command = ["pass", "show", "vcenter"]
# password_env = "DC1_PASSWORD"
# insecure = false
# ca_certs = "/etc/ssl/vcenter.pem"
`
