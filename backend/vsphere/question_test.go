package vsphere_test

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
)

// asks starts a VM that will ask, and waits for the question.
func asks(t *testing.T) (*mirror, backend.Backend, *backend.VM, <-chan error) {
	t.Helper()
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	s.Asks(types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.ID.ID})
	m := watch(t, b)
	m.untilSynced()
	done := make(chan error, 1)
	go func() {
		_, err := b.Do(t.Context(), backend.PowerOnOp{VM: vm.ID}, backend.Progress{})
		done <- err
	}()
	m.until("the question", func() bool { return m.vm(vm.Name).Question != nil })
	return m, b, m.getVM(vm.Name), done
}

func TestAQuestionIsAnsweredWithItsDefault(t *testing.T) {
	m, b, vm, done := asks(t)
	q := vm.Question
	if vm.Activity != backend.ActivityBlocked || len(q.Choices) != 3 || q.Default != 2 || q.Choices[q.Default].Label != "I copied it" {
		t.Fatalf("%s, %+v", vm.Activity, q)
	}
	_, err := do(t, b, backend.AnswerOp{VM: vm.ID, Question: "0", Choice: "2"})
	if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), "no such question is pending") {
		t.Errorf("another question: %v", err)
	}
	_, err = do(t, b, backend.AnswerOp{VM: vm.ID, Question: q.ID, Choice: "9"})
	if backend.ClassOf(err) != backend.ClassInvalid {
		t.Errorf("no choice: %v", err)
	}
	mustDo(t, b, backend.AnswerOp{VM: vm.ID, Question: q.ID, Choice: q.Choices[q.Default].Key})
	if err := <-done; err != nil {
		t.Errorf("power on: %v", err)
	}
	m.until("a VM that runs and asks nothing", func() bool {
		now := m.vm(vm.Name)
		return now.Question == nil && now.State == backend.PowerOn && now.Activity == backend.ActivityNone
	})
}

func TestAQuestionAnsweredWithCancel(t *testing.T) {
	m, b, vm, done := asks(t)
	mustDo(t, b, backend.AnswerOp{VM: vm.ID, Question: vm.Question.ID, Choice: "0"})
	if err := <-done; backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("power on: %v", err)
	}
	m.until("a VM that is off", func() bool { now := m.vm(vm.Name); return now.Question == nil && now.State == backend.PowerOff })
}

func TestAQuestionGoesWithItsTask(t *testing.T) {
	m, b, vm, done := asks(t)
	var key string
	m.until("the task", func() bool {
		for k, states := range m.tasks {
			if last := states[len(states)-1]; last.Object == vm.ID && last.State == backend.TaskRunning {
				key = k
			}
		}
		return key != ""
	})
	c, _ := backend.As[backend.TaskCanceller](b)
	if err := c.CancelTask(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := <-done; backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("power on: %v", err)
	}
	m.until("no question", func() bool { now := m.vm(vm.Name); return now.Question == nil && now.State == backend.PowerOff })
}

// TestAQuestionWithoutChoices is shown, and has no default.
func TestAQuestionWithoutChoices(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	m := watch(t, b)
	m.untilSynced()
	set(s, "VirtualMachine", vm.ID, types.PropertyChange{Name: "runtime.question", Val: types.VirtualMachineQuestionInfo{Id: "1", Text: "Type the serial number."}})
	m.until("the question", func() bool {
		q := m.vm(vm.Name).Question
		return q != nil && q.Default == -1 && len(q.Choices) == 0 && q.Text == "Type the serial number."
	})
}
