package main

import (
	"math"
	"slices"
	"time"
)

// dist is a sample in order.
type dist []float64

// at is the nearest-rank percentile.
func (d dist) at(p float64) float64 {
	if len(d) == 0 {
		return math.NaN() // which meets no target
	}
	s := slices.Sorted(slices.Values(d))
	return s[max(int(math.Ceil(p/100*float64(len(s))))-1, 0)]
}

func (d dist) median() float64 { return d.at(50) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// repeated takes a figure several times.
func repeated(times int, one func() (float64, error)) (dist, error) {
	var d dist
	for range times {
		v, err := one()
		if err != nil {
			return nil, err
		}
		d = append(d, v)
	}
	return d, nil
}
