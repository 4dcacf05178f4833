package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// libvirtConf is what counts here of libvirt's client configuration, libvirt.conf.
type libvirtConf struct {
	aliases    map[string]string // uri_aliases
	defaultURI string            // uri_default
}

// libvirtConfFile is the file that libvirt's clients read: the system's for root, for
// all others their own and no other. "" when there is none. Source: virConfLoadConfig.
func libvirtConfFile(env func(string) string, uid int) string {
	if uid == 0 {
		return "/etc/libvirt/libvirt.conf"
	}
	if dir := env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "libvirt", "libvirt.conf")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".config", "libvirt", "libvirt.conf")
	}
	return ""
}

// loadLibvirtConf reads a file; one that is missing is empty.
func loadLibvirtConf(path string) (libvirtConf, error) {
	if path == "" {
		return libvirtConf{}, nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // libvirt's own place
	if errors.Is(err, fs.ErrNotExist) {
		return libvirtConf{}, nil
	}
	if err != nil {
		return libvirtConf{}, fmt.Errorf("libvirt's configuration: %w; write the URI in full and leave aliases out", err)
	}
	c, err := parseLibvirtConf(string(data))
	if err != nil {
		return libvirtConf{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// parseLibvirtConf reads libvirt's format: NAME = VALUE a line, where a value is a
// number, a quoted string or a list of them in brackets. Other settings than the two
// known here are libvirt's business. Source: virConfParse.
func parseLibvirtConf(text string) (libvirtConf, error) {
	c := libvirtConf{aliases: map[string]string{}}
	p := confParser{text: text, line: 1}
	for {
		name, value, err := p.setting()
		if err != nil {
			return libvirtConf{}, fmt.Errorf("line %d: %w", p.line, err)
		}
		switch name {
		case "":
			return c, nil
		case "uri_default":
			if len(value.strings) != 1 || value.list {
				return libvirtConf{}, fmt.Errorf("line %d: uri_default is not a string in quotes", p.line)
			}
			c.defaultURI = value.strings[0]
		case "uri_aliases":
			if !value.list {
				return libvirtConf{}, fmt.Errorf("line %d: uri_aliases is not a list such as [\"kvm1=qemu+ssh://root@kvm1/system\"]", p.line)
			}
			for _, entry := range value.strings {
				if err := c.alias(entry); err != nil {
					return libvirtConf{}, fmt.Errorf("line %d: %w", p.line, err)
				}
			}
		}
	}
}

// aliasChars are what an alias is made of. Source: URI_ALIAS_CHARS.
const aliasChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// alias takes one entry; the first of a name counts, as in libvirt.
func (c *libvirtConf) alias(entry string) error {
	name, uri, ok := strings.Cut(entry, "=")
	if !ok || name == "" || uri == "" {
		return fmt.Errorf("the alias %q is not written NAME=URI", entry)
	}
	if strings.Trim(name, aliasChars) != "" {
		return fmt.Errorf("the alias %q has other characters than a-z, A-Z, 0-9, _ and -", name)
	}
	if _, known := c.aliases[name]; !known {
		c.aliases[name] = uri
	}
	return nil
}

// resolve gives the URI that a name stands for; what is no alias is left as it is.
func (c libvirtConf) resolve(name string) (uri string, isAlias bool) {
	if u, ok := c.aliases[name]; ok {
		return u, true
	}
	return name, false
}
