package main

import (
	"strings"
	"testing"

	"hvdeck/config"
)

func TestPasswordOf(t *testing.T) {
	t.Setenv("HVDECK_TEST_PASSWORD", "from the environment")
	govc := func(name string) string { return "from " + name }
	for _, c := range []struct {
		conn     config.Connection
		password string
		words    string // of the error
	}{
		{config.Connection{PasswordEnv: "HVDECK_TEST_PASSWORD"}, "from the environment", ""},
		{config.Connection{}, "from GOVC_PASSWORD", ""},
		{config.Connection{PasswordCommand: []string{"printf", `s3same\r\n\n`}}, "s3same", ""},
		{config.Connection{PasswordCommand: []string{"sh", "-c", "echo s3same; echo s3same >&2; exit 2"}}, "", "password_command sh: exit status 2"},
		{config.Connection{PasswordCommand: []string{"/nowhere/pass"}}, "", "no such file"},
	} {
		got, err := passwordOf(c.conn, govc)(t.Context())
		if got != c.password || (err == nil) != (c.words == "") {
			t.Errorf("%v: %q %v", c.conn.PasswordCommand, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "s3same")) {
			t.Errorf("%v: %v", c.conn.PasswordCommand, err)
		}
	}
}
