package main

import (
	"fmt"
	"os"
	"path/filepath"
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

func TestGovcsVariablesAreReadAsByGovc(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(" in a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env      map[string]string
		conn     config.Connection
		user     string
		password string
		insecure bool
		before   bool
	}{
		"all of them":     {map[string]string{"GOVC_URL": "vc", "GOVC_USERNAME": "u", "GOVC_PASSWORD": "p%41", "GOVC_INSECURE": "TRUE"}, config.Connection{URI: "vc"}, "u", "p%41", true, true},
		"another server":  {map[string]string{"GOVC_URL": "vc", "GOVC_USERNAME": "u", "GOVC_PASSWORD": "p", "GOVC_INSECURE": "1"}, config.Connection{URI: "esx"}, "", "", false, false},
		"not insecure":    {map[string]string{"GOVC_URL": "vc", "GOVC_INSECURE": "t"}, config.Connection{URI: "vc"}, "", "", false, true},
		"in files":        {map[string]string{"GOVC_URL": "vc", "GOVC_USERNAME": file, "GOVC_PASSWORD": file}, config.Connection{URI: "vc"}, "in a file", "in a file", false, true},
		"the file before": {map[string]string{"GOVC_URL": "vc", "GOVC_USERNAME": "u"}, config.Connection{URI: "https://vc/sdk", Username: "mine"}, "mine", "", false, false},
	} {
		for _, v := range []string{"GOVC_URL", "GOVC_USERNAME", "GOVC_PASSWORD", "GOVC_INSECURE"} {
			t.Setenv(v, tt.env[v])
		}
		conns := []config.Connection{tt.conn, {URI: "other"}}
		o, err := (&app{}).vsphereOptions(tt.conn, false, govcMeans(tt.conn, conns))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		password, err := o.Password(t.Context())
		if o.Username != tt.user || password != tt.password || o.Insecure != tt.insecure || o.Before != tt.before || err != nil {
			t.Errorf("%s: user %q, password %q, insecure %v, before %v, %v", name, o.Username, password, o.Insecure, o.Before, err)
		}
	}
}

// TestPasswordInGovcURLIsNoName: an address that can't be read is not a name, either.
func TestPasswordInGovcURLIsNoName(t *testing.T) {
	for _, uri := range []string{"https://root:hun%zzter2@vc/sdk", "root:hunter2@vc", "https://root:hunter2@vc:99999999/sdk", "https://root:hunter2@[::1/sdk"} {
		conns := []config.Connection{{URI: uri}}
		if err := config.NameAll(conns); err != nil {
			t.Fatal(err)
		}
		e, err := (&app{}).endpoint(conns[0], false)
		if text := fmt.Sprintf("%q %q %v", e.ID, e.URI, err); strings.Contains(text, "hun") {
			t.Errorf("%s: %s", uri, text)
		}
	}
}
