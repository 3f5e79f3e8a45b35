package manager

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// notify sends a datagram to the socket of a process, and returns when the sender has gone.
func notify(t *testing.T, path, text string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MANAGER_TEST_NOTIFY="+text, "NOTIFY_SOCKET="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestHandoverNotify: READY=1 that comes while a server stands still is taken by the one that goes on with
// the socket, and by no other; where that takes nothing over it is taken here.
func TestHandoverNotify(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exec cat", App{Ready: &Ready{Notify: true, Timeout: time.Hour}})}
	})
	f.until(func() bool { return f.one("a").Pid != 0 })
	lift := func() (v handedInstance, from libwebsocketd.Handed, settle func(bool)) {
		t.Helper()
		var all []libwebsocketd.Handed
		var settleAll func(bool) []process.Loan
		f.until(func() (is bool) { // what goes on after a lift does so in a moment
			var err error
			all, settleAll, err = f.Server.Lift(t.Context())
			return err == nil
		})
		f.must(all[0].Decode(&v))
		if v.Run.Ready {
			t.Errorf("%+v", v)
		}
		return v, all[0], func(taken bool) {
			settleAll(taken)
			libwebsocketd.CloseFiles(all)
		}
	}
	v, from, settle := lift()
	notify(t, v.Run.Notify, "READY=1\nSTATUS=serving")
	extra := v.Hub.Process.Extra(from.Files)
	there, err := resumeNotify(v.Run.Notify, v.Run.Status, extra[0], "")
	if err != nil {
		t.Fatal(err)
	}
	there.serve(f.one("a").Pid)
	select {
	case <-there.ready:
	case <-time.After(testkit.Patience):
		t.Error("the server that goes on does not hear that it is ready")
	}
	there.dir = "" // the file is that of the server which goes on after all
	there.Close()
	settle(false)
	v, _, settle = lift()
	notify(t, v.Run.Notify, "READY=1\nSTATUS=here")
	if about := f.one("a"); about.Status != Starting || about.Notice != "" {
		t.Errorf("it is heard while the server stands still: %+v", about)
	}
	settle(false)
	f.until(func() bool { return f.one("a").Status == Online })
	if about := f.one("a"); about.Notice != "here" {
		t.Errorf("%+v", about)
	}
}
