package libvirt

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// The benchmarks here take turns with virsh on the same daemon and report both
// medians, in ms, as the metrics "ours" and "virsh".

// beside times two ways to do the same in turn; tidy runs before each.
func beside(b *testing.B, tidy, ours, virsh func()) {
	b.Helper()
	var mine, theirs []time.Duration
	timed := func(fn func()) time.Duration {
		tidy()
		began := time.Now()
		fn()
		return time.Since(began)
	}
	for b.Loop() {
		mine = append(mine, timed(ours))
		theirs = append(theirs, timed(virsh))
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2]) / float64(time.Millisecond)
	}
	b.ReportMetric(median(mine), "ours")
	b.ReportMetric(median(theirs), "virsh")
}

func virshRuns(b *testing.B, l *lab.Libvirtd, args ...string) {
	b.Helper()
	if out, err := exec.Command("virsh", append([]string{"-q", "-c", l.URI("qemu")}, args...)...).CombinedOutput(); err != nil {
		b.Fatalf("virsh %q: %v: %.300s", args, err, out)
	}
}

// BenchmarkVolumeList dials and lists 10,000 volumes of one pool with all their
// figures; virsh lists their names and paths.
func BenchmarkVolumeList(b *testing.B) {
	const many = 10_000
	l := lab.StartLibvirtd(b)
	dir := filepath.Join(l.Dir(), "images", "many")
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("v%05d.img", i)), make([]byte, 512), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	l.Virsh("pool-create-as", "many", "dir", "--target", dir)
	beside(b, func() {}, func() {
		c := dial(b, l.URI("qemu"), false)
		pool := poolNamed(b, c, "many").ID
		if all := list[*backend.Volume](b, c, backend.Query{Kind: backend.KindVolume, Parent: pool}); len(all) != many {
			b.Fatalf("%d volumes", len(all))
		}
		_ = c.Close()
	}, func() { virshRuns(b, l, "vol-list", "many") })
}

// BenchmarkVolumeTransfer moves 512 MiB of random data up and down.
func BenchmarkVolumeTransfer(b *testing.B) {
	const size = 512 << 20
	l := lab.StartLibvirtd(b)
	c := dial(b, l.URI("qemu"), false)
	file := filepath.Join(b.TempDir(), "data")
	if err := randomFile(file, size); err != nil {
		b.Fatal(err)
	}
	l.Virsh("pool-create-as", "moved", "dir", "--target", filepath.Join(l.Dir(), "images"))
	l.Virsh("vol-create-as", "moved", "v", fmt.Sprint(size), "--format", "raw")
	v := volumeNamed(b, c, poolNamed(b, c, "moved").ID, "v").ID
	run := func(op backend.Op) {
		if _, err := c.Do(context.Background(), op, backend.Progress{Bytes: func(int64, int64) {}}); err != nil {
			b.Fatal(err)
		}
	}
	down := file + ".down"
	// What is replaced has to be freed first, which is no part of the way.
	tidy := func() {
		_ = os.Remove(down)
		_ = os.Remove(file + ".virsh")
	}
	b.Run("upload", func(b *testing.B) {
		beside(b, tidy, func() { run(backend.VolumeUploadOp{Volume: v, File: file}) },
			func() { virshRuns(b, l, "vol-upload", "v", file, "--pool", "moved") })
	})
	b.Run("plain-upload", func(b *testing.B) {
		beside(b, tidy, func() { run(backend.VolumeUploadOp{Volume: v, File: file, NoChecksum: true}) },
			func() { virshRuns(b, l, "vol-upload", "v", file, "--pool", "moved") })
	})
	b.Run("plain-download", func(b *testing.B) {
		beside(b, tidy, func() { run(backend.VolumeDownloadOp{Volume: v, File: down, NoChecksum: true}) },
			func() { virshRuns(b, l, "vol-download", "v", file+".virsh", "--pool", "moved") })
	})
	b.Run("download", func(b *testing.B) {
		beside(b, tidy, func() { run(backend.VolumeDownloadOp{Volume: v, File: down}) },
			func() { virshRuns(b, l, "vol-download", "v", file+".virsh", "--pool", "moved") })
	})
}

func randomFile(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, size)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
