//go:build linux

package process

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// pipeInput returns an input and the end its process would read from.
func pipeInput(t *testing.T) (*input, *os.File) {
	t.Helper()
	far, near, err := newInputPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close(); near.Close() })
	return near.(*input), far
}

// TestInput: everything arrives in order, whether it is written at once or has to
// wait.
func TestInput(t *testing.T) {
	t.Parallel()
	in, far := pipeInput(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	written := make(chan error, 1)
	go func() {
		var err error
		for rest := want; len(rest) > 0 && err == nil; {
			n := min(len(rest), 1+len(rest)/3)
			_, err = in.Write(rest[:n])
			rest = rest[n:]
		}
		in.Close()
		written <- err
	}()
	got, err := io.ReadAll(far)
	if err := errors.Join(err, <-written); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if in.file == nil {
		t.Error("a write larger than a pipe did not wait: this test tests nothing")
	}
}

// TestInputIsUnknownToThePoller as long as nothing waits.
func TestInputIsUnknownToThePoller(t *testing.T) {
	t.Parallel()
	in, far := pipeInput(t)
	for range 3 {
		if n, err := in.Write([]byte("line\n")); n != 5 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		io.ReadFull(far, make([]byte, 5))
	}
	if n, err := in.Write(nil); n != 0 || err != nil || in.file != nil {
		t.Errorf("%d, %v, file %v", n, err, in.file)
	}
}

// TestInputCloseEndsAWrite that waits, and nothing can be written any more.
func TestInputCloseEndsAWrite(t *testing.T) {
	t.Parallel()
	in, _ := pipeInput(t)
	ended := make(chan error, 1)
	go func() {
		_, err := in.Write(make([]byte, 1<<20))
		ended <- err
	}()
	eventually(t, "the write waits", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.file != nil
	})
	in.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("the write: %v", err)
	}
	if _, err := in.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write behind Close: %v", err)
	}
}

// TestInputClosed: both ends return errors when they are closed.
func TestInputClosed(t *testing.T) {
	t.Parallel()
	in, far := pipeInput(t)
	far.Close()
	if _, err := in.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("nobody reads: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := in.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a second Close: %v", err)
	}
}

// TestInputHeldByFork: a process whose input a child that is just being started holds open does not know
// yet that it is to end, and is not signalled for that. This test is not parallel to others: starts are
// counted for the whole process.
func TestInputHeldByFork(t *testing.T) {
	p := begin(t, newLauncher(t, LauncherOptions{}), sh("cat"))
	files, err := p.Duplicates()
	if err != nil {
		t.Fatal(err)
	}
	end := BeginFork()
	time.AfterFunc(time.Second, func() { // ten times what the first rung waits
		closeAll(files[:])
		end()
	})
	if err := p.Stop(DefaultLadder(0)); err != nil {
		t.Fatal(err)
	}
	if ending := p.Reap(); !ending.Success() {
		t.Errorf("it ended with %v", ending)
	}
	if p.inputIsHeld() {
		t.Error("the input is held still")
	}
}
