package systemd

import (
	"fmt"
	"net"
	"os"
)

// Socket is a listener that the manager has passed. Name is that of FileDescriptorName=, by
// default the name of the unit.
type Socket struct {
	net.Listener
	Name string
}

// Sockets returns the listeners that the manager has passed, in the order of its list. The
// caller closes them. It must be called once. The error says what is to be changed in
// the unit. Then those before the one at fault are closed, and what follows is left as it is: where the
// manager's count is wrong, that is somebody else's, Go's runtime's for one.
func (s *Service) Sockets() (sockets []Socket, err error) {
	if s == nil {
		return nil, nil
	}
	defer func() {
		if err != nil {
			closeSockets(sockets)
			sockets = nil
		}
	}()
	for i, file := range s.files {
		l, err := listenerOf(file)
		if err != nil {
			return sockets, fmt.Errorf("the socket %d of the service manager, %s, cannot be listened on: %w; a .socket unit for this server has ListenStream= and Accept=no", i+1, file.Name(), err)
		}
		sockets = append(sockets, Socket{Listener: l, Name: file.Name()})
	}
	return sockets, nil
}

// listenerOf returns the listener of a file, which it closes.
func listenerOf(file *os.File) (net.Listener, error) {
	if err := listens(file); err != nil {
		return nil, err
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	file.Close()
	return l, nil
}

func closeSockets(sockets []Socket) {
	for _, l := range sockets {
		l.Close()
	}
}
