package backend

import "time"

// Alarm is an alarm that a server has triggered for an object. Its Meta.Name is the
// name of the alarm's definition. Source: AlarmState.
type Alarm struct {
	Meta
	Object     Ref // may be of a kind that hvdeck does not list: then its Kind is KindNone
	ObjectName string
	Status     Health
	Since      time.Time
	Acked      bool
	AckedBy    string
	AckedAt    time.Time
	Text       string `clean:"text"` // what the definition says about it
}

// AlarmAckOp acknowledges an alarm: it stays until its cause is gone, its actions stop.
// Source: AcknowledgeAlarm.
type AlarmAckOp struct{ Alarm Ref }

// Target implements Op.
func (o AlarmAckOp) Target() Ref { return o.Alarm }

// Verb implements Op.
func (o AlarmAckOp) Verb() Verb { return VerbAlarmAck }

// Title implements Op.
func (o AlarmAckOp) Title() string { return "acknowledge alarm" }

func alarmOps() []Op { return []Op{AlarmAckOp{}} }
