package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// lineOf is what the console's row says, as a line of text.
func lineOf(i int) string {
	return fmt.Sprintf("%s off - - 10.%d.%d.%d kvm%02d.example.org\n", "fast-"+fmt.Sprintf("%05d", i), i>>16, i>>8&255, i&255, i%4)
}

func writeLines(path string, n int) error {
	var text strings.Builder
	for i := range n {
		text.WriteString(lineOf(i))
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// lessFilter is how long less needs to show only the lines with a text.
func (b *bench) lessFilter(path, last string) (float64, error) {
	t, err := start(b.dir, mainSize, slowline.Line{}, "less", "-S", path)
	if err != nil {
		return 0, err
	}
	defer t.stop()
	if _, err := t.until("fast-00001", 10*time.Second); err != nil {
		return 0, err
	}
	t.still(200*time.Millisecond, 3*time.Second)
	name, _, _ := strings.Cut(last, " ")
	t.press("&" + name)
	t.still(200*time.Millisecond, 3*time.Second)
	sent := t.press("\r")
	at, err := t.until(`\A`+name+" ", 20*time.Second)
	return ms(at.Sub(sent)), err
}

// pagers are less and htop on like work: 10,000 lines, and the processes of this machine.
func (b *bench) pagers() error {
	if err := b.less(); err != nil {
		return err
	}
	if !installed("htop") {
		b.note("htop is not installed here, so there is no figure of it.")
		return nil
	}
	t, err := start(b.dir, mainSize, slowline.Line{}, "htop")
	if err != nil {
		return err
	}
	defer t.stop()
	if _, err := t.until("PID", 10*time.Second); err != nil {
		return err
	}
	t.still(200*time.Millisecond, 3*time.Second)
	at := place{server: "htop", size: mainSize}
	was, used, began := t.state().bytes, cpuTime(t.pid()), time.Now()
	time.Sleep(idleFor)
	seconds := time.Since(began).Seconds()
	b.add(at, idleBytes, float64(t.state().bytes-was)/seconds, "B/s")
	b.add(at, idleCPU, (cpuTime(t.pid())-used).Seconds()/seconds*100, "%")
	b.add(at, moveBytes, cost(t, []string{"\x1b[B", "\x1b[A"}, 20, keyGap), "B")
	return nil
}

func (b *bench) less() error {
	if !installed("less") {
		b.note("less is not installed here, so there is no figure of it.")
		return nil
	}
	path := filepath.Join(b.dir, "lines")
	if err := writeLines(path, 10000); err != nil {
		return err
	}
	at := place{server: "less", vms: 10000, size: mainSize}
	rows, err := repeated(starts, func() (float64, error) { return b.lessStart(path) })
	if err != nil {
		return err
	}
	b.add(at, firstRow, rows.median(), "ms")
	t, err := start(b.dir, mainSize, slowline.Line{}, "less", "-S", path)
	if err != nil {
		return err
	}
	defer t.stop()
	if _, err := t.until("fast-00001", 10*time.Second); err != nil {
		return err
	}
	t.still(200*time.Millisecond, 3*time.Second)
	keys := inTurn(100, nothing, t)[0]
	for _, p := range []float64{50, 95, 99} {
		b.add(at, "key to screen, p"+strconv.Itoa(int(p)), keys.times.at(p), "ms")
	}
	b.add(at, scrollBytes, cost(t, []string{"j"}, 20, keyGap), "B")
	return nil
}

func (b *bench) lessStart(path string) (float64, error) {
	t, err := start(b.dir, mainSize, slowline.Line{}, "less", "-S", path)
	if err != nil {
		return 0, err
	}
	defer t.stop()
	at, err := t.until("fast-00001", 10*time.Second)
	return ms(at.Sub(t.began)), err
}
