package lab

import (
	"bufio"
	"net"
	"testing"
	"time"
)

// echo answers each line with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				for s := bufio.NewScanner(c); s.Scan(); {
					if _, err := c.Write(append(s.Bytes(), '\n')); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func said(t *testing.T, c net.Conn, text string) (string, error) {
	t.Helper()
	if _, err := c.Write([]byte(text + "\n")); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	buf := make([]byte, 100)
	n, err := c.Read(buf)
	return string(buf[:n]), err
}

func TestALineThatGoesBad(t *testing.T) {
	l := StartLine(t, "tcp", echo(t))
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if got, err := said(t, c, "good"); err != nil || got != "good\n" {
		t.Fatalf("%q, %v", got, err)
	}
	l.Set(Silence)
	if got, err := said(t, c, "lost"); err == nil {
		t.Fatalf("%q passed a silent line", got)
	}
	l.Set(func(w Way, p []byte) ([][]byte, bool) {
		if w == ToClient {
			return [][]byte{p[:1]}, false
		}
		return [][]byte{p}, true
	})
	if got, _ := said(t, c, "half"); got != "h" {
		t.Fatalf("%q passed a line that truncates", got)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Fatal("the connection lives on after the end of the line")
	}
	if l.Opened() != 1 {
		t.Errorf("%d connections", l.Opened())
	}
}

func TestEachWayOfAConnectionHasAFaultOfItsOwn(t *testing.T) {
	l := StartLine(t, "tcp", echo(t))
	sends := make(chan func([]byte) error, 2)
	l.SetEach(func(w Way, send func([]byte) error) Fault {
		if w == ToClient {
			sends <- send
		}
		count := 0
		return func(_ Way, p []byte) ([][]byte, bool) {
			count++
			return [][]byte{p}, w == ToServer || count < 2
		}
	})
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if got, err := said(t, c, "good"); err != nil || got != "good\n" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := (<-sends)([]byte("unasked\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "unasked\n" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	if got, _ := said(t, c, "last"); got != "last\n" {
		t.Fatalf("%q", got)
	}
	if _, err := c.Read(buf); err == nil {
		t.Fatal("the connection lives on after the end of the line")
	}
}
