package vsphere

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
)

// textsMost is how many texts of a message are shown.
const textsMost = 12

// hiddenText stands for what is left out.
const hiddenText = "•••"

// withheldCalls are the calls of which nothing but the name is shown: logins, tickets,
// keys typed, credentials for guests and hosts, keys of encryption. Parts of names, in
// lower case. Source: the methods of the vSphere Web Services API.
func withheldCalls() []string {
	return []string{
		"login", "session", "acquire", "ticket", "password", "credential", "inguest", "fromguest", "toguest", "usbscancodes",
		"customiz", "addhost", "addstandalonehost", "reconnecthost", "queryconnectioninfo", "hostconnect", "joindomain", "leavedomain", "createuser",
		"updateuser", "alias", "certificate", "csr", "kms", "crypto", "key", "token", "impersonate", "license", "option",
	}
}

// hiddenNames are parts of the names of elements of which nothing is shown, nor of what
// is in them, in lower case.
func hiddenNames() []string {
	return []string{
		"passw", "passphrase", "secret", "token", "ticket", "cookie", "credential", "session", "authdata", "auth", "privatekey", "cryptokey",
		"identity", "customization", "sysprep", "vmrc", "extraconfig", "propertymapping", "optionvalue", "keyvalue", "security", "license", "usersession",
		"guestinfo", "vappconfig", "ovfdescriptor",
	}
}

// hiddenValues are the elements whose own text is hidden: values of properties and
// settings, of which only their names could tell what they are.
func hiddenValues() []string { return []string{"value", "defaultvalue", "key"} }

// quotingCalls take values that are secrets, and servers quote in their words what they
// refuse. Parts of names, in lower case: of methods, of the descriptions of their tasks.
func quotingCalls() []string {
	return []string{"createimportspec", "importvapp", "reconfig", "httpnfcleaseabort"}
}

// quotingNames are the elements with the words of a refusal, in lower case.
func quotingNames() []string {
	return []string{"faultstring", "localizedmessage", "message", "reason", "faultcause"}
}

func hasPart(s string, parts []string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}

// soapMethod is the name of the call in the beginning of a request; "" when it is none.
func soapMethod(kept []byte) string {
	dec := soapDecoder(kept)
	for inBody := false; ; {
		t, err := dec.Token()
		if err != nil {
			return ""
		}
		start, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case inBody:
			return start.Name.Local
		default:
			inBody = start.Name.Local == "Body"
		}
	}
}

// soapFault is the type of the fault in the beginning of an answer; "" when it is none.
func soapFault(kept []byte) string {
	if !bytes.Contains(kept, []byte("Fault>")) {
		return ""
	}
	dec := soapDecoder(kept)
	for depth := []string(nil); ; {
		t, err := dec.Token()
		if err != nil {
			return ""
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case len(depth) == 2 && t.Name.Local != "Fault":
				return ""
			case len(depth) == 4 && depth[3] == "detail":
				return orDefault(typeAttr(t), strings.TrimSuffix(t.Name.Local, "Fault"))
			}
			depth = append(depth, t.Name.Local)
		case xml.EndElement:
			if depth = depth[:max(len(depth)-1, 0)]; len(depth) == 2 {
				return "Fault" // without a detail
			}
		}
	}
}

func soapDecoder(kept []byte) *xml.Decoder {
	dec := xml.NewDecoder(bytes.NewReader(kept))
	dec.Strict = false
	return dec
}

// typeAttr is the type that an element gives for itself, without its prefix.
func typeAttr(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "type" {
			_, name, ok := strings.Cut(a.Value, ":")
			if !ok {
				name = a.Value
			}
			return name
		}
	}
	return ""
}

// soapTexts are the texts of a message, of which kept is the beginning, each with the
// name of its element; what is secret, or may be, is left out. Whatever is cut off counts
// as being within what had begun.
func soapTexts(kept []byte, method string) []string {
	if hasPart(method, withheldCalls()) {
		return nil
	}
	w := &textWalk{hide: hiddenNames(), values: hiddenValues(), words: quotingNames(), quoting: hasPart(method, quotingCalls())}
	dec := soapDecoder(kept)
	for len(w.texts) < textsMost {
		t, err := dec.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			w.open(t)
		case xml.EndElement:
			w.close()
		case xml.CharData:
			w.text(strings.TrimSpace(string(t)))
		}
	}
	return w.texts
}

// textWalk goes through a message.
type textWalk struct {
	hide, values, words []string
	quoting             bool // words may quote a secret
	stack               []element
	texts               []string
}

// element is an open element. hidden: it is secret, or within what is.
type element struct {
	name, kind string
	hidden     bool
	secret     bool // the name that stands in it is that of a secret property
}

// quotes tells whether a text says that what follows is about such a call: its task, or
// an error without what it is of. Sources: TaskInfo.descriptionId, HttpNfcLease.error.
func (e element) quotes(text string) bool {
	switch e.name {
	case "descriptionId":
		return hasPart(text, quotingCalls())
	case "name":
		return text == "error" || text == "info.error" || hasPart(text, quotingCalls())
	default:
		return false
	}
}

func (w *textWalk) open(t xml.StartElement) {
	e := element{name: t.Name.Local, kind: typeAttr(t)}
	up, secret := false, false
	if n := len(w.stack); n > 0 {
		up, secret = w.stack[n-1].hidden, w.stack[n-1].secret && e.name == "val"
	}
	e.hidden = up || secret || hasPart(e.name, w.hide) || hasPart(e.kind, w.hide)
	if e.hidden && !up {
		w.texts = append(w.texts, e.name+"="+hiddenText)
	}
	w.stack = append(w.stack, e)
}

func (w *textWalk) close() { w.stack = w.stack[:max(len(w.stack)-1, 0)] }

func (w *textWalk) text(s string) {
	if s == "" || len(w.stack) == 0 {
		return
	}
	s = withoutSession(s)
	e := w.stack[len(w.stack)-1]
	w.quoting = w.quoting || e.quotes(s)
	switch {
	case e.hidden:
	case w.quoting && slices.Contains(w.words, strings.ToLower(e.name)):
		w.texts = append(w.texts, e.name+"="+hiddenText)
	case e.name == "name" && len(w.stack) > 1:
		// <propSet><name>config.extraConfig</name><val>…
		w.stack[len(w.stack)-2].secret = hasPart(s, w.hide)
		w.texts = append(w.texts, "name="+s)
	case slices.Contains(w.values, strings.ToLower(e.name)):
		w.texts = append(w.texts, e.name+"="+hiddenText)
	case e.name == "_this":
		w.texts = append(w.texts, e.kind+":"+s)
	case strings.Contains(s, "://"):
		w.texts = append(w.texts, e.name+"="+shownAddress(s))
	default:
		w.texts = append(w.texts, e.name+"="+s)
	}
}

// withoutSession takes the key of the session out of the references to its objects, such
// as session[52d1…]52c7….
func withoutSession(s string) string {
	const open = "session["
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, open)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, rest, closed := strings.Cut(after, "]")
		out.WriteString(open + hiddenText)
		if !closed {
			return out.String()
		}
		out.WriteString("]")
		s = rest
	}
}

// shownAddress is an address as it may be seen: without credentials, the keys of leases,
// and all of the query that may be secret.
func shownAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Host == "" && u.Path == "" {
		return hiddenText
	}
	switch u.Scheme {
	case "http", "https", "ds":
		return u.Scheme + "://" + u.Host + shownPath(u)
	default: // vmrc://clone:TICKET@…, wss://…/ticket/…
		return u.Scheme + "://" + hiddenText
	}
}
