package libvirt

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hvdeck/backend"
)

// maxScreenshot bounds what a server may send: 8K in 32 bits, twice.
const maxScreenshot = 256 << 20

// screenshot saves what the guest's first display shows. Source: virDomainScreenshot.
func (c *client) screenshot(ctx context.Context, o backend.VMScreenshotOp, _ backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	if _, err := os.Lstat(o.File); err == nil {
		return backend.Result{}, ch.refuse(backend.ClassConflict, "the file %s exists already", o.File)
	}
	data, err := c.display(ctx, ch)
	if err != nil {
		return backend.Result{}, err
	}
	picture, err := asPNG(data)
	if err != nil {
		return backend.Result{}, ch.refuse(backend.ClassOther, "%s", err)
	}
	if err := writeNew(o.File, picture); err != nil {
		return backend.Result{}, ch.deed.failed(err)
	}
	return backend.Result{Text: "saved as " + o.File}, nil
}

// display asks for the picture of the first display, which comes as a stream. Source:
// virDomainScreenshot.
func (c *client) display(ctx context.Context, ch change) ([]byte, error) {
	d := ch.deed
	d.change, d.limit = false, quickLimit
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	var args xdrWriter
	args.domain(ch.domain)
	args.uint(0) // the screen
	args.uint(0) // flags
	t, err := c.startTransfer(ctx, d, procDomainScreenshot, args.buf, nil)
	if err != nil {
		return nil, err
	}
	defer t.close()
	data, err := io.ReadAll(io.LimitReader(t.s, maxScreenshot+1))
	switch {
	case ctx.Err() != nil:
		return nil, d.failed(ctx.Err())
	case err != nil:
		return nil, d.failed(err)
	case len(data) == 0:
		return nil, ch.refuse(backend.ClassOther, "the server sent no picture")
	case len(data) > maxScreenshot:
		return nil, ch.refuse(backend.ClassOther, "the picture has more than %d bytes", maxScreenshot)
	default:
		return data, nil
	}
}

// asPNG gives a picture as PNG. QEMU sends PNG where it can and PPM where not; the
// test driver PNG.
func asPNG(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return data, nil
	}
	if !bytes.HasPrefix(data, []byte("P6")) {
		return nil, errors.New("the server sent a picture in a form that is neither PNG nor PPM")
	}
	img, err := readPPM(data)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, img)
	return out.Bytes(), err
}

// readPPM reads a picture of three bytes a pixel. Source: ppm(5), format P6.
func readPPM(data []byte) (image.Image, error) {
	broken := errors.New("the server sent a picture that is cut short or broken")
	rest := data[2:]
	var header [3]int
	for i := range header {
		n, after, ok := ppmNumber(rest)
		if !ok {
			return nil, broken
		}
		header[i], rest = n, after
	}
	width, height, depth := header[0], header[1], header[2]
	if depth != 255 || width < 1 || height < 1 || len(rest) < 1 {
		return nil, broken
	}
	rest = rest[1:] // one blank ends the header
	if width > maxScreenshot/3/height || len(rest) < width*height*3 {
		return nil, broken
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(img.Pix[4*i:], rest[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}

// ppmNumber reads a number of the header behind blanks and comments.
func ppmNumber(b []byte) (n int, rest []byte, ok bool) {
	for len(b) > 0 && (b[0] == '#' || b[0] <= ' ') {
		if b[0] != '#' {
			b = b[1:]
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return 0, nil, false
		}
		b = b[end:]
	}
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' && n < 1<<20 {
		n, b, ok = 10*n+int(b[0]-'0'), b[1:], true
	}
	return n, b, ok
}

// writeNew writes a file that only its owner can read, whole or not at all, and never
// over another.
func writeNew(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".hvdeck-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	// A link, other than a rename, does not replace what has come there meanwhile.
	err = os.Link(tmp.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyNew(path, data)
}

// copyNew is for file systems without links.
func copyNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
