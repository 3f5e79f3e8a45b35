package manager

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// mostNotice is the longest datagram of sd_notify that is taken, as in systemd (PIPE_BUF).
const mostNotice = 4096

// notifyDir begins the name of a socket's directory, and notifyFile is that of the socket.
const (
	notifyDir  = "websocketd-notify-"
	notifyFile = "notify"
)

// sweep removes what a server that was killed has left, once.
var sweep sync.Once

// notice is what a process tells by one datagram of sd_notify(3).
type notice struct {
	ready  bool    // READY=1
	status *string // STATUS=, made fit to be shown; nil: it has none
}

// parseNotice parses a datagram: lines NAME=VALUE, of which those that are not known here mean
// nothing. Of several of one name the last one counts.
func parseNotice(data []byte) (n notice) {
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		name, value, _ := bytes.Cut(line, []byte("="))
		switch string(name) {
		case "READY":
			n.ready = n.ready || string(value) == "1"
		case "STATUS":
			status := clean(value)
			n.status = &status
		}
	}
	return n
}

// notifySocket is the socket to which one process tells its state by sd_notify(3): a file in a
// directory of its own, until Close.
type notifySocket struct {
	path   string // for NOTIFY_SOCKET
	dir    string
	user   int // whose process it is for, besides the server's; -1: none
	conn   *net.UnixConn
	reader sync.WaitGroup
	ready  chan struct{} // closed when READY=1 has come

	mu      sync.Mutex
	status  string
	session int  // whose processes are listened to, once
	serves  bool // serve was called
	still   bool // nobody listens, because another server may go on with the socket
	closed  bool
}

// newNotifySocket makes the socket of a process that runs as a user; "" is the server's own. The
// caller must call Close.
func newNotifySocket(user string) (*notifySocket, error) {
	sweep.Do(func() { removeStale(os.TempDir()) })
	dir, err := os.MkdirTemp("", notifyDir+"*")
	if err != nil {
		return nil, err
	}
	n := &notifySocket{dir: dir, path: filepath.Join(dir, notifyFile), user: idOf(user), ready: make(chan struct{})}
	n.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.path, Net: "unixgram"})
	if err == nil {
		err = errors.Join(passCredentials(n.conn), n.open())
	}
	if err != nil {
		n.Close()
		return nil, fmt.Errorf("the socket for ready.notify cannot be made, in the directory that TMPDIR names: %w", err)
	}
	return n, nil
}

// open lets a process of another user write to the socket, if it is for one. Everybody may then,
// but not everybody is listened to.
func (n *notifySocket) open() error {
	if n.user < 0 {
		return nil // the directory is its owner's
	}
	return errors.Join(os.Chmod(n.path, 0o777), os.Chmod(n.dir, 0o711))
}

// idOf returns the number of a user, -1 for none.
func idOf(name string) int {
	if name == "" {
		return -1
	}
	if found, err := user.Lookup(name); err == nil {
		name = found.Uid
	}
	id, err := strconv.Atoi(name)
	if err != nil {
		return -1
	}
	return id
}

// serve listens to the processes of a session, in a goroutine that Close ends.
func (n *notifySocket) serve(session int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.session, n.serves = session, true
	n.listen()
}

// pause leaves to another server what comes from now on. It returns when the goroutine of serve has taken
// what has come before.
func (n *notifySocket) pause() {
	n.mu.Lock()
	n.still = true
	n.mu.Unlock()
	n.conn.SetReadDeadline(time.Unix(1, 0))
	n.reader.Wait()
}

// resume ends pause. There may be no socket.
func (n *notifySocket) resume() {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.still {
		n.still = false
		n.conn.SetReadDeadline(time.Time{})
		n.listen()
	}
}

// listen starts the goroutine of serve if it is wanted; n.mu is held.
func (n *notifySocket) listen() {
	if !n.serves || n.still || n.closed {
		return
	}
	session := n.session
	n.reader.Go(func() {
		data, about := make([]byte, mostNotice+1), make([]byte, credentialsSize)
		for {
			size, aboutSize, _, _, err := n.conn.ReadMsgUnix(data, about)
			if err != nil {
				return
			}
			if size <= mostNotice && isFrom(about[:aboutSize], session, n.user) {
				n.take(parseNotice(data[:size]))
			}
		}
	})
}

// take takes what a process has told.
func (n *notifySocket) take(told notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if told.status != nil {
		n.status = *told.status
	}
	if told.ready && !isClosed(n.ready) {
		close(n.ready)
	}
}

// Status returns the last STATUS= that has come, "" if none has.
func (n *notifySocket) Status() string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.status
}

// Close removes the socket, and waits for the goroutine of serve. There may be no socket.
func (n *notifySocket) Close() {
	if n == nil {
		return
	}
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	if n.conn != nil {
		n.conn.Close()
	}
	n.reader.Wait()
	if n.dir != "" {
		os.RemoveAll(n.dir)
	}
}
