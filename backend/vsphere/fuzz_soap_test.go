package vsphere

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
)

// saying is a server that gives one answer to each call, a few times.
type saying struct {
	body   string
	status int
	left   int
}

var errEnough = errors.New("the server has said enough")

// RoundTrip implements http.RoundTripper.
func (s *saying) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.left--; s.left < 0 {
		return nil, errEnough
	}
	return &http.Response{
		StatusCode: s.status, Status: http.StatusText(s.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r,
	}, nil
}

// soapAnswer is an envelope around what a server says to a call.
func soapAnswer(call, inner string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><` + call + `Response xmlns="urn:vim25">` + inner + `</` + call + `Response></soapenv:Body></soapenv:Envelope>`
}

// listening is a session with a server that says this.
func listening(tb testing.TB, s *saying) *Conn {
	tb.Helper()
	end, err := parseEndpoint("https://user@vc.invalid/sdk")
	if err != nil {
		tb.Fatal(err)
	}
	client := soap.NewClient(&url.URL{Scheme: "https", Host: "vc.invalid", Path: "/sdk"}, true)
	client.Namespace, client.Version = "urn:vim25", "8.0.0.0"
	client.Transport = &answers{next: s, wire: &wire{}}
	manager := moref{Type: "EventManager", Value: "EventManager"}
	vc := &vim25.Client{Client: client, RoundTripper: &decoded{next: client}, ServiceContent: types.ServiceContent{
		RootFolder:        moref{Type: "Folder", Value: "group-d1"},
		PropertyCollector: moref{Type: "PropertyCollector", Value: "propertyCollector"}, EventManager: &manager,
	}}
	client.Types = types.TypeFunc()
	c := newConn(Options{ID: "c"}, end, vc, &eventMark{})
	tb.Cleanup(c.die)
	return c
}

// bounded fails what took too long for its size, or too much memory.
func bounded(t *testing.T, size int) func() {
	t.Helper()
	used := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	began, before := time.Now(), used()
	return func() {
		t.Helper()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%d bytes took %v", size, took)
		}
		if took := used() - before; took > 32<<20+4000*uint64(size) {
			t.Errorf("%d bytes took %d", size, took)
		}
	}
}

// told holds each delta to what the store takes.
func told(t *testing.T, d backend.Delta) {
	t.Helper()
	switch d := d.(type) {
	case backend.Upsert:
		for _, o := range d.Objects {
			backendtest.Shown(t, o)
		}
	case backend.Foreign:
		if d.Task.Progress > 100 {
			t.Errorf("%d %% of a task", d.Task.Progress)
		}
		backendtest.Shown(t, &d.Task)
	case backend.Happened:
		backendtest.Shown(t, &d.Event)
	}
}

// FuzzUpdates: whatever a property collector tells of objects and tasks, twice in a row.
func FuzzUpdates(f *testing.F) {
	f.Add(objectUpdates)
	f.Add(taskUpdates)
	f.Add("<returnval><version>1</version><filterSet/></returnval>")
	f.Fuzz(func(t *testing.T, inner string) {
		if len(inner) > 64<<10 {
			return
		}
		defer bounded(t, len(inner))()
		s := &saying{body: soapAnswer("WaitForUpdatesEx", inner), status: http.StatusOK, left: 1}
		c := listening(t, s)
		res, err := methods.WaitForUpdatesEx(context.Background(), c.vc, &types.WaitForUpdatesEx{This: c.vc.ServiceContent.PropertyCollector})
		if err != nil || res.Returnval == nil {
			return
		}
		w := newWatch(c, func(d backend.Delta) { told(t, d) })
		for range 2 {
			s.left = 2
			_ = w.apply(context.Background(), res.Returnval)
			s.left = 2
			_ = w.applyTasks(context.Background(), res.Returnval)
		}
		for _, kept := range w.infos {
			_ = w.c.remoteTask("k", *kept)
		}
	})
}

// FuzzObjects: whatever a server says of one object, as the details of each kind.
func FuzzObjects(f *testing.F) {
	f.Add(objectContent)
	f.Add(`<returnval><objects><obj type="HostSystem">h</obj><missingSet><path>x</path><fault><fault xsi:type="NotAuthenticated"><object type="A">b</object><privilegeId/></fault><localizedMessage>m</localizedMessage></fault></missingSet></objects></returnval>`)
	f.Fuzz(func(t *testing.T, inner string) {
		if len(inner) > 64<<10 {
			return
		}
		defer bounded(t, len(inner))()
		s := &saying{body: soapAnswer("RetrievePropertiesEx", inner), status: http.StatusOK, left: 2}
		c := listening(t, s)
		var pages [][]types.ObjectContent
		_ = c.retrieve(context.Background(), types.PropertyFilterSpec{}, func(page []types.ObjectContent) { pages = append(pages, page) })
		for _, page := range pages {
			for _, o := range page {
				checkContent(t, c, s, o)
			}
		}
	})
}

// checkContent makes of an object all that can be made of it.
func checkContent(t *testing.T, c *Conn, s *saying, o types.ObjectContent) {
	t.Helper()
	if e := c.decode(o); e != nil {
		if made := e.object(c, o.Obj.Value); made != nil {
			backendtest.Shown(t, made)
		}
	}
	if sample, ok := c.sample(o); ok {
		backendtest.Shown(t, &sample)
	}
	got := propsOf(o)
	s.left = 0
	for _, fill := range []func(*backend.Detail, props){
		c.fillVM, fillHost, fillSnapshot, c.fillCluster, c.fillResourcePool, c.fillStore, c.fillFolder,
		func(d *backend.Detail, got props) { c.fillNetwork(context.Background(), d, got) },
	} {
		d := &backend.Detail{}
		fill(d, got)
		d.Raw = raw(got)
		backendtest.Shown(t, d)
	}
	filesOf(got)
	stampOf(got)
	if info, ok := got["snapshot"].(types.VirtualMachineSnapshotInfo); ok {
		r := treeReader{c: c, vm: c.ref(backend.KindVM, o.Obj.Value)}
		r.read(info.RootSnapshotList, backend.Ref{})
		for _, snap := range r.all {
			backendtest.Shown(t, snap)
		}
	}
}

// FuzzEventReplies: whatever a server says has happened.
func FuzzEventReplies(f *testing.F) {
	f.Add(eventList)
	f.Add(`<returnval xsi:type="NoSuchEvent"><key>1</key></returnval><returnval xsi:type="ManagedEntityStatus">green</returnval>`)
	f.Fuzz(func(t *testing.T, inner string) {
		if len(inner) > 64<<10 {
			return
		}
		defer bounded(t, len(inner))()
		c := listening(t, &saying{body: soapAnswer("ReadNextEvents", inner), status: http.StatusOK, left: 1})
		found, err := c.nextEvents(context.Background(), moref{Type: "EventHistoryCollector", Value: "x"})
		if err != nil {
			return
		}
		feed := newEventFeed(c)
		feed.since = time.Time{}
		kinds := kindsOf(nil)
		for _, e := range feed.news(found) {
			made := c.event(e, kinds)
			backendtest.Shown(t, &made)
			ofAlarm(e)
			feed.mark.set(e.GetEvent())
		}
	})
}

// FuzzFaults: whatever a server gives as the reason for not doing something.
func FuzzFaults(f *testing.F) {
	fault := func(detail string) string {
		return strings.Replace(soapAnswer("X", ""), `<XResponse xmlns="urn:vim25"></XResponse>`,
			`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>words</faultstring><detail>`+detail+`</detail></soapenv:Fault>`, 1)
	}
	f.Add(fault(`<InvalidPowerStateFault xmlns="urn:vim25" xsi:type="InvalidPowerState"><requestedState>poweredOn</requestedState><existingState>poweredOff</existingState></InvalidPowerStateFault>`), 500)
	f.Add(fault(`<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><object type="Folder">g</object><privilegeId>p</privilegeId></NoPermissionFault>`), 500)
	f.Add(fault(`<NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated"><faultCause><fault xsi:type="FileFault"><file>f</file></fault><localizedMessage>m</localizedMessage></faultCause></NotAuthenticatedFault>`), 500)
	f.Add("<html><body>502 Bad Gateway</body></html>", 502)
	f.Add("", 200)
	f.Fuzz(func(t *testing.T, body string, status int) {
		if len(body) > 64<<10 {
			return
		}
		defer bounded(t, len(body))()
		c := listening(t, &saying{body: body, status: 200 + (status%400+400)%400, left: 1})
		_, err := methods.PowerOnVM_Task(context.Background(), c.vc, &types.PowerOnVM_Task{This: moref{Type: "VirtualMachine", Value: "vm-1"}})
		var e *backend.Error
		if !errors.As(c.failed(context.Background(), "power on", "vm", err), &e) {
			return
		}
		if e.Error() == "" || strings.TrimSpace(e.Message) == "" && e.Err == nil {
			t.Errorf("no words: %+v", e)
		}
		kept := *e
		backendtest.Shown(t, &kept)
		sessionEnded(err)
		_ = staleIfGone(err)
	})
}

const objectUpdates = `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter>` +
	`<objectSet><kind>enter</kind><obj type="Datacenter">dc</obj><changeSet><name>name</name><op>assign</op><val xsi:type="xsd:string">DC</val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="Folder">v</obj><changeSet><name>name</name><op>assign</op><val xsi:type="xsd:string">vm</val></changeSet><changeSet><name>parent</name><op>assign</op><val type="Folder" xsi:type="ManagedObjectReference">v</val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="VirtualMachine">vm-1</obj><changeSet><name>name</name><op>assign</op><val xsi:type="xsd:string">a%2fb</val></changeSet>` +
	`<changeSet><name>parent</name><op>assign</op><val type="Folder" xsi:type="ManagedObjectReference">v</val></changeSet>` +
	`<changeSet><name>summary.config.numCpu</name><op>assign</op><val xsi:type="xsd:int">-7</val></changeSet><changeSet><name>summary.config.memorySizeMB</name><op>assign</op><val xsi:type="xsd:int">2147483647</val></changeSet>` +
	`<changeSet><name>runtime.question</name><op>assign</op><val xsi:type="VirtualMachineQuestionInfo"><id>1</id><text>msg.x: t</text><choice><choiceInfo xsi:type="ElementDescription"><label>l</label><key>0</key></choiceInfo><choiceInfo xsi:type="Unheard"/><defaultIndex>0</defaultIndex></choice></val></changeSet>` +
	`<changeSet><name>datastore</name><op>assign</op><val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Datastore">ds</ManagedObjectReference></val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="HostSystem">h</obj><changeSet><name>summary.hardware</name><op>assign</op><val xsi:type="HostHardwareSummary"><vendor>v</vendor><model>m</model><memorySize>-1</memorySize><cpuMhz>-5</cpuMhz><numCpuThreads>-6</numCpuThreads></val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="ClusterComputeResource">c</obj><changeSet><name>summary</name><op>assign</op><val xsi:type="ClusterComputeResourceSummary"><totalCpu>-1</totalCpu><totalMemory>9223372036854775807</totalMemory><numHosts>-3</numHosts><numEffectiveHosts>-4</numEffectiveHosts><usageSummary><totalVmCount>-9</totalVmCount></usageSummary></val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="ResourcePool">rp</obj><changeSet><name>config.memoryAllocation.limit</name><op>assign</op><val xsi:type="xsd:long">9223372036854775807</val></changeSet><changeSet><name>config.cpuAllocation.limit</name><op>assign</op><val xsi:type="xsd:long">-99</val></changeSet></objectSet>` +
	`<objectSet><kind>enter</kind><obj type="Datastore">ds</obj><changeSet><name>summary</name><op>assign</op><val xsi:type="DatastoreSummary"><name>n</name><url>ds:///vmfs/volumes/u/</url><capacity>-1</capacity><freeSpace>5</freeSpace><accessible>true</accessible><type>VMFS</type></val></changeSet></objectSet>` +
	`<objectSet><kind>modify</kind><obj type="Network">n</obj><changeSet><name>summary.x</name><op>remove</op></changeSet></objectSet><objectSet><kind>leave</kind><obj type="HostSystem">h</obj></objectSet></filterSet><truncated>false</truncated></returnval>`

const taskUpdates = `<returnval><version>2</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="Task">task-1</obj>` +
	`<changeSet><name>info.descriptionId</name><op>assign</op><val xsi:type="xsd:string">VirtualMachine.powerOn</val></changeSet>` +
	`<changeSet><name>info.entity</name><op>assign</op><val type="VirtualMachine" xsi:type="ManagedObjectReference">vm-1</val></changeSet>` +
	`<changeSet><name>info.state</name><op>assign</op><val xsi:type="TaskInfoState">error</val></changeSet><changeSet><name>info.progress</name><op>assign</op><val xsi:type="xsd:int">-40</val></changeSet>` +
	`<changeSet><name>info.error</name><op>assign</op><val xsi:type="LocalizedMethodFault"><fault xsi:type="InsufficientResourcesFault"/><localizedMessage>m</localizedMessage></val></changeSet>` +
	`<changeSet><name>info.reason</name><op>assign</op><val xsi:type="TaskReasonUser"><userName>u</userName></val></changeSet>` +
	`<changeSet><name>info.queueTime</name><op>assign</op><val xsi:type="xsd:dateTime">2026-01-02T03:04:05Z</val></changeSet></objectSet></filterSet></returnval>`

const objectContent = `<returnval><token>1</token><objects><obj type="VirtualMachine">vm-1</obj>` +
	`<propSet><name>config.hardware</name><val xsi:type="VirtualHardware"><numCPU>-2</numCPU><numCoresPerSocket>-2</numCoresPerSocket><memoryMB>-1</memoryMB><device xsi:type="Unheard"><key>1</key></device>` +
	`<device xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] a.vmdk</fileName><diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>9223372036854775807</capacityInKB></device>` +
	`<device xsi:type="VirtualVmxnet3"><key>4000</key><backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>n</deviceName></backing><macAddress>00:50:56:00:00:01</macAddress></device></val></propSet>` +
	`<propSet><name>guest</name><val xsi:type="GuestInfo"><ipAddress>10.0.0.1</ipAddress><net><network>n</network><ipAddress>10.0.0.2</ipAddress></net></val></propSet>` +
	`<propSet><name>config.bootOptions</name><val xsi:type="VirtualMachineBootOptions"><bootOrder xsi:type="VirtualMachineBootOptionsBootableDiskDevice"><deviceKey>2000</deviceKey></bootOrder></val></propSet>` +
	`<propSet><name>snapshot</name><val xsi:type="VirtualMachineSnapshotInfo"><rootSnapshotList><snapshot type="VirtualMachineSnapshot">s</snapshot><vm type="VirtualMachine">vm-1</vm><name>a/b</name><description>d</description><id>1</id><createTime>2026-01-02T03:04:05Z</createTime><state>poweredOn</state><quiesced>false</quiesced></rootSnapshotList></val></propSet>` +
	`<propSet><name>layoutEx</name><val xsi:type="VirtualMachineFileLayoutEx"><file><key>0</key><name>[ds] a.vmdk</name><type>diskExtent</type><size>-7</size></file><disk><key>2000</key><chain><fileKey>0</fileKey></chain></disk><timestamp>2026-01-02T03:04:05Z</timestamp></val></propSet>` +
	`<propSet><name>summary.quickStats</name><val xsi:type="VirtualMachineQuickStats"><overallCpuUsage>-5</overallCpuUsage><hostMemoryUsage>-5</hostMemoryUsage></val></propSet>` +
	`<propSet><name>runtime.powerState</name><val xsi:type="VirtualMachinePowerState">poweredOn</val></propSet><propSet><name>runtime.maxCpuUsage</name><val xsi:type="xsd:int">100</val></propSet>` +
	`<propSet><name>summary.config.memorySizeMB</name><val xsi:type="xsd:int">-1</val></propSet></objects>` +
	`<objects><obj type="HostSystem">h</obj><propSet><name>hardware.cpuInfo</name><val xsi:type="HostCpuInfo"><numCpuPackages>-2</numCpuPackages></val></propSet></objects></returnval>`

const eventList = `<returnval xsi:type="VmPoweredOnEvent"><key>7</key><chainId>7</chainId><createdTime>2026-01-02T03:04:05Z</createdTime><userName>u</userName><vm><name>web</name><vm type="VirtualMachine">vm-1</vm></vm><fullFormattedMessage>on</fullFormattedMessage></returnval>` +
	`<returnval xsi:type="EventEx"><key>8</key><createdTime>2026-01-02T03:04:06Z</createdTime><eventTypeId>x.y</eventTypeId><objectId>h</objectId><objectType>vim.HostSystem</objectType></returnval>` +
	`<returnval xsi:type="AlarmStatusChangedEvent"><key>9</key><createdTime>2026-01-02T03:04:07Z</createdTime></returnval>`

// TestEventsWithoutAType: bytes of no use are left out and break nothing.
func TestEventsWithoutAType(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`<returnval xsi:type="Unheard"/>` + eventList)
	c := listening(t, &saying{body: soapAnswer("ReadNextEvents", b.String()), status: http.StatusOK, left: 1})
	found, err := c.nextEvents(context.Background(), moref{Type: "EventHistoryCollector", Value: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if news := newEventFeed(c).news(found); len(news) != 3 {
		t.Errorf("%d events", len(news))
	}
}
