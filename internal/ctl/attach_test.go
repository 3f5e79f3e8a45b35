package ctl

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestAttach: lines of standard input are messages, what is written comes, and the exit status
// is the process's.
func TestAttach(t *testing.T) {
	for _, test := range []struct {
		end            string
		status         int
		stdout, stderr string
	}{
		{became("exited", 0), 0, "[exited 0]\n", ""},
		{became("exited", 3), 3, "[exited 3]\n", ""},
		{became("exited", 256), 1, "[exited 256]\n", ""},
		{became("killed", -1), 137, "[killed]\n", ""},
		{became("failed", -1), 1, "[failed]\n", ""},
	} {
		f := newFake(t)
		f.programs = chat
		f.write("process:chat", became("exited", 9), became("running", 0), line("before")) // the one before has ended
		f.post = func(message string) (int, string) {
			f.write("process:chat", line("got "+message))
			if message == "two" {
				f.write("process:chat", test.end)
			}
			return 0, ""
		}
		runs(t, f.options("attach", "chat"), "one\ntwo\n", test.status, "before\ngot one\ngot two\n", "[exited 9]\n[running]\n"+test.stdout)
		f.http.Close() // returns when the message that was answered last is noted
		if want := []string{"text one", "text two"}; !slices.Equal(f.took, want) {
			t.Errorf("the process has %q, want %q", f.took, want)
		}
	}
}

// TestAttachFramings: a program that takes bytes gets them as they are, and what it writes is
// printed as it is.
func TestAttachFramings(t *testing.T) {
	for framing, want := range map[string]string{"raw": "text a\nb", "binary": "application a\nb", "ndjson": "text a"} {
		f := newFake(t)
		f.programs = `[{"name":"p","framing":"` + framing + `","channel":"process:p"}]`
		f.write("process:p", became("running", 0))
		var once sync.Once // lines are two messages
		f.post = func(string) (int, string) {
			once.Do(func() {
				f.write("process:p", line("x"), `{"type":"process_output","data":"AP8K","encoding":"base64"}`, became("exited", 0))
			})
			return 0, ""
		}
		runs(t, f.options("attach", "p"), "a\nb", 0, "x\n\x00\xff\n", "[running]\n[exited 0]\n")
		f.http.Close() // returns when the message that was answered last is noted
		if len(f.took) == 0 || f.took[0] != want {
			t.Errorf("%s: the process has %q, want %q", framing, f.took, want)
		}
	}
}

// TestAttachRefused: a process that takes nothing is said to, once, and is shown.
func TestAttachRefused(t *testing.T) {
	for _, test := range []struct {
		status int
		posts  int32
		stderr string
	}{
		{http.StatusMethodNotAllowed, 1, "websocketd ctl: no input, and nothing is sent; what it writes is shown\n"},
		{http.StatusConflict, 3, "websocketd ctl: not sent: no input\n"},
	} {
		f := newFake(t)
		f.connections = `[{"id":"17"}]`
		f.write("process:17", line("before"))
		var posts atomic.Int32
		all, told := make(chan struct{}), make(chan struct{})
		f.post = func(string) (int, string) {
			if posts.Add(1) == test.posts {
				close(all)
			}
			return test.status, "no input"
		}
		s := newFiles(t, "one\ntwo\nthree\n")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s.Stderr = w
		var said []byte
		var ending, hearing sync.WaitGroup
		hearing.Go(func() { said = hear(r, test.stderr, told) })
		ending.Go(func() { // the process ends when all is said
			<-all
			<-told
			f.write("process:17", became("exited", 0))
		})
		if status := Run(f.options("attach", "17"), s.Streams); status != 0 {
			t.Errorf("%d: exit status %d", test.status, status)
		}
		w.Close()
		hearing.Wait()
		ending.Wait()
		if out := s.read("out"); out != "before\n" || string(said) != test.stderr+"[exited 0]\n" {
			t.Errorf("%d: %q and %q", test.status, out, said)
		}
		if posts.Load() != test.posts {
			t.Errorf("%d: %d messages were sent, want %d", test.status, posts.Load(), test.posts)
		}
	}
}

// hear returns all that comes. It closes told when that ends with a sentence for the first time.
func hear(r *os.File, sentence string, told chan struct{}) (all []byte) {
	defer r.Close()
	in := bufio.NewReader(r)
	for waits := true; ; {
		b, err := in.ReadByte()
		if err != nil {
			return all
		}
		all = append(all, b)
		if waits && strings.HasSuffix(string(all), sentence) {
			close(told)
			waits = false
		}
	}
}

// TestAttachCut: a message whose answer is lost is not sent again.
func TestAttachCut(t *testing.T) {
	f := newFake(t)
	f.programs = chat
	f.write("process:chat", became("running", 0))
	var posts atomic.Int32
	f.post = func(message string) (int, string) {
		if posts.Add(1); message == "one" {
			panic(http.ErrAbortHandler)
		}
		f.write("process:chat", became("exited", 0))
		return 0, ""
	}
	s := newFiles(t, "one\ntwo\n")
	if status := Run(f.options("attach", "chat"), s.Streams); status != 0 || posts.Load() != 2 {
		t.Errorf("exit status %d after %d messages", status, posts.Load())
	}
	if !strings.Contains(s.read("err"), "whether the process has the last line is not known, and it is not sent again") {
		t.Errorf("standard error %q", s.read("err"))
	}
}

// TestAttachMoved: a message that a server has refused because another one goes on is for that one.
func TestAttachMoved(t *testing.T) {
	f := newFake(t)
	f.programs = chat
	f.write("process:chat", became("running", 0))
	var posts atomic.Int32
	f.post = func(message string) (int, string) {
		if posts.Add(1) == 1 {
			return http.StatusServiceUnavailable, "a new server goes on with this program: connect again"
		}
		f.write("process:chat", line("got "+message), became("exited", 0))
		return 0, ""
	}
	runs(t, f.options("attach", "chat"), "one\n", 0, "got one\n", "[running]\n[exited 0]\n")
}

// TestAttachUnsent: a message for a server that does not listen waits for it.
func TestAttachUnsent(t *testing.T) {
	f := newFake(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	in := &input{server: newServer(Address{URL: "http://" + l.Addr().String()}, nil, 0), channel: "process:x", say: func(s string) { t.Error(s) }, ctx: t.Context()}
	defer in.server.http.CloseIdleConnections()
	in.part.WriteString("hello")
	over := make(chan struct{})
	go func() {
		defer close(over)
		in.post(bridge.Text)
	}()
	again, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	late := &http.Server{Handler: f.handler()}
	defer late.Close()
	go late.Serve(again)
	<-over
	if !slices.Equal(f.took, []string{"text hello"}) {
		t.Errorf("the process has %q", f.took)
	}
}
