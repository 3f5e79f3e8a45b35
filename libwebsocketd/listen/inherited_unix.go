//go:build unix

package listen

import (
	"fmt"
	"net"
	"os"

	"websocketd/libwebsocketd/process"
)

// takeUnix returns the listener of another server on a socket's file, nil if there is none. It is that
// server's until Claim.
func takeUnix(path string) (net.Listener, error) {
	h, ok := take(func(h *handed) bool { return h.network == "unix" && h.address == path })
	if !ok {
		return nil, nil
	}
	l, err := h.listen()
	if err != nil || len(h.files) < 2 {
		return l, err
	}
	own := &unixListener{Listener: l, path: path, lock: process.HeldLock(path, h.files[1])}
	own.file, _ = os.Lstat(path)
	own.left.Store(true)
	return own, nil
}

// Pass returns what another server needs to go on with a listener: its address, and duplicates of
// its descriptors, which are the caller's.
func Pass(l net.Listener) (network, address string, files []*os.File, err error) {
	var lock *process.SocketLock
	if own, is := l.(*unixListener); is {
		l, lock = own.Listener, own.lock
	}
	filer, ok := l.(interface{ File() (*os.File, error) })
	if !ok {
		return "", "", nil, fmt.Errorf("listener %s cannot be handed over", l.Addr())
	}
	f, err := filer.File()
	if err != nil {
		return "", "", nil, err
	}
	files = []*os.File{f}
	if lock != nil {
		f, err := lock.Duplicate()
		if err != nil {
			files[0].Close()
			return "", "", nil, err
		}
		files = append(files, f)
	}
	return l.Addr().Network(), l.Addr().String(), files, nil
}

// Leave says that another server goes on with a listener: Close closes it here, and leaves the file of
// a socket and its lock.
func Leave(l net.Listener) {
	if own, is := l.(*unixListener); is {
		own.left.Store(true)
	}
}

// Claim says that no other server goes on with a listener any more: Close removes the file of a socket
// and its lock. Until then they are those of the server that has passed the listener.
func Claim(l net.Listener) {
	if own, is := l.(*unixListener); is {
		own.left.Store(false)
	}
}
