package libvirt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
)

// XML that an operator wrote is read once before a server sees it, so that a slip is
// told with its line, and nothing goes out that asks the server for other files or
// for endless work. What the XML means is left to the server's own validation.

const (
	// maxXML is REMOTE_STRING_MAX: libvirt takes no longer text.
	maxXML = 4 << 20
	// maxXMLDepth is far more than any object of libvirt has, and less than the 256
	// at which libxml2 gives up.
	maxXMLDepth = 64
)

// xmlHead is what the XML of an object says of itself.
type xmlHead struct {
	root       string
	name, uuid string
	// secrets are passwords in it; they must not turn up in an error.
	secrets []string
}

// rootOf is the root element of the XML of a kind; "" where libvirt has none.
func rootOf(k backend.Kind) string {
	switch k {
	case backend.KindVM:
		return "domain"
	case backend.KindPool, backend.KindVolume, backend.KindNetwork, backend.KindInterface, backend.KindSecret:
		return k.String()
	case backend.KindSnapshot:
		return "domainsnapshot"
	default:
		return ""
	}
}

// readHead checks XML that an operator wrote for an object of a kind. The error says
// the line and never repeats the text, which may hold a password.
func readHead(doing string, k backend.Kind, text string) (xmlHead, error) {
	refuse := func(format string, args ...any) (xmlHead, error) {
		return xmlHead{}, backend.Refuse(backend.ClassInvalid, doing, "", format, args...)
	}
	switch {
	case strings.TrimSpace(text) == "":
		return refuse("the XML is empty")
	case len(text) > maxXML:
		return refuse("the XML is %d bytes long: libvirt takes %d at most", len(text), maxXML)
	case !utf8.ValidString(text):
		return refuse("the XML is not UTF-8")
	}
	r := headReader{d: xml.NewDecoder(strings.NewReader(text))}
	r.d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("the text is UTF-8: its declaration must not say otherwise")
	}
	if err := r.readAll(); err != nil {
		line, _ := r.d.InputPos()
		return refuse("line %d of the XML: %s", line, xmlWords(err))
	}
	if want := rootOf(k); r.head.root != want {
		return refuse("the XML of a %s begins with <%s>, not with <%s>", k, want, clip(r.head.root))
	}
	return r.head, nil
}

// xmlWords is what is wrong, without the text around it.
func xmlWords(err error) string {
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		return strings.TrimPrefix(err.Error(), "xml: ")
	}
	if strings.HasPrefix(syntax.Msg, "invalid character entity") {
		return "an unknown entity, or a & that should be written as &amp;"
	}
	return syntax.Msg
}

// clip bounds a word that goes into an error.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// headReader walks over all of a document and notes its head.
type headReader struct {
	d     *xml.Decoder
	head  xmlHead
	depth int
	// under is the element directly below the root that is being read.
	under string
	ended bool
}

func (r *headReader) readAll() error {
	for {
		token, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			if r.head.root == "" {
				return errors.New("there is no element")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.take(token); err != nil {
			return err
		}
	}
}

func (r *headReader) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("a document type or entity is not allowed here")
	case xml.StartElement:
		return r.begin(t)
	case xml.EndElement:
		r.depth--
		r.ended = r.depth == 0
		r.under = ""
	case xml.CharData:
		return r.chars(string(t))
	}
	return nil
}

func (r *headReader) begin(t xml.StartElement) error {
	if r.ended {
		return errors.New("there is a second root element")
	}
	if r.depth++; r.depth > maxXMLDepth {
		return fmt.Errorf("elements are nested more than %d deep", maxXMLDepth)
	}
	for _, a := range t.Attr {
		if r.depth == 1 && a.Name.Local == "name" {
			r.head.name = a.Value // of a host interface
		}
		if a.Name.Local == "passwd" && a.Value != "" {
			r.head.secrets = append(r.head.secrets, a.Value)
		}
	}
	switch r.depth {
	case 1:
		r.head.root = t.Name.Local
	case 2:
		r.under = t.Name.Local
	default:
		r.under = ""
	}
	return nil
}

func (r *headReader) chars(text string) error {
	if r.depth == 0 && strings.TrimSpace(text) != "" {
		return errors.New("there is text outside of the root element")
	}
	switch r.under {
	case "name":
		r.head.name += text
	case "uuid":
		r.head.uuid += text
	}
	return nil
}

// sameUUID compares UUIDs as libvirt does: dashes, blanks and case do not count.
func sameUUID(a, b string) bool { return bareUUID(a) == bareUUID(b) }

func bareUUID(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "", "\n", "", "\t", "", "\r", "").Replace(s))
}

// withoutSecrets takes passwords of the XML out of a server's error about it.
func (h xmlHead) withoutSecrets(err error) error {
	var e *backend.Error
	if len(h.secrets) == 0 || !errors.As(err, &e) {
		return err
	}
	clean := *e
	clean.Err = nil // it has the same words
	for _, s := range h.secrets {
		clean.Message = strings.ReplaceAll(clean.Message, s, "…")
	}
	return &clean
}
