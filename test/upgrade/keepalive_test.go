package upgrade

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"websocketd/test/harness"
)

// keptAlive is a connection for one request after the other.
type keptAlive struct {
	net.Conn
	in *bufio.Reader
}

// keepAlive connects, and has one request answered.
func keepAlive(t *testing.T, address, path string) *keptAlive {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	k := &keptAlive{c, bufio.NewReader(c)}
	if status, last, err := k.ask(path); err != nil || status != 200 || last {
		t.Fatalf("%d, the last one: %t, %v", status, last, err)
	}
	return k
}

// ask sends a request, and reports whether the answer says that it is the last.
func (k *keptAlive) ask(path string) (status int, last bool, err error) {
	if _, err = fmt.Fprintf(k, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return 0, false, err
	}
	answer, err := http.ReadResponse(k.in, nil)
	if err != nil {
		return 0, false, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Close, err
}

// A client that sends its next request on a connection of the server that was just replaced gets an
// answer, which says that it is the last on that connection. What only the new server can do is refused,
// to be asked there.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	admin := "127.0.0.1:" + strconv.Itoa(harness.FreePort(t))
	o := options(t, "--admin="+admin, "--admintoken=none", "--staticdir=.", "cat")
	write(t, o, "hello.txt", "hello")
	h := startWith(t, o)
	attempt := func() error {
		file, operator := keepAlive(t, h.Addr, "/hello.txt"), keepAlive(t, admin, "/api/server")
		h.upgrade(t)
		for _, one := range []struct {
			*keptAlive
			path string
			want int
		}{{file, "/hello.txt", 200}, {operator, "/api/server", 503}} {
			if status, last, err := one.ask(one.path); err != nil || status != one.want || !last {
				return fmt.Errorf("%s: %d, the last one: %t, %v", one.path, status, last, err)
			}
			if _, err := one.in.ReadByte(); err != io.EOF {
				return fmt.Errorf("after the last answer: %v", err)
			}
		}
		return nil
	}
	var err error
	for range 10 { // that is for a moment: a busy machine may miss it
		if err = attempt(); err == nil {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
	h.end(t, 0)
}
