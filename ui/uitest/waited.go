package uitest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// waitedFor is for how long threads of a process and of this one were ready and did not
// run, since they began, added up; 0 where the system does not tell (it is Linux that does).
func waitedFor(pid int) time.Duration {
	sum := waitedIn("self")
	if pid > 0 {
		sum += waitedIn(strconv.Itoa(pid))
	}
	return sum
}

func waitedIn(process string) (sum time.Duration) {
	threads, _ := filepath.Glob(filepath.Join("/proc", process, "task/*/schedstat"))
	for _, name := range threads {
		text, err := os.ReadFile(name) //nolint:gosec // of processes only
		if err != nil {
			continue // it has ended meanwhile
		}
		if fields := strings.Fields(string(text)); len(fields) == 3 {
			ns, _ := strconv.ParseInt(fields[1], 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}
