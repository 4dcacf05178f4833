package vitals

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestWhatGrewIsNamed(t *testing.T) {
	before := Read()
	stop := make(chan struct{})
	started := make(chan struct{})
	go waits(started, stop)
	<-started
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	now := Read()
	grown := now.Grown(before)
	for _, want := range []string{"vitals.waits: 1, was 0", "file pipe: "} {
		if !strings.Contains(grown, want) {
			t.Errorf("%q is not in what has grown: %s", want, grown)
		}
	}
	close(stop)
	_, _ = r.Close(), w.Close()
	if now.Heap == 0 || now.Resident == 0 || now.OpenFiles() == 0 {
		t.Errorf("%+v", now)
	}
}

func waits(started, stop chan struct{}) {
	close(started)
	<-stop
}

func TestWrittenAndRead(t *testing.T) {
	runtime.GC()
	v := Read()
	if v.Live == 0 || v.Live > 2*v.Heap { // what was swept since counts in one of them only
		t.Errorf("%d bytes in use of %d", v.Live, v.Heap)
	}
	var text strings.Builder
	if err := v.Write(&text); err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text.String())
	if err != nil {
		t.Fatal(err)
	}
	if got.Grown(v) != "" || v.Grown(got) != "" || got.Goroutines != v.Goroutines || got.Heap != v.Heap || got.Live != v.Live || got.OpenFiles() != v.OpenFiles() {
		t.Errorf("%+v became %+v", v, got)
	}
	if _, err := Parse("nonsense\n"); err == nil {
		t.Error("nonsense was read")
	}
}
