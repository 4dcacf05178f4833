package kind

import (
	"context"
	"errors"
	"fmt"

	"hvdeck/backend/secretsource"
	"hvdeck/keymap"
)

// readValue gives a secret's value: as typed, the bytes of a file, or what a command
// prints. Errors never hold any of it.
func readValue(ctx context.Context, args keymap.Args) ([]byte, error) {
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
		value = []byte(args["value"])
	default:
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case len(value) == 0:
		return nil, errors.New("the value is empty: nothing was set")
	case len(value) > secretsource.MaxLength:
		return nil, fmt.Errorf("the value is longer than the %d KiB that the server takes", secretsource.MaxLength>>10)
	}
	return value, nil
}

func because(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
