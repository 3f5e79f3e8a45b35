//go:build unix

package systemd

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// dup returns a descriptor that belongs to nobody else, and closes file.
func dup(t *testing.T, file *os.File) int {
	t.Helper()
	defer file.Close()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestSockets: a socket that listens is taken with its name, and nothing else is.
func TestSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fileOf := func(from interface{ File() (*os.File, error) }, name string) *os.File {
		file, err := from.File()
		if err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(dup(t, file)), name)
	}
	s := &Service{files: []*os.File{fileOf(l.(*net.TCPListener), "web"), fileOf(l.(*net.TCPListener), "admin")}}
	sockets, err := s.Sockets()
	if err != nil || len(sockets) != 2 || sockets[0].Name != "web" || sockets[1].Name != "admin" || sockets[1].Addr().String() != l.Addr().String() {
		t.Fatalf("%v, %v", sockets, err)
	}
	closeSockets(sockets)
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	wrongs := []*os.File{fileOf(c.(*net.TCPConn), "accepted"), plain}
	if packets, err := net.Listen("unixpacket", filepath.Join(t.TempDir(), "s")); err == nil { // Linux has it
		defer packets.Close()
		wrongs = append(wrongs, fileOf(packets.(*net.UnixListener), "packets"))
	}
	for _, wrong := range wrongs {
		s := &Service{files: []*os.File{fileOf(l.(*net.TCPListener), "web"), wrong}}
		if sockets, err := s.Sockets(); err == nil || sockets != nil || !strings.Contains(err.Error(), wrong.Name()) || !strings.Contains(err.Error(), "Accept=no") {
			t.Errorf("%v, %v", sockets, err)
		}
		wrong.Close()
	}
}
