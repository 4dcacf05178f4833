package tty

import (
	"bytes"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
)

// reads cuts what a terminal sends into as many reads as the bytes of cuts say; the last
// one takes the rest.
func reads(sent, cuts []byte) [][]byte {
	var all [][]byte
	for _, c := range cuts {
		n := min(int(c%64)+1, len(sent))
		all = append(all, sent[:n:n])
		sent = sent[n:]
	}
	return append(all, sent)
}

// through is what of some reads is handed on, as Input does it, while an answer is waited
// for.
func through(pieces [][]byte) (handed []byte, in *Input) {
	in = &Input{}
	for _, piece := range pieces {
		buf := make([]byte, len(piece)+len(pasteEnd))
		n := len(in.seqs.bound(buf[:copy(buf, piece)]))
		kept, _ := in.answers.take(buf[:n])
		in.answers.begun = begins(kept)
		handed = append(handed, buf[:in.paste.ended(buf, len(kept))]...)
	}
	return handed, in
}

// decode reads keys as the library behind us does; it has to come to an end.
func decode(t *testing.T, handed []byte) {
	t.Helper()
	var d uv.EventDecoder
	for rest := handed; len(rest) > 0; {
		n, _ := d.Decode(rest)
		if n > len(rest) {
			t.Fatalf("%d of %d bytes were taken", n, len(rest))
		}
		if n <= 0 {
			return // the beginning of something, of which nothing more comes
		}
		rest = rest[n:]
	}
}

// FuzzInput: whatever a terminal sends, in whatever pieces, is handed on the same, decoded
// to its end, without more parameters than the decoder bears, and text stays text. No
// answer to our questions is among it, and ctrl-c always ends a paste.
func FuzzInput(f *testing.F) {
	for _, s := range []string{
		"jjk\r", "\x1b[A\x1b[1;5C\x1bOA", "\x1b[200~rm -rf /\r\x1b[201~j", "\x1b[200~no end", "\x1b[0n\x1b[3n\x1b[?0nq", "\x1b[<0;10;10M\x1b[<0;10;10m",
		"\x1b[27u\x1b[97;5u", "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b[" + strings.Repeat("1;", 40) + "m", "日本\xff\xfe\x9b1m", "\x1b[8;24;80t\x1b_x\x1b\\",
	} {
		f.Add([]byte(s), []byte{2, 0, 5})
	}
	f.Fuzz(func(t *testing.T, sent, cuts []byte) {
		if len(sent) > 1<<10 || len(cuts) > 64 {
			return
		}
		handed, _ := through(reads(sent, cuts))
		decode(t, handed)

		var whole, cut sequences
		one := whole.bound(bytes.Clone(sent))
		var many []byte
		for _, piece := range reads(sent, cuts) {
			many = append(many, cut.bound(bytes.Clone(piece))...)
		}
		if !bytes.Equal(one, many) {
			t.Errorf("%q is %q in one read, and %q in several", sent, one, many)
		}
		if again := new(sequences).bound(bytes.Clone(one)); !bytes.Equal(one, again) {
			t.Errorf("%q is not left as it is: %q", one, again)
		}
		if n := parameters(one); n > mostParams {
			t.Errorf("%d parameters in %q", n, one)
		}
		if !bytes.ContainsAny(sent, "\x1b\x90\x9b\x03") && !bytes.Equal(handed, sent) {
			t.Errorf("%q became %q", sent, handed)
		}
		checkAnswers(t, sent)
		if _, in := through(append(reads(sent, cuts), []byte("\x03"))); in.paste.open {
			t.Errorf("a paste is open behind ctrl-c after %q", sent)
		}
	})
}

// checkAnswers: of what came in one read no answer is left.
func checkAnswers(t *testing.T, sent []byte) {
	t.Helper()
	var a answers
	kept, n := a.take(bytes.Clone(sent))
	for range sent { // an answer within an answer shows once that is out
		var more int
		kept, more = a.take(kept)
		if more == 0 {
			break
		}
		n += more
	}
	if len(kept) < len(sent) && n == 0 {
		t.Errorf("%q lost bytes and had no answer: %q", sent, kept)
	}
	for _, one := range said() {
		if bytes.Contains(kept, []byte(one)) {
			t.Errorf("%q is left in %q", one, kept)
		}
	}
}

// parameters is the most that one sequence has.
func parameters(p []byte) (most int) {
	for _, s := range bytes.Split(p, []byte("\x1b["))[1:] {
		end := bytes.IndexFunc(s, func(r rune) bool { return r < 0x30 || r > 0x3f })
		if end < 0 {
			end = len(s)
		}
		most = max(most, bytes.Count(s[:end], []byte(";"))+bytes.Count(s[:end], []byte(":"))+1)
	}
	return most
}
