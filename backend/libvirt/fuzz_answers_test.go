package libvirt

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"

	libvirt "github.com/digitalocean/go-libvirt"
)

// anyCall is a call whose answer a fuzzer makes up, with what is done with it.
type anyCall func(t *testing.T, lv *libvirt.Libvirt) error

// anyCalls are those with answers of each form that there is: lists of objects, typed
// parameters, texts, bytes, figures.
func anyCalls() []anyCall {
	c := &client{id: "c"}
	return []anyCall{
		func(t *testing.T, lv *libvirt.Libvirt) error {
			records, err := lv.ConnectGetAllDomainStats(nil, 0, 0)
			checkRecords(t, c, records)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, err := lv.ConnectListAllDomains(1, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, err := lv.DomainGetXMLDesc(libvirt.Domain{}, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			found, err := lv.DomainInterfaceAddresses(libvirt.Domain{}, 0, 0)
			byMAC(found)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, err := lv.NetworkGetDhcpLeases(libvirt.Network{}, nil, 1, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, err := lv.NodeGetCPUStats(-1, 4, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, _, err := lv.NodeGetCPUMap(1, 1, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, _, _, _, _, _, _, err := lv.NodeGetInfo()
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, _, err := lv.DomainGetJobStats(libvirt.Domain{}, 0)
			return err
		},
		func(_ *testing.T, lv *libvirt.Libvirt) error {
			_, err := lv.SecretGetValue(libvirt.Secret{}, 0)
			return err
		},
	}
}

// checkRecords takes domains in as a list and as samples: no figure is negative, and
// what is not known is NaN.
func checkRecords(t *testing.T, c *client, records []libvirt.DomainStatsRecord) {
	t.Helper()
	c.configs.put(records)
	c.configs.missing(records)
	for i := range records {
		vm := c.vm(&records[i], domainSets{})
		if vm.VCPUs < 0 {
			t.Errorf("%d vCPUs", vm.VCPUs)
		}
		detail := &backend.VMDetail{Disks: []backend.Disk{{Label: "vda"}, {Label: ""}}}
		diskSizes(detail, paramsOf(records[i].Params))
		backendtest.Shown(t, detail)
		checkSample(t, c.vmSample(&records[i], time.Unix(1, 0)))
		checkSample(t, c.vmSample(&records[i], time.Unix(2, 0)))
	}
	c.configs.forget()
	c.rates.sweep(time.Unix(1e9, 0))
}

func checkSample(t *testing.T, s backend.Sample) {
	t.Helper()
	for i, v := range []float64{s.CPU, s.MemUsed, s.MemTotal, s.DiskRead, s.DiskWrite, s.NetIn, s.NetOut} {
		if v < 0 || v > 1e300 {
			t.Errorf("figure %d is %v", i, v)
		}
	}
	if s.CPU > 100 {
		t.Errorf("%v %% of its CPUs", s.CPU)
	}
}

// answering is a daemon that lets everybody in and gives the same answer to the third
// call of each.
func answering(far net.Conn, status uint32, payload []byte) {
	defer func() { _ = far.Close() }()
	head := make([]byte, frameHeadLen)
	for n := 1; ; n++ {
		if _, err := io.ReadFull(far, head); err != nil {
			return
		}
		h := parseHead(head)
		if _, err := io.CopyN(io.Discard, far, int64(h.length)-frameHeadLen); err != nil {
			return
		}
		var body []byte
		s := uint32(statusOK)
		if h.program == programKeepalive {
			n-- // that we live is no question of the test
			continue
		}
		switch n {
		case 1:
			body = frameOf(0) // no kind of login is asked for
		case 2:
		default:
			body, s = payload, status
		}
		reply := frameOf(uint32(frameHeadLen+len(body)), h.program, 1, h.procedure, frameReply, h.serial, s)
		if _, err := far.Write(append(reply, body...)); err != nil {
			return
		}
	}
}

// allocated is how much memory was asked for so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// checkAnswer gives an answer to a call and reports what the call said.
func checkAnswer(t *testing.T, one anyCall, status uint32, payload []byte) error {
	t.Helper()
	near, far := net.Pipe()
	go answering(far, status, payload)
	r := newRPC(near, false)
	defer r.close()
	d := deed{doing: "ask", limit: 10 * time.Second}
	if err := r.open(context.Background(), "test:///default"); err != nil {
		t.Fatal(err)
	}
	before := allocated()
	_, err := call(context.Background(), r, d, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, one(t, lv)
	})
	// The library's structs are some times as large as what they are read from.
	if took := allocated() - before; took > 1<<20+64*uint64(len(payload)) {
		t.Errorf("%d bytes of an answer took %d", len(payload), took)
	}
	return err
}

// FuzzAnswers: whatever a daemon answers, what the library and we make of it is
// bounded, and each figure is one.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(0), uint32(statusOK), statsAnswer())
	f.Add(uint8(0), uint32(statusOK), frameOf(1<<31-1, 0, 0, 0))
	f.Add(uint8(2), uint32(statusError), refusalOf("no such domain"))
	one := &xdrWriter{}
	one.domain(libvirt.Domain{Name: "web", UUID: libvirt.UUID{1}, ID: 3})
	f.Add(uint8(1), uint32(statusOK), append(append(frameOf(1), one.buf...), frameOf(1)...))
	text := &xdrWriter{}
	text.string(fuzzedDomain)
	f.Add(uint8(2), uint32(statusOK), text.buf)
	f.Add(uint8(3), uint32(statusOK), append(append(frameOf(1, 4), "eth0"...), frameOf(0, 1, 0, 2, 0x612e6200, 24)...))
	f.Add(uint8(4), uint32(statusOK), frameOf(0, 0))
	f.Add(uint8(5), uint32(statusOK), append(append(frameOf(1, 4), "user"...), frameOf(0, 9, 4)...))
	f.Add(uint8(6), uint32(statusOK), frameOf(1, 0xff000000, 8, 8))
	f.Add(uint8(7), uint32(statusOK), bytes.Repeat(frameOf(1), 40))
	f.Add(uint8(8), uint32(statusOK), append(append(frameOf(1, 1, 4), "type"...), frameOf(6, 1)...))
	f.Add(uint8(9), uint32(statusOK), frameOf(3, 0x61626300))
	f.Fuzz(func(t *testing.T, which uint8, status uint32, payload []byte) {
		calls := anyCalls()
		_ = checkAnswer(t, calls[int(which)%len(calls)], status%3, payload)
	})
}

// statsAnswer is what a daemon says of one running domain.
func statsAnswer() []byte {
	w := &xdrWriter{}
	w.uint(1)
	w.string("web01")
	w.buf = append(w.buf, make([]byte, 16)...)
	w.uint(1)
	params := []struct {
		name string
		kind uint32
		v    uint64
	}{{"state.state", 1, 1}, {"vcpu.current", 2, 2}, {"balloon.maximum", 4, 1 << 20}, {"balloon.current", 4, 1 << 20},
		{"balloon.unused", 4, 1 << 10}, {"cpu.time", 4, 1e9}, {"block.count", 2, 1}, {"block.0.rd.bytes", 4, 4096}, {"net.0.rx.bytes", 4, 99}}
	w.uint(uint32(len(params)))
	for _, p := range params {
		w.string(p.name)
		w.uint(p.kind)
		if p.kind < 3 {
			w.uint(uint32(p.v))
		} else {
			w.buf = binary.BigEndian.AppendUint64(w.buf, p.v)
		}
	}
	return w.buf
}

// TestAnswersThatClaimTooMuch: an answer that says it holds more than it does takes no
// memory for that, and ends the connection.
func TestAnswersThatClaimTooMuch(t *testing.T) {
	const huge = 1<<31 - 1
	domain := append(frameOf(1, 1), 'x', 0, 0, 0)
	cases := []struct {
		name   string
		call   int
		status uint32
		answer []byte
	}{
		{"domains", 0, statusOK, frameOf(huge, 0, 0)},
		{"parameters of a domain", 0, statusOK, append(append(domain, make([]byte, 20)...), frameOf(huge, 0)...)},
		{"a name", 1, statusOK, frameOf(1, huge)},
		{"a text", 2, statusOK, frameOf(huge)},
		{"addresses", 3, statusOK, frameOf(1, 0, 0, huge)},
		{"bytes", 9, statusOK, frameOf(1<<28, 0)},
		{"the words of an error", 2, statusError, frameOf(1, 2, 1, huge)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := checkAnswer(t, anyCalls()[c.call], c.status, c.answer)
			if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "claims to hold more than it does") {
				t.Errorf("%v: %v", backend.ClassOf(err), err)
			}
		})
	}
	err := checkAnswer(t, anyCalls()[0], statusOK, statsAnswer())
	if err != nil {
		t.Error(err)
	}
}

// TestARefusalThatLacksItsNumberOrWords is one: the library would take the first for an
// answer to a call that went well, and the second for one with as many words as its level.
func TestARefusalThatLacksItsNumberOrWords(t *testing.T) {
	rest := frameOf(0, 0, 0, 0, 0, 0, 0)
	words := append(frameOf(1, 4), "gone"...)
	for name, c := range map[string]struct {
		answer []byte
		want   string
	}{
		"no number": {append(append(frameOf(0, 10), words...), append(frameOf(2), rest...)...), "gone"},
		"no words":  {append(frameOf(42, 10, 0, 2), rest...), "the server refused, no words"},
		"neither":   {append(frameOf(0, 10, 0, 2), rest...), "the server refused, no words"},
		"both":      {append(append(frameOf(42, 10), words...), append(frameOf(2), rest...)...), "gone"},
	} {
		for i, one := range anyCalls() {
			if err := checkAnswer(t, one, statusError, c.answer); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, call %d: %v", name, i, err)
			}
		}
	}
}

// TestAnswerToAnotherCall: the library would read an answer to another procedure as
// what the call gives, and some as events.
func TestAnswerToAnotherCall(t *testing.T) {
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	f := newFence(near, false)
	go func() { _, _ = io.Copy(io.Discard, f) }()
	if _, err := f.Write(frameOf(frameHeadLen, programRemote, 1, 344, frameCall, 1, 0)); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = far.Write(frameOf(frameHeadLen, programRemote, 1, procDomainLifecycle, frameReply, 1, 0))
	}()
	select {
	case <-f.done:
	case <-time.After(10 * time.Second):
		t.Fatal("it was taken")
	}
	if !strings.Contains(f.cause.Error(), "CONNECT_GET_ALL_DOMAIN_STATS as DOMAIN_EVENT") {
		t.Error(f.cause)
	}
}
