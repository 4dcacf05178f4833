package main

import (
	"fmt"
	"slices"
	"strings"
)

// grows are the figures whose growth with the inventory is told.
func grows() []string {
	return []string{
		firstRow, wholeList, startCPU, memoryNow, memoryMost, idleBytes, idleCPU, keyTo(quiet, 50), keyTo(quiet, 95),
		keyTo(refreshed, 95), heldLag, moveBytes, scrollBytes, freshBytes, freshCPU, filtering, sorting,
	}
}

// growth are lines that say how cost grows with the inventory: the figure at each
// number of VMs, and the last over the first.
func (b *bench) growth() (lines [][]string) {
	for _, server := range b.servers {
		for _, name := range grows() {
			if line := growthOf(server, name, b.figures); line != nil {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func growthOf(server, name string, figures []figure) []string {
	var of []figure
	for _, f := range figures {
		if f.at.server == server && f.name == name && f.at.size == mainSize && f.at.vms > 0 {
			of = append(of, f)
		}
	}
	if len(of) < 2 {
		return nil
	}
	slices.SortFunc(of, func(a, b figure) int { return a.at.vms - b.at.vms })
	var counts, values []string
	for _, f := range of {
		counts = append(counts, thousands(f.at.vms))
		values = append(values, number(f.value))
	}
	first, last := of[0], of[len(of)-1]
	times := "-"
	if first.value > 0 {
		times = fmt.Sprintf("%.2f", last.value/first.value)
	}
	return []string{
		server + " " + strings.Join(counts, " → "), "growth: " + name, strings.Join(values, " → "), last.unit, "-", "",
		fmt.Sprintf("VMs x %s", thousands(last.at.vms/first.at.vms)), times,
	}
}
