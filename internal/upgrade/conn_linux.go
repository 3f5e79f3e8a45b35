package upgrade

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// mostMessage limits a message, the record of one program at most.
const mostMessage = 1 << 31

// kind is what a message says.
type kind string

const (
	kindListener kind = "listener" // an open socket
	kindSocket   kind = "socket"   // a listener of the service manager's, by its name
	kindParent   kind = "parent"   // a channel to a parent of processes, the first server's first
	kindOffered  kind = "offered"  // that was all of the offer
	kindReady    kind = "ready"
	kindFailed   kind = "failed"
	kindPromises kind = "promises" // of the registry of sessions
	kindChannel  kind = "channel"  // of the operator's listener
	kindHanded   kind = "handed"
	kindAll      kind = "all" // that was all there is
	kindTaken    kind = "taken"
	kindGo       kind = "go"
)

// message is one message of an upgrade.
type message struct {
	Kind    kind
	Network string // of a listener
	Text    string // the address of a listener, the path of a program, or why something has failed
	Number  int    // the pid of a process or a server
	Parent  int    // which of the parents a process has, by their order
	Data    []byte

	files []*os.File
}

// conn carries messages between two servers, and the descriptors that go with them.
type conn struct {
	*net.UnixConn
	waits func() // is called before each piece is sent, to set a deadline for it; nil: that is set
}

// pair returns two connected sockets: one as a conn, and one to be inherited.
func pair() (c *conn, theirs *os.File, err error) {
	ours, theirs, err := sockets(syscall.SOCK_STREAM)
	if err != nil {
		return nil, nil, err
	}
	if c, err = newConn(ours); err != nil {
		theirs.Close()
	}
	return c, theirs, err
}

// sockets returns two connected sockets, which no child inherits unless it is told to.
func sockets(kind int) (a, b *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, kind|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "upgrade"), os.NewFile(uintptr(fds[1]), "upgrade"), nil
}

// newConn makes a conn of a file, which it closes.
func newConn(f *os.File) (*conn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("no unix socket")
	}
	return &conn{UnixConn: u}, nil
}

// send sends a message. Its files are the caller's.
func (c *conn) send(m *message) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(m); err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(body.Len()))
	head = append(head, byte(len(m.files)))
	fds, release, err := descriptors(m.files)
	if err != nil {
		return err
	}
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	c.wait()
	_, _, err = c.WriteMsgUnix(head, rights, nil)
	release()
	for err == nil && body.Len() > 0 {
		c.wait()
		_, err = c.Write(body.Next(mostPiece))
	}
	return err
}

func (c *conn) wait() {
	if c.waits != nil {
		c.waits()
	}
}

// until makes everything late that is sent or received after ctx is done. When settle returns, nothing is
// late any more.
func (c *conn) until(ctx context.Context) (settle func()) {
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(late)
		c.SetDeadline(time.Unix(1, 0))
	})
	return sync.OnceFunc(func() {
		if !stop() {
			<-late
		}
		c.waits = nil
		c.SetDeadline(time.Time{})
	})
}

// descriptors returns the descriptors of files, which stay open until release is called. Unlike Fd
// it leaves them as they are: they must not become blocking.
func descriptors(files []*os.File) (fds []int, release func(), err error) {
	done := make(chan struct{})
	var held sync.WaitGroup
	release = func() {
		close(done)
		held.Wait()
	}
	for _, f := range files {
		raw, err := f.SyscallConn()
		if err != nil {
			release()
			return nil, nil, err
		}
		got, failed := make(chan int, 1), make(chan error, 1)
		held.Go(func() {
			failed <- raw.Control(func(fd uintptr) {
				got <- int(fd)
				<-done
			})
		})
		select {
		case fd := <-got:
			fds = append(fds, fd)
		case err := <-failed:
			release()
			return nil, nil, err
		}
	}
	return fds, release, nil
}

// receive returns the next message, with its files.
func (c *conn) receive() (*message, error) {
	head, rights := make([]byte, 5), make([]byte, syscall.CmsgSpace(8*4))
	n, nr, _, _, err := c.ReadMsgUnix(head, rights)
	if err == nil && n < len(head) {
		_, err = io.ReadFull(c, head[n:])
	}
	if err != nil {
		return nil, err
	}
	m := &message{}
	if m.files, err = filesOf(rights[:nr]); err == nil && len(m.files) != int(head[4]) {
		err = fmt.Errorf("%d descriptors came of %d", len(m.files), head[4])
	}
	size := binary.BigEndian.Uint32(head)
	if err == nil && size > mostMessage {
		err = fmt.Errorf("a message of %d bytes", size)
	}
	if err == nil {
		body := make([]byte, size)
		if _, err = io.ReadFull(c, body); err == nil {
			err = gob.NewDecoder(bytes.NewReader(body)).Decode(m)
		}
	}
	if err != nil {
		closeAll(m.files)
		return nil, err
	}
	return m, nil
}

// filesOf returns the descriptors of control messages.
func filesOf(rights []byte) (files []*os.File, err error) {
	all, err := syscall.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, err
	}
	for i := range all {
		fds, err := syscall.ParseUnixRights(&all[i])
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "|"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
