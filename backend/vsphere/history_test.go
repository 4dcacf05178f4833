package vsphere_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func historian(t *testing.T, b backend.Backend) backend.Historian {
	t.Helper()
	h, ok := backend.As[backend.Historian](b)
	if !ok {
		t.Fatal("the driver has no Historian")
	}
	return h
}

func history(t *testing.T, b backend.Backend, r backend.Ref, span backend.HistorySpan) *backend.History {
	t.Helper()
	got, err := historian(t, b).History(t.Context(), r, span)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// seriesOf finds a figure by name.
func seriesOf(h *backend.History, name string) *backend.Series {
	for i := range h.Series {
		if h.Series[i].Name == name {
			return &h.Series[i]
		}
	}
	return nil
}

// govcSamples are the values that govc gives of a counter, by the time of their end.
func govcSamples(t *testing.T, v *lab.Vcsim, interval, counter, path string) map[int64]int64 {
	t.Helper()
	var got struct {
		Sample []struct {
			SampleInfo []struct{ Timestamp time.Time }
			Value      []struct {
				Name  string
				Value []int64
			}
		}
	}
	out := v.Govc("metric.sample", "-json", "-n", "400", "-i", interval, "-instance", "-", path, counter)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	values := map[int64]int64{}
	for i, info := range got.Sample[0].SampleInfo {
		values[info.Timestamp.Unix()] = got.Sample[0].Value[0].Value[i]
	}
	return values
}

func TestHistoryIsGovcs(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-cluster", "1")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm, host := refOf(t, b, backend.KindVM, "DC0_H0_VM0"), refOf(t, b, backend.KindHost, "DC0_H0")
	cluster := refOf(t, b, backend.KindCluster, "DC0_C0")
	spans := historian(t, b).Spans(vm)
	for i, want := range []backend.HistorySpan{
		{Name: "last hour", Step: 20 * time.Second, Back: time.Hour}, {Name: "last day", Step: 5 * time.Minute, Back: 24 * time.Hour},
		{Name: "last week", Step: 30 * time.Minute, Back: 7 * 24 * time.Hour}, {Name: "last month", Step: 2 * time.Hour, Back: 30 * 24 * time.Hour},
	} {
		if len(spans) <= i || spans[i] != want {
			t.Fatalf("spans of a VM: %+v", spans)
		}
	}
	for _, of := range []struct {
		ref                  backend.Ref
		span                 int
		path, interval       string
		figure, counter      string
		unit                 string
		factor, least, count float64
	}{
		{vm, 0, "/DC0/vm/DC0_H0_VM0", "real", "CPU", "cpu.usage.average", "%", 0.01, 100, 180},
		{vm, 1, "/DC0/vm/DC0_H0_VM0", "day", "Memory consumed", "mem.consumed.average", "B", 1024, 200, 288},
		{vm, 3, "/DC0/vm/DC0_H0_VM0", "month", "Network in", "net.received.average", "B/s", 1024, 300, 360},
		{host, 1, "/DC0/host/DC0_H0/DC0_H0", "day", "Disk read", "disk.read.average", "B/s", 1024, 200, 288},
		{host, 0, "/DC0/host/DC0_H0/DC0_H0", "real", "CPU ready", "cpu.ready.summation", "%", 100.0 / 20000, 100, 180},
		{cluster, 0, "/DC0/host/DC0_C0", "day", "Memory", "mem.usage.average", "%", 0.01, 200, 288},
	} {
		span := historian(t, b).Spans(of.ref)[of.span]
		s := seriesOf(history(t, b, of.ref, span), of.figure)
		if s == nil || s.Unit != of.unit || len(s.Values) != int(of.count) {
			t.Errorf("%s of %s: %+v", of.figure, of.path, s)
			continue
		}
		same := 0
		want := govcSamples(t, v, of.interval, of.counter, of.path)
		for i, got := range s.Values {
			raw, ok := want[s.Begin.Add(time.Duration(i+1)*span.Step).Unix()]
			switch {
			case !ok || !backend.Known(got):
			case math.Abs(got-float64(raw)*of.factor) > 1e-6*math.Abs(got):
				t.Errorf("%s of %s at %d is %v, govc says %d", of.figure, of.path, i, got, raw)
			default:
				same++
			}
		}
		if float64(same) < of.least {
			t.Errorf("%s of %s: %d values are govc's, of %d", of.figure, of.path, same, len(want))
		}
	}
}

func TestHistoryOfOthers(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for _, of := range []struct {
		kind   backend.Kind
		name   string
		figure string
	}{{backend.KindPool, "LocalDS_0", "Used"}, {backend.KindResourcePool, "Resources", "CPU"}} {
		ref := refOf(t, b, of.kind, of.name)
		spans := historian(t, b).Spans(ref)
		if len(spans) == 0 || spans[0].Name != "last day" {
			t.Errorf("%s: %+v", of.name, spans)
			continue
		}
		if h := history(t, b, ref, spans[0]); seriesOf(h, of.figure) == nil {
			t.Errorf("%s: %+v", of.name, h)
		}
	}
	if n := len(historian(t, b).Spans(refOf(t, b, backend.KindNetwork, "VM Network"))); n != 0 {
		t.Errorf("a network has %d spans", n)
	}
	vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
	_, err := historian(t, b).History(t.Context(), vm, backend.HistorySpan{Name: "x", Step: time.Second, Back: time.Hour})
	if backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("a span of our own: %v", err)
	}
	gone := vm
	gone.ID = "vm-gone"
	if _, err = historian(t, b).History(t.Context(), gone, historian(t, b).Spans(vm)[0]); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("of a VM that is gone: %v", err)
	}
	mustDo(t, b, backend.PowerOffOp{VM: vm})
	if h := history(t, b, vm, historian(t, b).Spans(vm)[0]); len(h.Series) != 0 {
		t.Errorf("a host knows of a VM that is off: %+v", h)
	}
}

func TestHistoryOfESXi(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	host := list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref()
	spans := historian(t, b).Spans(host)
	if len(spans) != 2 || spans[0].Name != "last hour" || spans[1].Name != "last 36 hours" {
		t.Fatalf("%+v", spans)
	}
	for _, span := range spans {
		if h := history(t, b, host, span); seriesOf(h, "CPU") == nil {
			t.Errorf("%s: %+v", span.Name, h)
		}
	}
	if n := len(historian(t, b).Spans(list(t, b, backend.Query{Kind: backend.KindPool})[0].Ref())); n != 0 {
		t.Errorf("a datastore of a single host has %d spans", n)
	}
}

// TestHistoryHasGaps: whatever the order, and whatever is missing, a value stands where
// its time is.
func TestHistoryHasGaps(t *testing.T) {
	end := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	span := backend.HistorySpan{Name: "x", Step: 20 * time.Second, Back: 100 * time.Second}
	at := func(seconds ...int) (all []types.PerfSampleInfo) {
		for _, s := range seconds {
			all = append(all, types.PerfSampleInfo{Timestamp: end.Add(time.Duration(-s) * time.Second), Interval: 20})
		}
		return all
	}
	nan := math.NaN()
	for name, tt := range map[string]struct {
		info []types.PerfSampleInfo
		raw  []int64
		want []float64
	}{
		"whole":        {at(80, 60, 40, 20, 0), []int64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}},
		"newest first": {at(0, 20, 40, 60, 80), []int64{5, 4, 3, 2, 1}, []float64{1, 2, 3, 4, 5}},
		"missing":      {at(80, 20, 0), []int64{1, 4, 5}, []float64{1, nan, nan, 4, 5}},
		"not known":    {at(80, 60, 40, 20, 0), []int64{1, -1, 3, 4, 5}, []float64{1, nan, 3, 4, 5}},
		"too many":     {at(120, 100, 80, 0), []int64{7, 8, 1, 5}, []float64{1, nan, nan, nan, 5}},
		"a little off": {at(81, 59, 0), []int64{1, 2, 5}, []float64{1, 2, nan, nan, 5}},
		"short values": {at(40, 20, 0), []int64{3}, []float64{nan, nan, 3, nan, nan}},
	} {
		begin, got := vsphere.GridValues(tt.info, tt.raw, span)
		if !begin.Equal(end.Add(-span.Back)) || len(got) != len(tt.want) {
			t.Errorf("%s: %v from %v", name, got, begin)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] && !(math.IsNaN(got[i]) && math.IsNaN(tt.want[i])) {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
				break
			}
		}
	}
	if _, got := vsphere.GridValues(nil, nil, span); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
