package backendtest

import "hvdeck/backend"

func alarmCases() []testCase {
	return []testCase{
		{name: "alarm/acknowledge", ops: []backend.Op{backend.AlarmAckOp{}}, run: alarmAcknowledge},
	}
}

func alarmAcknowledge(r *run) {
	r.needs(backend.VerbAlarmAck)
	r.fatalf("no such case yet")
}
