package edit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/definition"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
		bad  bool
	}{
		{"vim -u NONE", []string{"vim", "-u", "NONE"}, false},
		{"  emacs\t-nw ", []string{"emacs", "-nw"}, false},
		{`"/opt/my editor/bin" --x='a b'`, []string{"/opt/my editor/bin", "--x=a b"}, false},
		{`a\ b "c\"d" 'e\f' "g\h"`, []string{"a b", `c"d`, `e\f`, `g\h`}, false},
		{`vim ""`, []string{"vim", ""}, false},
		{`vim 'x`, nil, true},
		{`vim \`, nil, true},
		{"$HOME/x", []string{"$HOME/x"}, false},
	} {
		got, err := Words(c.in)
		if !slices.Equal(got, c.want) || (err != nil) != c.bad {
			t.Errorf("Words(%q) = %q, %v", c.in, got, err)
		}
	}
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"vi", "nano", "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	t.Setenv("PATH", dir)
	for _, c := range []struct {
		env  func(string) string
		want string
		bad  string
	}{
		{env("VISUAL", "mine -v", "EDITOR", "nano"), "mine -v", ""},
		{env("EDITOR", "nano -w"), "nano -w", ""},
		{env(), "vi", ""},
		{env("EDITOR", "  "), "vi", ""},
		{env("EDITOR", "absent"), "", `EDITOR: "absent" can't be run`},
		{env("EDITOR", "'"), "", "not closed"},
		{env("EDITOR", "''"), "", "names no program"},
	} {
		got, err := Command(c.env)
		if strings.Join(got, " ") != c.want || (err == nil) != (c.bad == "") || (err != nil && !strings.Contains(err.Error(), c.bad)) {
			t.Errorf("got %q, %v; want %q %q", got, err, c.want, c.bad)
		}
	}
	if err := os.Remove(filepath.Join(dir, "vi")); err != nil {
		t.Fatal(err)
	}
	if got, _ := Command(env()); len(got) != 1 || got[0] != "nano" {
		t.Errorf("without vi: %q", got)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Command(env()); !errors.Is(err, ErrNoEditor) {
		t.Errorf("without any: %v", err)
	}
}

func TestFilesArePrivateAndGoAway(t *testing.T) {
	base := t.TempDir()
	var files Files
	f, err := files.New(base, "web/01 \x1b[31m", "<domain/>")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(f.Path())
	for path, want := range map[string]os.FileMode{dir: 0o700, f.Path(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if filepath.Base(f.Path()) != "web_01___31m.xml" {
		t.Errorf("called %s", filepath.Base(f.Path()))
	}
	if err := os.WriteFile(f.Path()+"~", []byte("left"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := f.Read(); text != "<domain/>" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := files.New("/nonexistent", "x", "y"); err != nil {
		t.Errorf("without a runtime folder: %v", err)
	}
	f.Remove()
	files.RemoveAll()
	left, _ := os.ReadDir(base)
	if len(left) != 0 || len(files.dirs) != 0 {
		t.Errorf("left behind: %v, %v", left, files.dirs)
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"web-01": "web-01.xml", "../../etc/passwd": "_.._etc_passwd.xml", "-rf": "rf.xml", "": "definition.xml", "...": "definition.xml",
		"日本": "__.xml", strings.Repeat("a", 300): strings.Repeat("a", 64) + ".xml",
	} {
		if got := FileName(in); got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReadXMLRefuses(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, make([]byte, MaxXML+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "not a regular file", dir: "is a directory", big: "longer than 4 MiB", filepath.Join(dir, "absent"): "no such file", "/dev/zero": "not a regular file",
	} {
		if _, err := ReadXML(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Check("<domain/>", backend.KindVM); err != nil {
		t.Error(err)
	}
	var p *definition.Problem
	if err := Check("<!-- c -->\n<pool/>", backend.KindVM); !errors.As(err, &p) || p.Line != 2 || !strings.Contains(p.Why, "has to be <domain>") {
		t.Error(err)
	}
}

func TestCommentComesAndGoes(t *testing.T) {
	for _, message := range []string{"", "one", "a -- b --- c\nsecond -->line", "-----"} {
		text := "<domain>\n  <!-- mine -->\n</domain>\n"
		with := WithComment(text, message)
		if err := Check(with, backend.KindVM); err != nil {
			t.Errorf("%q: %v in\n%s", message, err, with)
		}
		if got := WithoutComment(with); got != text {
			t.Errorf("%q: %q came back", message, got)
		}
	}
	if text := "<!-- mine --><domain/>"; WithoutComment(text) != text {
		t.Error("a comment of the operator's was taken out")
	}
}

func words(text string) []string { return strings.Fields(text) }

func TestDiff(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"a b c", "a b c", " a b c"},
		{"a b c", "a x c", " a-b+x c"},
		{"a b c a b d a", "c b a b a c", ""},
		{"", "a", "+a"}, {"a", "", "-a"}, {"", "", ""},
		{"a b a b a", "a b a", ""},
	} {
		b, a := words(c.before), words(c.after)
		got := ""
		for _, ch := range Diff(b, a) {
			got += string(ch.Op)
			if ch.Old >= 0 {
				got += b[ch.Old]
			} else {
				got += a[ch.New]
			}
		}
		if c.want != "" && strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%q to %q: %q", c.before, c.after, got)
		}
	}
}

// A difference leads from one text to the other, also where it gives up.
func FuzzDiffLeadsThere(f *testing.F) {
	f.Add("a b c d e f", "a x c y e f g")
	f.Add(strings.Repeat("a b ", 1500), strings.Repeat("c d ", 1500))
	f.Fuzz(func(t *testing.T, x, y string) {
		b, a := words(x), words(y)
		var from, to []string
		for _, c := range Diff(b, a) {
			if c.Op != Added {
				from = append(from, b[c.Old])
			}
			if c.Op != Removed {
				to = append(to, a[c.New])
			}
			if c.Op == Kept && b[c.Old] != a[c.New] {
				t.Fatalf("%v is not the same line", c)
			}
		}
		if !slices.Equal(from, b) || !slices.Equal(to, a) {
			t.Fatalf("%q to %q gives %q to %q", b, a, from, to)
		}
	})
}

func TestHunks(t *testing.T) {
	var before, after []string
	for i := range 40 {
		before = append(before, fmt.Sprint(i))
		after = append(after, fmt.Sprint(i))
	}
	after[5], after[9], after[30] = "x", "y", "z"
	h := Hunks(Diff(before, after), 3)
	if len(h) != 2 || h[0].Head() != "@@ -3,11 +3,11 @@" || h[1].Head() != "@@ -28,7 +28,7 @@" {
		for _, x := range h {
			t.Log(x.Head(), x.Changes)
		}
		t.Errorf("%d hunks", len(h))
	}
	if len(Hunks(Diff(before, before), 3)) != 0 {
		t.Error("no change has a hunk")
	}
	if h := Hunks(Diff(nil, after[:2]), 3); h[0].Head() != "@@ -0,0 +1,2 @@" {
		t.Errorf("all new: %s", h[0].Head())
	}
}
