package libvirt

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// withDescription replaces the description of an object's XML and leaves every
// other byte as it is: parsing and writing the whole would lose what libvirtxml
// does not know.
func withDescription(text, description string) (string, error) {
	start, end, at, err := findDescription(text)
	if err != nil {
		return "", err
	}
	var element strings.Builder
	if description != "" {
		element.WriteString("<description>")
		if err := xml.EscapeText(&element, []byte(description)); err != nil {
			return "", err
		}
		element.WriteString("</description>")
	}
	if start < 0 {
		start, end = at, at
	}
	return text[:start] + element.String() + text[end:], nil
}

// findDescription gives the bytes of the description directly under the root, or -1,
// and where one may be put: just inside the root.
func findDescription(text string) (start, end, inside int, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	start, end, inside = -1, -1, -1
	depth := 0
	for {
		before := int(d.InputOffset())
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, 0, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			if depth == 1 {
				inside = int(d.InputOffset())
			}
			if depth == 2 && t.Name.Local == "description" && start < 0 {
				start = before
			}
		case xml.EndElement:
			if depth == 2 && t.Name.Local == "description" && end < 0 {
				end = int(d.InputOffset())
			}
			depth--
		}
	}
	switch {
	case inside < 0:
		return 0, 0, 0, errors.New("the XML has no root element")
	case strings.HasSuffix(text[:inside], "/>"):
		return 0, 0, 0, errors.New("the root element of the XML is empty")
	}
	return start, end, inside, nil
}
