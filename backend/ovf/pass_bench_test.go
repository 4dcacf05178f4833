package ovf

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkPass compares a file that is summed up beside the writing with one that is
// summed up before each write, in turns: the ratio of the best of each.
func BenchmarkPass(b *testing.B) {
	data := diskBytes(64 << 20)
	one := func(sum func(f *os.File) error) time.Duration {
		f, err := os.Create(filepath.Join(b.TempDir(), "disk"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		began := time.Now()
		if err := sum(f); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	beside, before := time.Hour, time.Hour
	for b.Loop() {
		beside = min(beside, one(func(f *os.File) error {
			_, err := pass(f, bytes.NewReader(data), sha256.New(), nil)
			return err
		}))
		before = min(before, one(func(f *os.File) error {
			r := io.TeeReader(bytes.NewReader(data), sha256.New())
			_, err := io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 1<<20))
			return err
		}))
	}
	b.ReportMetric(float64(len(data)>>20)/beside.Seconds(), "MiB/s")
	b.ReportMetric(before.Seconds()/beside.Seconds(), "beside/before")
}
