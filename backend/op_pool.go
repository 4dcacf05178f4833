package backend

import "time"

// PoolNewOp defines a storage pool from the answers that its type needs. Source: the
// storage pool XML format; virStoragePoolDefineXML, Build, Create.
type PoolNewOp struct {
	Host         Ref
	Name         string
	Type         string // "dir", "fs", "netfs", "logical", "iscsi", "rbd", "disk"
	Path         string // target directory; /dev/VG and alike have a default
	SourceHost   string // netfs, iscsi, rbd: "host" or "host:port"; rbd takes several, with commas
	SourceDir    string // netfs: the exported directory
	SourceDevice string // fs, disk, logical: device; iscsi: IQN of the target
	SourceName   string // logical: volume group; rbd: pool
	SourceFormat string // fs: "ext4", "auto"; netfs: "nfs", "glusterfs", "cifs"; disk: "gpt", "dos"
	Initiator    string // iscsi: IQN of this host, or ""
	AuthUser     string // iscsi (chap), rbd (ceph); "" for none
	AuthSecret   Ref    // the secret with the password or key
	Build        bool   // make the directory, file system or volume group first
	Autostart    bool
	Start        bool
}

// PoolFormats are the formats of a pool's source that a type knows, the usual ones
// first; nil for a type that has no choice. Source: virStoragePoolFormat… (storage_conf.c).
func PoolFormats(poolType string) []string {
	switch poolType {
	case "fs":
		return []string{"auto", "ext4", "xfs", "ext3", "ext2", "vfat", "ufs", "iso9660", "udf", "gfs", "gfs2", "hfs+", "ocfs2", "vmfs"}
	case "netfs":
		return []string{"nfs", "cifs", "glusterfs", "auto"}
	case "disk":
		return []string{"gpt", "dos", "dvh", "mac", "bsd", "pc98", "sun", "lvm2"}
	case "logical":
		return []string{"lvm2"}
	default:
		return nil
	}
}

// PoolBuildOp makes what the pool stands on: a directory, a file system, a volume
// group. Source: virStoragePoolBuild.
type PoolBuildOp struct {
	Pool Ref
	// Overwrite destroys what is on the device; without it the server refuses where
	// there is something.
	Overwrite bool
}

// PoolRefreshOp looks at the storage again. Source: virStoragePoolRefresh.
type PoolRefreshOp struct{ Pool Ref }

// PoolDeleteOp deletes what an inactive pool stands on, with all in it. Source:
// virStoragePoolDelete.
type PoolDeleteOp struct{ Pool Ref }

// Target implements Op.
func (o PoolNewOp) Target() Ref     { return o.Host }
func (o PoolBuildOp) Target() Ref   { return o.Pool }
func (o PoolRefreshOp) Target() Ref { return o.Pool }
func (o PoolDeleteOp) Target() Ref  { return o.Pool }

// Verb implements Op.
func (o PoolNewOp) Verb() Verb     { return VerbFor(KindPool, ActDefine) }
func (o PoolBuildOp) Verb() Verb   { return VerbPoolBuild }
func (o PoolRefreshOp) Verb() Verb { return VerbPoolRefresh }
func (o PoolDeleteOp) Verb() Verb  { return VerbPoolDelete }

// Title implements Op.
func (o PoolNewOp) Title() string     { return "create pool " + o.Name }
func (o PoolBuildOp) Title() string   { return "build pool" }
func (o PoolRefreshOp) Title() string { return "refresh pool" }
func (o PoolDeleteOp) Title() string  { return "delete pool's storage" }

// Span implements Spanned.
func (PoolNewOp) Span() time.Duration     { return SpanDisks }
func (PoolBuildOp) Span() time.Duration   { return SpanDisks }
func (PoolRefreshOp) Span() time.Duration { return SpanDisks }
func (PoolDeleteOp) Span() time.Duration  { return SpanDisks }

func poolOps() []Op {
	return []Op{PoolNewOp{}, PoolBuildOp{}, PoolRefreshOp{}, PoolDeleteOp{}}
}
