package main

import (
	"os"
	"testing"
)

func TestKeyPageIsFresh(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/keys.md is not what the action registry says: run make docs")
	}
}
