package edit

import (
	"hvdeck/backend"
	"hvdeck/backend/definition"
)

// MaxXML is how long a definition may be, in bytes.
const MaxXML = definition.MaxLength

// Root is the outermost element of the definition of a kind; "" where there is none.
func Root(k backend.Kind) string { return definition.Root(k) }

// Check says what is wrong with a definition of a kind before a server is asked, by the
// same rules as the driver: a *definition.Problem.
func Check(text string, k backend.Kind) error {
	_, err := definition.Read(text, k)
	return err
}
