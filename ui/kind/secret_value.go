package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"hvdeck/keymap"
)

// maxSecret is the longest value that the server takes. Source: the limit
// REMOTE_SECRET_VALUE_MAX of libvirt's protocol.
const maxSecret = 64 << 10

// readValue gives a secret's value: as typed, the bytes of a file, or what a command
// prints. Errors never hold any of it.
func readValue(ctx context.Context, args keymap.Args) ([]byte, error) {
	var value []byte
	var err error
	switch args["from"] {
	case "file":
		value, err = readSecretFile(args["file"])
	case "command":
		value, err = runSecretCommand(ctx, args["command"])
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
	case len(value) > maxSecret:
		return nil, fmt.Errorf("the value is longer than the %d KiB that the server takes", maxSecret>>10)
	}
	return value, nil
}

func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator named it
	if err != nil {
		return nil, fmt.Errorf("read the value: %w", err)
	}
	defer func() { _ = f.Close() }()
	if st, err := f.Stat(); err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("read the value: %s is not a regular file", path)
	}
	value, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("read the value: %w", err)
	}
	return value, nil
}

// runSecretCommand runs the operator's command without a terminal.
func runSecretCommand(ctx context.Context, command string) ([]byte, error) {
	out := &bounded{most: maxSecret + 2}
	cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // the operator's own command
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the command %q did not end in time", command)
		}
		return nil, fmt.Errorf("the command %q failed: %w", command, err)
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\r")), nil
}

// bounded keeps the first bytes of what is written and counts the rest as read.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
