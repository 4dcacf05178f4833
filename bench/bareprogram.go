package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// consoleFPS is the frame rate of the console's terminal writer (ui.FPS), teaFPS that
// of Bubble Tea by itself.
const consoleFPS, teaFPS = 120, 60

// bareFigures are of the bare program in a terminal of one size.
type bareFigures struct {
	move, scroll float64 // bytes
	slow         *slowFigures
}

// startBare starts the bare program with 10,000 rows.
func (b *bench) startBare(z size, fps int, l slowline.Line) (*terminal, error) {
	t, err := start(b.dir, z, l, b.bareArgs(fps)...)
	if err != nil {
		return nil, err
	}
	if _, err := t.until("web-00001", time.Minute); err != nil {
		t.stop()
		return nil, err
	}
	t.still(500*time.Millisecond, 5*time.Second)
	return t, nil
}

func (b *bench) bareArgs(fps int) []string {
	return []string{filepath.Join(b.dir, "bare"), "-fps", strconv.Itoa(fps)}
}

// bareProgram takes the figures of the bare program that the console's stand beside,
// and puts its keys at both frame rates into the table.
func (b *bench) bareProgram(z size) error {
	t, err := b.startBare(z, consoleFPS, slowline.Line{})
	if err != nil {
		return err
	}
	defer t.stop()
	f := &bareFigures{move: cost(t, []string{"j", "k"}, 20, keyGap)}
	b.bare[z] = f
	if yes, _ := b.wants("bare"); yes {
		if err := b.bareKeys(t, z); err != nil {
			return err
		}
	}
	t.press(strings.Repeat("j", z.rows))
	f.scroll = cost(t, []string{"j"}, 20, keyGap)
	return nil
}

func (b *bench) bareKeys(t *terminal, z size) error {
	usual, err := b.startBare(z, teaFPS, slowline.Line{})
	if err != nil {
		return err
	}
	defer usual.stop()
	both := inTurn(100, nothing, t, usual)
	at := place{server: "bare program", size: z}
	for _, p := range []float64{50, 95, 99} {
		b.add(at, fmt.Sprintf("at %d fps: %s", consoleFPS, keyTo(quiet, p)), both[0].times.at(p), "ms").
			beside(fmt.Sprintf("bare, %d fps", teaFPS), both[1].times.at(p))
	}
	return nil
}
