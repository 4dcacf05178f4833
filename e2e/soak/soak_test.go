package soak

import (
	"flag"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

func TestMain(m *testing.M) {
	flag.Duration("for", 0, "how long the soak works; 0 is the short form")
	flag.Uint64("seed", 0, "repeats the choices of a run; 0 takes new ones")
	desk.Main(m)
}

func option[T any](name string) T {
	return flag.Lookup(name).Value.(flag.Getter).Get().(T)
}

// TestSoak is the short form unless -for says otherwise.
func TestSoak(t *testing.T) {
	plan := Plan{
		For: 45 * time.Second, Seed: option[uint64]("seed"), Pace: 20 * time.Millisecond, Churn: 600 * time.Millisecond,
		Check: 5 * time.Second, Fault: 25 * time.Second, Warm: 10 * time.Second,
	}
	if long := option[time.Duration]("for"); long > 0 {
		plan = Plan{
			For: long, Pace: 200 * time.Millisecond, Seed: plan.Seed, Churn: 1500 * time.Millisecond,
			Check: time.Minute, Fault: 4 * time.Minute, Warm: long / 6,
		}
	}
	if plan.Seed == 0 {
		plan.Seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("seed %d for %v", plan.Seed, plan.For)
	Run(t, plan)
}
