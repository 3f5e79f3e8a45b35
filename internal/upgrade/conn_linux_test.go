package upgrade

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// both returns two conns that are connected.
func both(t *testing.T) (a, b *conn) {
	t.Helper()
	a, theirs, err := pair()
	if err == nil {
		b, err = newConn(theirs)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

// TestConn: messages come whole and in order, each with its own files, however long they are.
func TestConn(t *testing.T) {
	a, b := both(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sent := []*message{
		{Kind: kindReady},
		{Kind: kindHanded, Text: "/path", Number: 7, Parent: 2, Data: bytes.Repeat([]byte("x"), 3<<20), files: []*os.File{w, w}},
		{Kind: kindListener, Network: "tcp", files: []*os.File{w}},
		{Kind: kindAll},
	}
	failed := make(chan error, 1)
	go func() {
		for _, m := range sent {
			if err := a.send(m); err != nil {
				failed <- err
				return
			}
		}
		w.Close()
		failed <- nil
	}()
	for _, want := range sent {
		got, err := b.receive()
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.Network != want.Network || got.Text != want.Text || got.Number != want.Number || got.Parent != want.Parent ||
			!bytes.Equal(got.Data, want.Data) || len(got.files) != len(want.files) {
			t.Errorf("%+v, want %+v", got.Kind, want.Kind)
		}
		for _, f := range got.files {
			io.WriteString(f, "y")
		}
		closeAll(got.files)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); string(text) != "yyy" { // the pipe ends: no descriptor is left open
		t.Errorf("%q, %v came by the files", text, err)
	}
}

// TestConnPieces: a long message is sent piece by piece, each of which has a time of its own.
func TestConnPieces(t *testing.T) {
	a, b := both(t)
	pieces := 0
	a.waits = func() {
		pieces++
		a.SetDeadline(time.Now().Add(pieceTime))
	}
	want := message{Kind: kindChannel, Data: bytes.Repeat([]byte("x"), 2*mostPiece)}
	failed := make(chan error, 1)
	go func() { failed <- a.send(&want) }()
	if got, err := b.receive(); err != nil || !bytes.Equal(got.Data, want.Data) {
		t.Errorf("%v", err)
	}
	if err := <-failed; err != nil || pieces != 4 {
		t.Errorf("%d pieces, %v", pieces, err)
	}
	a.waits = func() { a.SetDeadline(time.Unix(1, 0)) }
	if err := a.send(&want); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v from one that takes nothing", err)
	}
}

// TestConnEnds: what is no message is an error, and so is the end.
func TestConnEnds(t *testing.T) {
	for _, wrong := range [][]byte{nil, {0, 0}, {0, 0, 0, 4, 0, 1, 2, 3, 4}, {0, 0, 0, 1, 1, 0}, {0xff, 0xff, 0xff, 0xff, 0}} {
		a, b := both(t)
		a.Write(wrong)
		a.Close()
		if m, err := b.receive(); err == nil {
			t.Errorf("% x is %+v", wrong, m)
		}
	}
}
