package vsphere_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hvdeck/backend"
)

// TestFilesWhenTheServerIsKilled: a download leaves nothing, an upload says what may be
// left.
func TestFilesWhenTheServerIsKilled(t *testing.T) {
	for _, c := range []struct {
		name  string
		op    func(x *filesLab, big string) backend.Op
		class backend.Class
		says  string
	}{
		{"download", func(x *filesLab, _ string) backend.Op {
			return backend.VolumeDownloadOp{Volume: x.volume("big"), File: filepath.Join(x.dir, "down")}
		}, backend.ClassUnreachable, "broke off after"},
		{"upload", func(x *filesLab, big string) backend.Op {
			return backend.VolumeUploadOp{Volume: x.volume("big"), File: big}
		}, backend.ClassLost, "holds part of what was sent"},
		{"import", func(x *filesLab, big string) backend.Op {
			return backend.VolumeImportOp{Pool: x.pool, Name: "new", File: big}
		}, backend.ClassLost, "part of it may have stayed as [LocalDS_0] new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newFilesLab(t)
			big, _ := x.random("big file", 96<<20)
			mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "big", File: big, NoChecksum: true})
			var once sync.Once
			_, err := x.b.Do(t.Context(), c.op(x, big), backend.Progress{Bytes: func(done, total int64) {
				if done < total {
					once.Do(x.v.Kill)
				}
			}})
			if err == nil || backend.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v (%v)", err, backend.ClassOf(err))
			}
			if left, _ := filepath.Glob(filepath.Join(x.dir, "*down*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
