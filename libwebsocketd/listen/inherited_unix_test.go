//go:build unix

package listen

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInherited: a listener goes on in another server, here in the same process, without a moment in
// which nobody listens. The file of a socket and its lock stay when the first one closes it.
func TestInherited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	tcp, err := TCP("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	unix, err := Unix(UnixSocket{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []net.Listener{tcp, unix} {
		network, address, files, err := Pass(l)
		if err != nil {
			t.Fatal(err)
		}
		Inherit(network, address, files)
		Leave(l)
		l.Close()
	}
	port := tcp.Addr().(*net.TCPAddr).Port
	again, err := TCP("127.0.0.1", port)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	second, err := Unix(UnixSocket{Path: path, Flag: "--unixsocket"})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := Unix(UnixSocket{Path: path, Flag: "--unixsocket"}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a third one listens: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// TestClaim: the file of a socket and its lock stay when a server closes what it has inherited, until it
// has claimed it.
func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, err := Unix(UnixSocket{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, claims := range []bool{false, true} {
		network, address, files, err := Pass(first)
		if err != nil {
			t.Fatal(err)
		}
		Inherit(network, address, files)
		second, err := Unix(UnixSocket{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if claims {
			Claim(second)
		}
		second.Close()
		for _, file := range []string{path, path + ".lock"} {
			if _, err := os.Lstat(file); (err == nil) == claims {
				t.Errorf("%s, where it was claimed (%v): %v", file, claims, err)
			}
		}
	}
}

// TestDropInherited: what nobody asks for is closed.
func TestDropInherited(t *testing.T) {
	l, err := TCP("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	network, address, files, err := Pass(l)
	if err != nil {
		t.Fatal(err)
	}
	Inherit(network, address, files)
	l.Close()
	DropInherited()
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("somebody still listens")
	}
}
