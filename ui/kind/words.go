package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hvdeck/backend"
)

// compact drops facts that have no value.
func compact(facts []Fact) []Fact {
	out := facts[:0]
	for _, f := range facts {
		if f.Value != "" && f.Value != "-" {
			out = append(out, f)
		}
	}
	return out
}

// joined joins what is not empty.
func joined(sep string, parts ...string) string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func waiting() []Section { return []Section{{Lines: []string{"Asking…"}}} }

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

func readOnlyWord(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func ofMost(now, most uint64) string {
	if now == 0 || most == 0 || now == most {
		return ""
	}
	return Bytes(float64(now)) + ", " + Bytes(float64(most))
}

func ofMostCount(now, most int) string {
	if now == 0 || most == 0 || now == most {
		return ""
	}
	return fmt.Sprintf("%d, %d", now, most)
}

func durationWords(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.Round(time.Second).String()
}

// otherThan leaves out fields that are shown elsewhere.
func otherThan(fields []backend.Field, names ...string) []backend.Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f backend.Field) bool { return slices.Contains(names, f.Name) })
}
