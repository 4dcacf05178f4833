package kind

import (
	"fmt"
	"strconv"
	"time"

	"hvdeck/backend"
)

// Bytes writes a size in binary units with three digits: "4.9 GiB".
func Bytes(n float64) string {
	if !backend.Known(n) {
		return "-"
	}
	return scaled(n, 1024, []string{" B", " KiB", " MiB", " GiB", " TiB", " PiB"})
}

// Short is Bytes in a narrow column: "4.9G".
func Short(n float64) string {
	if !backend.Known(n) {
		return "-"
	}
	return scaled(n, 1024, []string{"B", "K", "M", "G", "T", "P"})
}

// Rate is bytes a second in a narrow column: "1.2MB/s"; nothing moving is "0".
func Rate(n float64) string {
	if !backend.Known(n) {
		return "-"
	}
	if n < 1 {
		return "0"
	}
	return scaled(n, 1000, []string{"B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"})
}

func scaled(n, base float64, units []string) string {
	i := 0
	for n >= base*0.9995 && i < len(units)-1 {
		n /= base
		i++
	}
	switch {
	case i == 0:
		return strconv.FormatFloat(n, 'f', 0, 64) + units[0]
	case n < 9.995:
		return strconv.FormatFloat(n, 'f', 1, 64) + units[i]
	default:
		return strconv.FormatFloat(n, 'f', 0, 64) + units[i]
	}
}

// Percent writes a share: "38%".
func Percent(v float64) string {
	if !backend.Known(v) {
		return "-"
	}
	return strconv.Itoa(int(v+0.5)) + "%"
}

// Age writes a duration in its one or two greatest units: "14d 3h", "41s".
func Age(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < day:
		return fmt.Sprintf("%dh %dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 100*day:
		return fmt.Sprintf("%dd %dh", int(d/day), int(d.Hours())%24)
	default:
		return fmt.Sprintf("%dd", int(d/day))
	}
}

// AgeRough is how old something is that is looked at all the time: a word that changes
// every second would be redrawn every second.
func AgeRough(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		return Age(d.Truncate(10*time.Second)) + " ago"
	default:
		return Age(d) + " ago"
	}
}

// AgeShort is Age in its greatest unit only: "41d".
func AgeShort(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d/day))
	}
}

// When writes a moment in local time.
func When(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// YesNo writes a flag.
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Count writes a number, "-" for the unknown (negative).
func Count(n int) string {
	if n < 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
