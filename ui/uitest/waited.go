package uitest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// waits is for how long each thread of some processes was ready and did not run, since it
// began, by the path of its figures.
type waits map[string]time.Duration

// Waits is what the threads of a program and of this process have waited for a core so far.
type Waits [2]waits

// Program is what those of the program have waited, added up.
func (w Waits) Program() (sum time.Duration) {
	for _, n := range w[1] {
		sum += n
	}
	return sum
}

// WaitsOf looks at a process (0: none) and at this one. It is empty where the system does
// not tell; Linux does.
func WaitsOf(pid int) Waits {
	all := Waits{waitsIn("self"), {}}
	if pid > 0 {
		all[1] = waitsIn(strconv.Itoa(pid))
	}
	return all
}

func waitsIn(process string) waits {
	all := waits{}
	threads, _ := filepath.Glob(filepath.Join("/proc", process, "task/*/schedstat"))
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		if fields := strings.Fields(string(text)); len(fields) == 3 {
			ns, _ := strconv.ParseInt(fields[1], 10, 64)
			all[name] = time.Duration(ns)
		}
	}
	return all
}

// Waited is what the machine let both processes wait since before: in each that of the
// thread that waited longest, as others wait beside it.
func Waited(before, after Waits) (sum time.Duration) {
	for i, w := range after {
		most := time.Duration(0)
		for thread, total := range w {
			most = max(most, total-before[i][thread])
		}
		sum += most
	}
	return sum
}

// Own is a key's time without what the machine let it wait; a fifth of it always stays.
func Own(took, waited time.Duration) time.Duration { return max(took-waited, took/5) }

// Took is how long something takes by itself in a program (0: in this process), without what
// the machine let it wait.
func Took(pid int, do func()) time.Duration {
	before, began := WaitsOf(pid), time.Now()
	do()
	return Own(time.Since(began), Waited(before, WaitsOf(pid)))
}
