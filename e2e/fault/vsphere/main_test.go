package vsphere

import (
	"flag"
	"testing"

	"hvdeck/e2e/desk"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "5"); err != nil { // they wait for most of their time, on two cores as well
		panic(err)
	}
	desk.MainAhead(m)
}
