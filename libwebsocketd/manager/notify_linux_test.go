package manager

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// listening returns a socket that listens to a session.
func listening(t *testing.T, session int) *notifySocket {
	t.Helper()
	n, err := newNotifySocket("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	n.serve(session)
	return n
}

// sendTo sends datagrams, and returns when they are taken: when the other end of a pipe that was
// sent along is closed, as the sender of a barrier waits.
func sendTo(t *testing.T, path string, texts ...string) {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, text := range texts {
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var sent error
	if err := raw.Write(func(fd uintptr) bool { // net does not send control messages by such a socket
		sent = syscall.Sendmsg(int(fd), []byte("BARRIER=1"), syscall.UnixRights(int(w.Fd())), nil, 0)
		return sent != syscall.EAGAIN
	}); err != nil || sent != nil {
		t.Fatal(err, sent)
	}
	w.Close()
	r.SetReadDeadline(time.Now().Add(testkit.Patience))
	if n, err := r.Read(make([]byte, 1)); n != 0 || os.IsTimeout(err) {
		t.Fatalf("the descriptor that was sent along is not closed: %v", err)
	}
}

// TestNotifySocket: what a process of the session sends is taken, descriptors that it sends along are
// closed, and nothing is left of the socket after Close.
func TestNotifySocket(t *testing.T) {
	n := listening(t, process.SessionOf(0))
	if info, err := os.Stat(filepath.Dir(n.path)); err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("the directory: %v %v", info.Mode(), err)
	}
	sendTo(t, n.path, "STATUS=loading", "READY=0", strings.Repeat("x", mostNotice-8)+"\nREADY=1\n", "STATUS=cut"+strings.Repeat("\n", mostNotice))
	if isClosed(n.ready) || n.Status() != "loading" {
		t.Errorf("too long: %v %q", isClosed(n.ready), n.Status())
	}
	sendTo(t, n.path, strings.Repeat("x", mostNotice-9)+"\nREADY=1\n", "READY=1", "STATUS=serving")
	if !isClosed(n.ready) || n.Status() != "serving" {
		t.Errorf("ready: %v %q", isClosed(n.ready), n.Status())
	}
	n.Close()
	if _, err := os.Stat(filepath.Dir(n.path)); !os.IsNotExist(err) {
		t.Errorf("something is left: %v", err)
	}
}

// TestNotifyStranger: a process of another session is not listened to.
func TestNotifyStranger(t *testing.T) {
	n := listening(t, 1<<22+1) // above every pid
	sendTo(t, n.path, "READY=1", "STATUS=not mine")
	if isClosed(n.ready) || n.Status() != "" {
		t.Errorf("ready: %v %q", isClosed(n.ready), n.Status())
	}
}

// TestNotifyStrangerInContainer: nor where the session of the sender was begun outside the PID
// namespace, which getsid(2) calls 0.
func TestNotifyStrangerInContainer(t *testing.T) {
	if process.SessionOf(0) == 0 { // TestNotifyStranger runs in one
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNotifyStranger$", "-test.v")
	id := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID, UidMappings: id}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("skip: needs userns: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestNotifyStranger ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSender: who is listened to.
func TestSender(t *testing.T) {
	other := exec.Command("/bin/sleep", "600")
	other.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	own, gone := process.SessionOf(0), 1<<22+1
	about := func(pid, uid int) []byte {
		return syscall.UnixCredentials(&syscall.Ucred{Pid: int32(pid), Uid: uint32(uid)})
	}
	for name, test := range map[string]struct {
		about []byte
		want  bool
	}{
		"of the session":       {about(os.Getpid(), os.Geteuid()), true},
		"root, of the session": {about(os.Getpid(), 0), true},
		"the program's user":   {about(os.Getpid(), 4711), true},
		"another user":         {about(os.Getpid(), 4712), false},
		"gone":                 {about(gone, 4711), true},
		"gone, another user":   {about(gone, 4712), false},
		"of another session":   {about(other.Process.Pid, os.Geteuid()), false},
		"nobody":               {nil, false},
		"descriptors":          {syscall.UnixRights(0), false},
		"no control message":   {[]byte("x"), false},
	} {
		if got := isFrom(test.about, own, 4711); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNotifyUser: a process of another user can reach the socket.
func TestNotifyUser(t *testing.T) {
	n, err := newNotifySocket("nobody")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for path, want := range map[string]fs.FileMode{n.path: fs.ModeSocket | 0o777, filepath.Dir(n.path): fs.ModeDir | 0o711} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if idOf("") != -1 || idOf("4711") != 4711 || idOf("root") != 0 || idOf("no such user") != -1 || n.user <= 0 {
		t.Errorf("users: %d %d %d %d", idOf("4711"), idOf("root"), idOf("no such user"), n.user)
	}
}

// TestNotifyNoRoom: a socket that cannot be made names the way out, and leaves nothing.
func TestNotifyNoRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120)) // more than sun_path holds
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	n, err := newNotifySocket("")
	if n != nil || err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("%v %v", n, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestNotifyStale: what a killed server has left is removed, and nothing else.
func TestNotifyStale(t *testing.T) {
	in := t.TempDir()
	at := func(dir string) string {
		path := filepath.Join(in, dir, notifyFile)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	listen := func(path string) *net.UnixConn {
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	stale, elsewhere := at(notifyDir+"1"), at("elsewhere")
	listen(stale).Close() // leaves the file
	listen(elsewhere).Close()
	alive := at(notifyDir + "2")
	defer listen(alive).Close()
	plain := at(notifyDir + "3")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(elsewhere), filepath.Join(in, notifyDir+"4")); err != nil {
		t.Fatal(err)
	}
	removeStale(in)
	if _, err := os.Stat(filepath.Dir(stale)); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", stale, err)
	}
	for _, path := range []string{elsewhere, alive, plain} {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}
