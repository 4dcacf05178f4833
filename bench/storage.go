package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// inStorage are the benchmarks of this part.
const inStorage = "^Benchmark(Volume|ConsolePaste)"

// storage takes the figures of volumes from the benchmarks of the libvirt driver, which
// take turns with virsh on one daemon.
func (b *bench) storage() error {
	at := place{server: onLibvirt, size: mainSize}
	argv := []string{"test", "./backend/libvirt", "-run", "^$", "-bench", inStorage, "-benchtime", "5x", "-timeout", "10m"}
	out, err := exec.Command("go", argv...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	for _, f := range []struct {
		benchmark, name, peer string
	}{
		{"BenchmarkVolumeList", volumeList, "virsh vol-list"},
		{"BenchmarkVolumeTransfer/plain-upload", upload, "virsh vol-upload"},
		{"BenchmarkVolumeTransfer/plain-download", download, "virsh vol-download"},
		{"BenchmarkVolumeTransfer/upload", upload + ", with its checksum", "virsh vol-upload"},
		{"BenchmarkVolumeTransfer/download", download + ", with its checksum", "virsh vol-download"},
	} {
		ours, virsh, err := metrics(string(out), f.benchmark)
		if err != nil {
			return err
		}
		b.add(at, f.name, ours, "ms").beside(f.peer, virsh)
	}
	paste, err := perOp(string(out), "BenchmarkConsolePaste")
	if err != nil {
		return err
	}
	b.add(at, "console paste of 64 KiB, to its checksum by the guest", paste, "ms")
	return nil
}

// perOp is how long a run of a benchmark took, in ms.
func perOp(out, benchmark string) (float64, error) {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) > 3 && (f[0] == benchmark || strings.HasPrefix(f[0], benchmark+"-")) && f[3] == "ns/op" {
			ns, err := strconv.ParseFloat(f[2], 64)
			return ns / 1e6, err
		}
	}
	return 0, fmt.Errorf("%s reported no figure; was it skipped?\n%s", benchmark, out)
}

// metrics are the two medians that a benchmark reported, in ms.
func metrics(out, benchmark string) (ours, virsh float64, err error) {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != benchmark && !strings.HasPrefix(f[0], benchmark+"-") {
			continue
		}
		for i := 2; i+1 < len(f); i += 2 {
			v, _ := strconv.ParseFloat(f[i], 64)
			switch f[i+1] {
			case "ours":
				ours = v
			case "virsh":
				virsh = v
			}
		}
	}
	if ours == 0 || virsh == 0 {
		return 0, 0, fmt.Errorf("%s reported no figures; was it skipped?\n%s", benchmark, out)
	}
	return ours, virsh, nil
}
