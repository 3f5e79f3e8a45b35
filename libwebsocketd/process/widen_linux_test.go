package process

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWidenInput: an input holds more once it was full, and not before.
func TestWidenInput(t *testing.T) {
	t.Parallel()
	in, far := pipeInput(t)
	size := func() int {
		n, err := unix.FcntlInt(far.Fd(), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := size()
	in.Write(make([]byte, first))
	if now := size(); now != first {
		t.Errorf("full for the first time it holds %d, not %d", now, first)
	}
	in.Write(make([]byte, widePipe-first)) // does not block
	if now := size(); now != widePipe {
		t.Errorf("after a write that would have waited it holds %d, not %d", now, widePipe)
	}
	in.Close()
	if all, err := io.ReadAll(far); len(all) != widePipe || err != nil {
		t.Errorf("%d bytes arrive, %v", len(all), err)
	}
}
