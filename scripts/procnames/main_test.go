package main

import (
	"bytes"
	"os"
	"testing"
)

func TestProceduresAreUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../backend/libvirt/procedures.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("backend/libvirt/procedures.gen.go is old: go generate ./backend/libvirt")
	}
}
