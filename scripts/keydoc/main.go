// Command keydoc writes the key page of the documentation from the action registry.
package main

import (
	"fmt"
	"os"
	"time"

	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui"
	"hvdeck/ui/kind"
)

func main() {
	text, err := page()
	if err != nil {
		fmt.Fprintln(os.Stderr, "keydoc:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

// page is the page for the keys that nobody has changed.
func page() (string, error) {
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		return "", err
	}
	reg, err := ui.NewRegistry(kind.All(kind.NewEnv(store.New(time.Now), th)), nil)
	if err != nil {
		return "", err
	}
	return reg.Markdown(), nil
}
