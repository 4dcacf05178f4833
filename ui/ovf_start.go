package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// op is the import as it has been answered so far, without the passwords.
func (i *ovfImport) op() backend.OVFImportOp {
	where, place := i.answers.page(pageWhere), i.answers.page(pagePlace)
	op := backend.OVFImportOp{
		Under: i.refOf(where["under"]), Source: i.answers.source, Name: strings.TrimSpace(where["name"]),
		Folder: i.refOf(place["folder"]), Host: i.refOf(place["host"]), Datastore: i.refOf(place["datastore"]),
		Provisioning: place["provisioning"], PowerOn: place.Yes("on"), Option: i.answers.option,
		EULA: i.answers.accepted == len(i.read.licences), NoManifest: i.read.manifest < 0,
	}
	for _, n := range i.read.descriptor.Networks {
		if r := i.refOf(i.answers.page(pageNetworks)[n.Name]); !r.IsZero() {
			op.Networks = append(op.Networks, backend.OVFNetwork{Name: n.Name, Network: r})
		}
	}
	for _, p := range i.settable() {
		if v, changed := i.answers.properties[p.Key]; changed && !p.Password {
			op.Properties = append(op.Properties, backend.OVFValue{Key: p.Key, Value: v})
		}
	}
	for _, o := range i.read.options {
		if i.answers.page(pageOptions).Yes(o.Key) {
			op.Options = append(op.Options, o.Key)
		}
	}
	return op
}

// secretOp is op with the passwords, in bytes of its own: who has it wipes them.
func (i *ovfImport) secretOp() backend.OVFImportOp {
	op := i.op()
	for _, p := range i.settable() {
		if s := i.answers.secrets[p.Key]; p.Password && !s.Empty() {
			op.Properties = append(op.Properties, backend.OVFValue{Key: p.Key, Secret: backend.Hide(slices.Clone(s.Reveal()))})
		}
	}
	return op
}

// wipe overwrites the passwords of an operation that is over.
func wipe(op backend.OVFImportOp) {
	for _, p := range op.Properties {
		clear(p.Secret.Reveal())
	}
}

// forget overwrites the passwords that were typed.
func (a *ovfAnswers) forget() {
	for _, s := range a.secrets {
		clear(s.Reveal())
	}
	a.secrets = map[string]backend.Hidden{}
}

// start looks once more at what was chosen, then begins the task. The answers are kept
// until it has ended, without the passwords: those have only the operation from now on.
func (i *ovfImport) start() tea.Cmd {
	if gone := i.gone(); len(gone) > 0 {
		i.verdict = ovfVerdict{found: gone}
		i.turnTo(pageVerdict, true)
		return nil
	}
	op := i.secretOp()
	i.close()
	kept := i.answers // by itself: the package and the pages go with the wizard
	target := task.Target{Name: i.named(op.Under, ""), ConnName: string(kept.conn)}
	i.m.ovf.running[i.m.tasks.Start(op, target)] = &kept
	i.m.say(theme.StateBusy, "importing "+op.Name+" on "+target.ConnName+"; 6 shows how far it is")
	return nil
}

// tellImported says what has become of imports; one that failed can be taken up again.
func (m *Model) tellImported() {
	for id, answers := range m.ovf.running {
		t, ok := m.tasks.Get(id)
		if ok && !t.Done() {
			continue
		}
		delete(m.ovf.running, id)
		switch {
		case !ok:
		case t.State == backend.TaskSuccess:
			m.say(theme.StateOK, strings.TrimSpace("done: "+t.Title+" on "+t.ConnName+". "+t.Result.Text))
		default:
			m.ovf.kept = answers
			m.offerAgain(t, *answers)
		}
	}
}

// offerAgain shows why an import failed, and leads back to its answers.
func (m *Model) offerAgain(t task.Task, answers ovfAnswers) {
	text := failureText(t)
	if t.State == backend.TaskCancelled {
		text = "It was cancelled.\n\n" + text
	}
	text = strings.TrimSpace(text) + "\n\nThe answers are kept, but for passwords."
	box := overlay.NewAsk(t.Title+" on "+t.ConnName+": "+t.State.String(), text, []overlay.MenuItem{
		{Title: "Close"}, {Title: "Back to the answers"},
	}).Async()
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case overlay.Open:
			return false, nil
		case overlay.Chosen:
			if n, _ := box.Choice(); n == 1 {
				m.ovf.kept = nil
				return true, m.beginOVF(answers)
			}
		case overlay.Confirmed, overlay.Cancelled:
		}
		return true, nil
	}})
}
