package control

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"
)

// Where a Control listens, and whether others can reach it there.
func TestParseAddress(t *testing.T) {
	t.Parallel()
	loopback := []string{"127.0.0.1", "::1"}
	for _, test := range []struct {
		text  string
		want  Address
		local bool
	}{
		{"9615", Address{Hosts: loopback, Port: 9615}, true},
		{":9615", Address{Hosts: loopback, Port: 9615}, true},
		{"localhost:9615", Address{Hosts: loopback, Port: 9615}, true},
		{"LOCALHOST:0", Address{Hosts: loopback}, true},
		{"127.0.0.1:9615", Address{Hosts: []string{"127.0.0.1"}, Port: 9615}, true},
		{"127.0.0.9:9615", Address{Hosts: []string{"127.0.0.9"}, Port: 9615}, true},
		{"[::1]:9615", Address{Hosts: []string{"::1"}, Port: 9615}, true},
		{"[::ffff:127.0.0.1]:1", Address{Hosts: []string{"::ffff:127.0.0.1"}, Port: 1}, true},
		{"0.0.0.0:9615", Address{Hosts: []string{"0.0.0.0"}, Port: 9615}, false},
		{"[::]:9615", Address{Hosts: []string{"::"}, Port: 9615}, false},
		{"192.0.2.1:9615", Address{Hosts: []string{"192.0.2.1"}, Port: 9615}, false},
		{"admin.example:9615", Address{Hosts: []string{"admin.example"}, Port: 9615}, false}, // whatever it is today
		{"unix:/run/a b", Address{Socket: "/run/a b"}, true},
		{"unix:@name", Address{Socket: "@name"}, true},
	} {
		got, err := ParseAddress(test.text)
		if err != nil || got.Socket != test.want.Socket || got.Port != test.want.Port || !slices.Equal(got.Hosts, test.want.Hosts) || got.IsLocal() != test.local || got.IsZero() {
			t.Errorf("%q: %+v, local %v, %v", test.text, got, got.IsLocal(), err)
		}
	}
	for _, text := range []string{"", "nonsense", "unix:", "unix:@", "127.0.0.1", "::1", "::1:80", "[::1]", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:", ":", "http://127.0.0.1:80", "*:80", "a b:80", "a/b:80", "u@a:80", "[::1%lo]:"} {
		if got, err := ParseAddress(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if !(Address{}).IsZero() || !(Address{}).IsLocal() {
		t.Error("nowhere can be reached")
	}
}

// TestListenAtLoopback: with port 0 all addresses have the same one, and one that is taken
// leaves nothing open.
func TestListenAtLoopback(t *testing.T) {
	t.Parallel()
	at, _ := ParseAddress("localhost:0")
	listeners, err := at.Listen()
	if err != nil {
		t.Fatal(err)
	}
	port := listeners[0].Addr().(*net.TCPAddr).Port
	for _, l := range listeners {
		if got := l.Addr().(*net.TCPAddr); got.Port != port || port == 0 || !got.IP.IsLoopback() {
			t.Errorf("listens at %v", got)
		}
	}
	second := Address{Hosts: []string{"127.0.0.1"}, Port: port}
	if _, err := second.Listen(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("taken: %v", err)
	}
	closeAll(listeners)
	again, err := second.Listen()
	if err != nil {
		t.Fatal(err)
	}
	closeAll(again)
}
