package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func poolActions() []keymap.Action {
	pool := func(o backend.Object) *backend.Pool { return o.(*backend.Pool) }
	active := func(o backend.Object) bool { return pool(o).State != backend.PoolInactive }
	k := backend.KindPool
	all := []keymap.Action{startAction(k, active), stopAction(k, active, "Its volumes can't be used until it is started; nothing is deleted.")}
	all = append(all, autostartActions(k, "a", "A", func(o backend.Object) bool { return pool(o).Autostart })...)
	undefine := undefineAction(k, keymap.Disruptive, "The definition goes; what is stored in it stays.")
	undefine.When = whenActive(active, false)
	all = append(all, poolRefresh(active), poolBuild(active), undefine, poolDelete(active), poolNew())
	return append(all, inPool(volumeNew(), "new-volume", "New volume…", "n", active), inPool(volumeImport(), "import", "Upload a file…", "i", active),
		inPool(volumeFolder(), "folder", "New folder…", "f", active))
}

// inPool is what makes a volume, on the pool's own menu.
func inPool(a keymap.Action, id, title, key string, active func(backend.Object) bool) keymap.Action {
	a.ID, a.Title, a.Menu, a.Key, a.Makes = "pool."+id, title, keymap.MenuManage, key, backend.KindNone
	a.Scope, a.Kinds, a.When = keymap.Rows(backend.KindPool), []backend.Kind{backend.KindPool}, whenActive(active, true)
	return a
}

func poolRefresh(active func(backend.Object) bool) keymap.Action {
	a := onEach(manageAction(backend.KindPool, "refresh", "Look at the storage again", "r", "Finds volumes that others made or deleted.",
		backend.VerbPoolRefresh, keymap.Safe))
	a.When = whenActive(active, true)
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.PoolRefreshOp{Pool: o.Ref()}
	}
	return a
}

func poolBuild(active func(backend.Object) bool) keymap.Action {
	a := manageAction(backend.KindPool, "build", "Build…", "b", "Makes the directory, file system or volume group that it stands on.",
		backend.VerbPoolBuild, keymap.Disruptive)
	a.When = whenActive(active, false)
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "overwrite", Label: "Overwrite", Type: keymap.ToggleField, Default: "no",
			Hint: "also where the device holds something: it is destroyed"}}
	}
	a.RiskOf = func(_ keymap.Selection, args keymap.Args) keymap.Risk {
		if args.On("overwrite") {
			return keymap.Irreversible
		}
		return keymap.Disruptive
	}
	a.Loses = func(_ keymap.Selection, args keymap.Args) []string {
		if args.On("overwrite") {
			return []string{"What is on the device is destroyed."}
		}
		return nil
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.PoolBuildOp{Pool: o.Ref(), Overwrite: args.On("overwrite")}
	}
	return a
}

func poolDelete(active func(backend.Object) bool) keymap.Action {
	a := manageAction(backend.KindPool, "delete", "Delete its storage", "d", "Deletes what the pool stands on; the definition stays.",
		backend.VerbPoolDelete, keymap.Irreversible)
	a.When = whenActive(active, false)
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		where := ""
		if p, ok := s.First().(*backend.Pool); ok {
			where = ": " + joined(", ", p.Path, p.Source)
		}
		return []string{"What the pool stands on is deleted, with everything in it" + where + "."}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.PoolDeleteOp{Pool: o.Ref()}
	}
	return a
}

func poolNew() keymap.Action {
	a := newAction(backend.KindPool, backend.KindHost, "new", "Pool…", "n", "Defines a storage pool.", backend.VerbFor(backend.KindPool, backend.ActDefine))
	a.Form = func(s keymap.Selection) []keymap.Field { return poolFields(s) }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		word := func(name string) string { return strings.TrimSpace(args[name]) }
		return backend.PoolNewOp{
			Host: o.Ref(), Name: word("name"), Type: args["type"], Path: word("path"),
			SourceHost: word("host"), SourceDir: word("dir"), SourceDevice: word("device"), SourceName: word("source"),
			SourceFormat: args["format"] + args["export"] + args["label"], Initiator: word("initiator"),
			AuthUser: word("user"), AuthSecret: refArg(o, backend.KindSecret, args["secret"]),
			Build: args.On("build"), Start: args.On("start"), Autostart: args.On("autostart"),
		}
	}
	return a
}

// poolFields are the questions, of which a type shows those that it needs. Source: the
// storage pool XML format.
func poolFields(s keymap.Selection) []keymap.Field {
	secrets := objectChoices(ofConn(s, backend.KindSecret, nil))
	return []keymap.Field{
		{Name: "name", Label: "Name", Check: checkName},
		{Name: "type", Label: "Type", Type: keymap.ChoiceField, Default: "dir", Choices: []keymap.FieldChoice{
			{Value: "dir", Label: "dir: a directory"}, {Value: "fs", Label: "fs: a device with a file system"},
			{Value: "netfs", Label: "netfs: an NFS, CIFS or Gluster export"}, {Value: "logical", Label: "logical: an LVM volume group"},
			{Value: "iscsi", Label: "iscsi: an iSCSI target"}, {Value: "rbd", Label: "rbd: a Ceph pool"}, {Value: "disk", Label: "disk: partitions of a disk"},
		}},
		{Name: "path", Label: "Directory", Hint: "at the host", Check: absolutePath, Only: onlyIf("type", "dir")},
		{Name: "path", Label: "Mount point", Hint: "directory at the host", Check: absolutePath, Only: onlyIf("type", "fs", "netfs")},
		{Name: "host", Label: "Server", Hint: "name or address; a port after a colon", Required: true, Only: onlyIf("type", "netfs", "iscsi")},
		{Name: "host", Label: "Monitors", Hint: "host:port, several with commas", Required: true, Only: onlyIf("type", "rbd")},
		{Name: "dir", Label: "Export", Hint: "the exported directory", Required: true, Only: onlyIf("type", "netfs")},
		{Name: "export", Label: "Protocol", Type: keymap.ChoiceField, Default: "nfs", Choices: choices(backend.PoolFormats("netfs")...),
			Only: onlyIf("type", "netfs")},
		{Name: "device", Label: "Device", Hint: "such as /dev/sdb1", Check: absolutePath, Only: onlyIf("type", "fs", "disk")},
		{Name: "device", Label: "Target IQN", Hint: "iqn.2026-01.example.org:storage", Required: true, Only: onlyIf("type", "iscsi")},
		{Name: "device", Label: "Devices", Hint: "for a new volume group, several with commas; empty uses one that exists", Only: onlyIf("type", "logical")},
		{Name: "format", Label: "File system", Type: keymap.ChoiceField, Default: "auto", Choices: choices(backend.PoolFormats("fs")...),
			Only: onlyIf("type", "fs")},
		{Name: "label", Label: "Partition table", Type: keymap.ChoiceField, Default: "gpt", Choices: choices(backend.PoolFormats("disk")...),
			Only: onlyIf("type", "disk")},
		{Name: "source", Label: "Volume group", Required: true, Check: checkName, Only: onlyIf("type", "logical")},
		{Name: "source", Label: "Ceph pool", Required: true, Only: onlyIf("type", "rbd")},
		{Name: "initiator", Label: "Initiator IQN", Hint: "of this host; empty takes the host's own", Only: onlyIf("type", "iscsi")},
		{Name: "user", Label: "User", Hint: "CHAP or Ceph user; empty for none", Only: onlyIf("type", "iscsi", "rbd")},
		{Name: "secret", Label: "Secret", Hint: "with the user's password or key", Type: keymap.ChoiceField,
			Choices: append([]keymap.FieldChoice{none()}, secrets...), Only: onlyIf("type", "iscsi", "rbd")},
		{Name: "build", Label: "Build", Hint: "make the directory or volume group now; a device that holds something is left alone",
			Type: keymap.ToggleField, Default: "yes",
			Only: onlyIf("type", "dir", "netfs")},
		{Name: "build", Label: "Build", Hint: "make the file system, volume group or partition table; a device that holds something is left alone",
			Type: keymap.ToggleField, Default: "no",
			Only: onlyIf("type", "fs", "logical", "disk")},
		{Name: "start", Label: "Start", Type: keymap.ToggleField, Default: "yes"},
		{Name: "autostart", Label: "Autostart", Type: keymap.ToggleField, Default: "yes"},
	}
}
