package kind

import (
	"context"
	"errors"
	"fmt"

	"hvdeck/backend"
	"hvdeck/backend/secretsource"
	"hvdeck/keymap"
)

// readValue gives a secret's value: as typed, the bytes of a file, or what a command
// prints. Errors never hold any of it.
func readValue(ctx context.Context, args keymap.Args, typed backend.Hidden) (backend.Hidden, error) {
	var value []byte
	var err error
	switch args["from"] {
	case "file":
		value, err = secretsource.File(args["file"])
		err = because("read the value", err)
	case "command":
		value, err = secretsource.Command(ctx, "sh", "-c", args["command"])
		err = because(fmt.Sprintf("the command %q failed", args["command"]), err)
	case "typed":
		value = typed.Reveal()
	default:
		return backend.Hidden{}, nil
	}
	switch {
	case err != nil:
		return backend.Hidden{}, err
	case len(value) == 0:
		return backend.Hidden{}, errors.New("the value is empty: nothing was set")
	case len(value) > secretsource.MaxLength:
		return backend.Hidden{}, fmt.Errorf("the value is longer than the %d KiB that the server takes", secretsource.MaxLength>>10)
	}
	return backend.Hide(value), nil
}

func because(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
