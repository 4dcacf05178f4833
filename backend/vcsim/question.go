package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const questionID = "7"

// Asks makes a VM ask whether it was moved or copied when it is next powered on.
func (s *Server) Asks(vm types.ManagedObjectReference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking[vm] = make(chan string, 1)
}

func (s *Server) isAsking(vm types.ManagedObjectReference) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.asking[vm]
	return ok
}

func movedOrCopied(name string) *types.VirtualMachineQuestionInfo {
	choice := func(key, label string) types.BaseElementDescription {
		return &types.ElementDescription{Key: key, Description: types.Description{Label: label, Summary: label}}
	}
	text := "msg.uuid.altered: This virtual machine might have been moved or copied.\n" +
		"In order to configure certain management and networking features, VMware ESX needs to know if " +
		name + " was moved or copied.\nIf you don't know, answer \"I copied it\"."
	return &types.VirtualMachineQuestionInfo{Id: questionID, Text: text, Choice: types.ChoiceOption{
		ChoiceInfo:   []types.BaseElementDescription{choice("0", "Cancel"), choice("1", "I moved it"), choice("2", "I copied it")},
		DefaultIndex: 2,
	}}
}

// ask raises the question and waits until it is answered, the task is cancelled or
// the server closes.
func (m *machine) ask(bg *simulator.Context, t *simulator.Task, stop <-chan struct{}) types.BaseMethodFault {
	m.srv.mu.Lock()
	answer := m.srv.asking[m.Self]
	m.srv.mu.Unlock()
	update(bg, t, types.PropertyChange{Name: "info.progress", Val: int32(30)})
	m.question(bg, movedOrCopied(m.vm.Name))
	select {
	case <-m.srv.ctx.Done():
		return &types.RequestCanceled{}
	case <-stop:
		m.question(bg, nil)
		return &types.RequestCanceled{}
	case key := <-answer:
		m.srv.mu.Lock()
		delete(m.srv.asking, m.Self)
		m.srv.mu.Unlock()
		m.question(bg, nil)
		if key == "0" {
			return &types.RequestCanceled{}
		}
		return nil
	}
}

func (m *machine) question(bg *simulator.Context, q *types.VirtualMachineQuestionInfo) {
	var val any
	if q != nil {
		val = q
	}
	update(bg, m.vm, types.PropertyChange{Name: "runtime.question", Val: val},
		types.PropertyChange{Name: "summary.runtime.question", Val: val})
}

// AnswerVM answers the pending question.
func (m *machine) AnswerVM(_ *simulator.Context, req *types.AnswerVM) soap.HasFault {
	q := m.vm.Runtime.Question
	if q == nil || q.Id != req.QuestionId {
		return &methods.AnswerVMBody{Fault_: simulator.Fault("no such question is pending", &types.InvalidArgument{InvalidProperty: "questionId"})}
	}
	if !offered(q, req.AnswerChoice) {
		return &methods.AnswerVMBody{Fault_: simulator.Fault("the answer is not one of the choices", &types.InvalidArgument{InvalidProperty: "answerChoice"})}
	}
	m.srv.mu.Lock()
	answer := m.srv.asking[m.Self]
	m.srv.mu.Unlock()
	select {
	case answer <- req.AnswerChoice:
	default: // answered already
	}
	return &methods.AnswerVMBody{Res: &types.AnswerVMResponse{}}
}

func offered(q *types.VirtualMachineQuestionInfo, key string) bool {
	for _, c := range q.Choice.ChoiceInfo {
		if c.GetElementDescription().Key == key {
			return true
		}
	}
	return false
}
