package desk

import (
	"fmt"
	"strings"
	"time"

	"hvdeck/ui/uitest"
)

const (
	// frozen is what no key may take of its own time where the calm is calm: a program that
	// stands still for a second is found by it, if not always on a machine of a load of 30.
	frozen = 500 * time.Millisecond
	// prompt is what keys may take in any case under the race detector, and strict what the
	// program as it is given out may need for 99 of a hundred keys.
	prompt = 60 * time.Millisecond
	strict = 20 * time.Millisecond
	// often is how many times as long as in the calm a key may take.
	often = 4
	// fewest are the keys that say something.
	fewest = 10
	// least is how long keys are pressed at least.
	least = 2 * time.Second
)

// KeyGap is the pace of the keys that are pressed while something happens.
const KeyGap = 25 * time.Millisecond

// CalmKeys measures keys for a while in which nothing happens, to compare with. The cursor is
// on the first row, and ends there.
func (c *Console) CalmKeys() uitest.Latency {
	c.t.Helper()
	keys := c.MeasureEnds(KeyGap)
	calm := c.Enough(keys, time.Now()).Stop()
	if calm.Missed > 0 || len(calm.Times) < fewest {
		c.t.Fatalf("the keyboard of a quiet console: %v\n%s", calm, strings.Join(calm.Lost, "\n"))
	}
	return calm
}

// Enough waits until keys that are measured since a moment say something, however slow the
// machine is.
func (c *Console) Enough(keys *uitest.Keyboard, since time.Time) *uitest.Keyboard {
	c.t.Helper()
	time.Sleep(time.Until(since.Add(least))) // the measure itself
	Eventually(c.t, time.Minute, "keys enough to say something", func() bool { return keys.Pressed() >= fewest })
	return keys
}

// Prompt fails when keys that were pressed during something got lost or took longer than
// they may, compared with the same keys of the same run in the calm before.
func (c *Console) Prompt(what string, calm, meanwhile uitest.Latency) {
	c.t.Helper()
	c.t.Logf("the keyboard while %s: %v; in the calm: %v", what, meanwhile, calm)
	if why := Sluggish(calm, meanwhile); why != "" {
		c.t.Errorf("the keyboard while %s: %s: %v; in the calm: %v\n%s", what, why, meanwhile, calm, strings.Join(meanwhile.Lost, "\n"))
	}
}

// Sluggish says what is wrong with keys, or "". What is compared are the program's own
// times. None may take as long as a program that stands still. Under the race detector two of
// a hundred and one more may take longer than four times as long as 99 of a hundred in the
// calm; without it one of a hundred and one more longer than 20 ms, or 99 of a hundred in the
// calm where that is longer.
func Sluggish(calm, meanwhile uitest.Latency) string { return sluggish(calm, meanwhile, RaceDetector) }

func sluggish(calm, meanwhile uitest.Latency, racing bool) string {
	still := max(frozen, often*calm.OwnAt(100))
	limit, share := min(max(strict, calm.OwnAt(99)), still), 100
	if racing {
		limit, share = min(max(prompt, often*calm.OwnAt(99)), still), 50
	}
	slower := 0
	for _, took := range meanwhile.Own {
		if took > limit {
			slower++
		}
	}
	switch {
	case meanwhile.Missed > 0:
		return fmt.Sprintf("%d keys did nothing", meanwhile.Missed)
	case len(meanwhile.Own) < fewest:
		return fmt.Sprintf("%d keys say nothing", len(meanwhile.Own))
	case meanwhile.OwnAt(100) > still:
		return fmt.Sprintf("a key took %v of its own time, %v is standing still", meanwhile.OwnAt(100), still)
	case slower > 1+len(meanwhile.Own)/share:
		return fmt.Sprintf("%d keys took longer than %v of their own time", slower, limit)
	}
	return ""
}
