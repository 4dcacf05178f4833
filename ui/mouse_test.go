package ui_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/ui/uitest"
)

// clickOn clicks the row with a text.
func (w *world) clickOn(text string) {
	w.t.Helper()
	w.WaitFor(text)
	y, _ := w.Row(text)
	w.Click(8, y)
}

// Every screen of rows takes clicks, a second one opens, and the wheel.
func TestMouseOnScreens(t *testing.T) {
	c := alarmed()
	c.past = pastLoad()
	for i := range 60 {
		a := &backend.Alarm{Meta: backend.Meta{ID: c.ref(backend.KindAlarm, fmt.Sprint("more", i)), Name: fmt.Sprintf("Alarm %02d", i)},
			Object: c.ref(backend.KindVM, "web-2"), ObjectName: "web-2", Status: backend.HealthYellow, Since: time.Now().Add(-time.Duration(i) * time.Hour)}
		c.objects = append(c.objects, a)
		c.objects = append(c.objects, &backend.VM{Meta: c.meta(backend.KindVM, fmt.Sprintf("row-%02d", i)), DomainID: -1, Datacenter: "ams2",
			FolderRef: c.ref(backend.KindFolder, "ams2")})
		c.events = append(c.events, backend.Event{At: time.Now().Add(-time.Duration(i) * time.Hour), Conn: c.id, Object: c.ref(backend.KindVM, "web-1"),
			Name: "web-1", Text: fmt.Sprintf("event %02d", i)})
	}
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 65 ")
	w.Press("/").Type("web-1").Press("enter").WaitFor("❯● web-1")

	w.Press(":").Type("events of this").Press("enter").WaitFor("with the server's")
	w.clickOn("event 04")
	w.WaitFor(regexp.MustCompile(`❯.*event 04`))
	w.clickOn("event 04")
	w.WaitFor("Level:").Press("esc").WaitGone("Level:")
	w.Wheel(8, 12, 30).WaitFor("event 59").Wheel(8, 12, -30).WaitFor("event 00").Press("q")

	w.Press("b").WaitFor("[VMs and folders]").Press("+", "g").WaitFor("row-00")
	w.Wheel(8, 12, 40).WaitFor("row-59").Wheel(8, 12, -40).WaitFor("● vc1")
	w.clickOn(" ams2 ")
	w.WaitFor(regexp.MustCompile(`❯.* ams2 `))
	w.clickOn(" ams2 ")
	w.WaitFor("▸").WaitGone("row-00").Press("q")

	w.Press("u").WaitFor("History of web-1").Press("q")

	w.Press("!").WaitFor("Alarms  64")
	w.Wheel(8, 12, 40).WaitFor("Alarm 00").Wheel(8, 12, -40).WaitFor("CPU is busy")
	w.clickOn("CPU is busy")
	w.WaitFor(regexp.MustCompile(`❯.*CPU is busy`))
	w.clickOn("CPU is busy")
	w.Pane("VMs").WaitFor("❯● db-1")
}

// The wheel scrolls the plots by a row of them.
func TestMouseOnAHistory(t *testing.T) {
	c := shop()
	c.past = pastLoad()
	w := begin(t, scene{size: uitest.Size{W: 80, H: 24}})
	c.join(t, w)
	w.WaitFor("vc1").Press("2", "b", "/").Type("web-1").Press("enter").WaitFor(" web-1").Press("u").WaitFor("CPU  min")
	w.Wheel(8, 5, 9).WaitFor("Latency").WaitGone("CPU  min").Wheel(8, 5, -9).WaitFor("CPU  min")
}
