package vsphere

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

const planted = "s3cr3t-marker"

func envelope(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="x"><Body>` + body + `</Body></Envelope>`
}

// secretMessages hold the marker where the API has secrets.
func secretMessages() map[string]string {
	return map[string]string{
		"Login":                        `<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>root</userName><password>s3cr3t-marker</password></Login>`,
		"LoginResponse":                `<LoginResponse><returnval><key>s3cr3t-marker</key><userName>root</userName></returnval></LoginResponse>`,
		"LoginByToken":                 `<LoginByToken><_this type="SessionManager">S</_this></LoginByToken><Header><Security><Assertion>s3cr3t-marker</Assertion></Security></Header>`,
		"AcquireCloneTicketResponse":   `<AcquireCloneTicketResponse><returnval>s3cr3t-marker</returnval></AcquireCloneTicketResponse>`,
		"AcquireTicketResponse":        `<AcquireTicketResponse><returnval><ticket>s3cr3t-marker</ticket><url>wss://h/ticket/s3cr3t-marker</url></returnval></AcquireTicketResponse>`,
		"AcquireGenericServiceTicket":  `<AcquireGenericServiceTicketResponse><returnval><id>s3cr3t-marker</id></returnval></AcquireGenericServiceTicketResponse>`,
		"SessionIsActive":              `<SessionIsActive><_this type="S">S</_this><sessionID>s3cr3t-marker</sessionID></SessionIsActive>`,
		"TerminateSession":             `<TerminateSession><sessionId>s3cr3t-marker</sessionId></TerminateSession>`,
		"ReconnectHost_Task":           `<ReconnectHost_Task><_this type="HostSystem">host-1</_this><cnxSpec><userName>root</userName><password>s3cr3t-marker</password></cnxSpec></ReconnectHost_Task>`,
		"StartProgramInGuest":          `<StartProgramInGuest><auth xsi:type="NamePasswordAuthentication"><password>s3cr3t-marker</password></auth><spec><arguments>s3cr3t-marker</arguments></spec></StartProgramInGuest>`,
		"PutUsbScanCodes":              `<PutUsbScanCodes><spec><keyEvents><usbHidCode>s3cr3t-marker</usbHidCode></keyEvents></spec></PutUsbScanCodes>`,
		"CloneVM_Task":                 `<CloneVM_Task><spec><customization><identity><password><value>s3cr3t-marker</value></password></identity></customization></spec></CloneVM_Task>`,
		"CreateImportSpec":             `<CreateImportSpec><ovfDescriptor>&lt;Property value="s3cr3t-marker"/&gt;</ovfDescriptor><cisp><propertyMapping><key>pw</key><value>s3cr3t-marker</value></propertyMapping></cisp></CreateImportSpec>`,
		"ImportVApp":                   `<ImportVApp><spec><configSpec><vAppConfig><property><info><id>pw</id><value>s3cr3t-marker</value></info></property></vAppConfig></configSpec></spec></ImportVApp>`,
		"ReconfigVM_Task":              `<ReconfigVM_Task><spec><extraConfig><key>guestinfo.userdata</key><value xsi:type="xsd:string">s3cr3t-marker</value></extraConfig></spec></ReconfigVM_Task>`,
		"RetrievePropertiesExResponse": `<RetrievePropertiesExResponse><returnval><objects><propSet><name>config.extraConfig["x"].value</name><val xsi:type="xsd:string">s3cr3t-marker</val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
		"sessions":                     `<RetrievePropertiesExResponse><returnval><objects><propSet><name>currentSession</name><val xsi:type="UserSession"><key>s3cr3t-marker</key></val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
		"sessionList":                  `<WaitForUpdatesExResponse><returnval><filterSet><objectSet><changeSet><name>sessionList</name><val xsi:type="ArrayOfUserSession"><UserSession><key>s3cr3t-marker</key></UserSession></val></changeSet></objectSet></filterSet></returnval></WaitForUpdatesExResponse>`,
		"option":                       `<RetrievePropertiesExResponse><objects><propSet><name>setting</name><val xsi:type="ArrayOfOptionValue"><OptionValue><key>pw</key><value>s3cr3t-marker</value></OptionValue></val></propSet></objects></RetrievePropertiesExResponse>`,
		"lease":                        `<RetrievePropertiesExResponse><objects><propSet><name>info</name><val xsi:type="HttpNfcLeaseInfo"><deviceUrl><url>https://h/nfc/s3cr3t-marker/disk-0.vmdk</url></deviceUrl></val></propSet></objects></RetrievePropertiesExResponse>`,
		"vmrc":                         `<XResponse><returnval>vmrc://clone:s3cr3t-marker@h/?moid=vm-1</returnval></XResponse>`,
		"address":                      `<X><url>https://root:s3cr3t-marker@h/sdk</url></X>`,
		"refused spec":                 `<CreateImportSpecResponse><returnval><error><fault xsi:type="OvfInvalidValue"><value>s3cr3t-marker</value></fault><localizedMessage>s3cr3t-marker is no password</localizedMessage></error></returnval></CreateImportSpecResponse>`,
		"refused import": `<RetrievePropertiesExResponse><returnval><objects><obj type="HttpNfcLease">session[1]2</obj><propSet><name>error</name><val xsi:type="LocalizedMethodFault">` +
			`<fault xsi:type="SystemError"><reason>s3cr3t-marker</reason></fault><localizedMessage>s3cr3t-marker</localizedMessage></val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
		"refused update": `<WaitForUpdatesExResponse><returnval><filterSet><objectSet><obj type="Task">task-1</obj><changeSet><name>info.error</name><op>assign</op>` +
			`<val xsi:type="LocalizedMethodFault"><localizedMessage>s3cr3t-marker</localizedMessage></val></changeSet></objectSet></filterSet></returnval></WaitForUpdatesExResponse>`,
		"refused task": `<RetrievePropertiesExResponse><returnval><objects><obj type="Task">task-1</obj><propSet><name>info</name><val xsi:type="TaskInfo"><descriptionId>VirtualMachine.reconfigure</descriptionId>` +
			`<error><fault xsi:type="SystemError"><faultMessage><message>s3cr3t-marker</message></faultMessage></fault><localizedMessage>s3cr3t-marker</localizedMessage></error></val></propSet></objects></returnval></RetrievePropertiesExResponse>`,
		"query":    `<X><url>https://h/guestFile?id=1&amp;token=s3cr3t-marker</url></X>`,
		"view":     `<DestroyView><_this type="ContainerView">session[s3cr3t-marker]52c7</_this></DestroyView>`,
		"cdata":    `<X><password><![CDATA[s3cr3t-marker]]></password></X>`,
		"prefixed": `<X><ns:adminPassword a="b">s3cr3t-marker</ns:adminPassword></X>`,
	}
}

func TestNoSecretIsATextOfTheTrace(t *testing.T) {
	for name, body := range secretMessages() {
		whole := envelope(body)
		for end := range len(whole) + 1 {
			kept := []byte(whole[:end])
			for _, text := range soapTexts(kept, soapMethod(kept)) {
				if strings.Contains(text, "s3cr3t") {
					t.Errorf("%s, the first %d bytes: %q", name, end, text)
				}
			}
			if strings.Contains(soapMethod(kept)+soapFault(kept), "s3cr3t") {
				t.Errorf("%s, the first %d bytes: the secret is the name", name, end)
			}
		}
	}
}

// TestRefusalsAreNotQuoted: the words of a fault may hold the value that was refused.
func TestRefusalsAreNotQuoted(t *testing.T) {
	fault := []byte(envelope(`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>bad value s3cr3t-marker</faultstring>` +
		`<detail><InvalidArgumentFault xsi:type="InvalidArgument"><invalidProperty>spec</invalidProperty></InvalidArgumentFault></detail></soapenv:Fault>`))
	for _, method := range []string{"CreateImportSpec", "ImportVApp", "ReconfigVM_Task"} {
		got := strings.Join(soapTexts(fault, method), " ")
		if strings.Contains(got, planted) || !strings.Contains(got, "faultstring="+hiddenText) || !strings.Contains(got, "invalidProperty=spec") {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestTextsOfTheTrace(t *testing.T) {
	call := []byte(envelope(`<RenameSnapshot xmlns="urn:vim25"><_this type="VirtualMachineSnapshot">snapshot-7</_this><name>base</name><description>first</description></RenameSnapshot>`))
	want := []string{"VirtualMachineSnapshot:snapshot-7", "name=base", "description=first"}
	if got := soapTexts(call, "RenameSnapshot"); soapMethod(call) != "RenameSnapshot" || !slices.Equal(got, want) {
		t.Errorf("%s %q", soapMethod(call), got)
	}
	fault := []byte(envelope(`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>no</faultstring>` +
		`<detail><InvalidPowerStateFault xsi:type="InvalidPowerState"><requestedState>poweredOn</requestedState></InvalidPowerStateFault></detail></soapenv:Fault>`))
	if got := soapFault(fault); got != "InvalidPowerState" || !slices.Contains(soapTexts(fault, "PowerOnVM_Task"), "faultstring=no") {
		t.Errorf("%q %q", got, soapTexts(fault, "PowerOnVM_Task"))
	}
	bare := []byte(envelope(`<Fault><faultcode>Client</faultcode><faultstring>no</faultstring></Fault>`))
	if got := soapFault(bare); got != "Fault" {
		t.Errorf("%q", got)
	}
	if got := soapFault([]byte(envelope(`<RetrieveResponse><x><y><Fault>a</Fault></y></x></RetrieveResponse>`))); got != "" {
		t.Errorf("an answer about faults is the fault %q", got)
	}
}

func TestShownPath(t *testing.T) {
	for in, want := range map[string]string{
		"https://h/folder/a/b.vmdk?dcPath=DC0&dsName=ds&x=" + planted: "/folder/a/b.vmdk?dcPath=DC0&dsName=ds",
		"https://u:" + planted + "@h/nfc/" + planted + "/disk-0.vmdk": "/nfc/•••/disk-0.vmdk",
		"https://h/guestFile?id=1&token=" + planted:                   "/guestFile",
		"https://h/rest/com/vmware/cis/session?~action=get":           "/rest/com/vmware/cis/session?~action=get",
		"https://h/sdk":               "/sdk",
		"https://h/ticket/" + planted: "/ticket/•••/",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := url.QueryUnescape(shownPath(u)); got != want {
			t.Errorf("%s is shown as %s", in, got)
		}
	}
}

func FuzzTraceTexts(f *testing.F) {
	for _, body := range secretMessages() {
		f.Add([]byte(envelope(body)), 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		kept := data[:min(max(cut, 0), len(data))]
		for _, b := range [][]byte{data, kept} {
			_ = soapTexts(b, soapMethod(b))
			_ = soapFault(b)
		}
		// Whatever stands before it, the text of a password is not shown.
		whole := append(slices.Clone(data), []byte(envelope("<X><password>"+planted+"</password></X>"))...)
		if strings.Contains(string(data), planted) {
			return
		}
		for _, text := range soapTexts(whole, "X") {
			if strings.Contains(text, planted) {
				t.Errorf("%q", text)
			}
		}
	})
}
