package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// valve is a writer that blocks until the test lets a write through.
type valve struct {
	syncBuffer
	through chan error
}

func newValve() *valve { return &valve{through: make(chan error)} }

func (g *valve) Write(p []byte) (int, error) {
	if err := <-g.through; err != nil {
		return 0, err
	}
	return g.syncBuffer.Write(p)
}

func notice(lost int) []byte { return fmt.Appendf(nil, "%d lost\n", lost) }

func TestAsyncOrder(t *testing.T) {
	var out syncBuffer
	w := newAsyncWriter(&out, notice)
	var group sync.WaitGroup
	for writer := range 8 {
		group.Go(func() {
			for i := range 1000 {
				fmt.Fprintf(w, "%d %d\n", writer, i)
			}
		})
	}
	group.Wait()
	w.Close()
	next := [8]int{}
	for line := range strings.Lines(out.String()) {
		var writer, i int
		fmt.Sscan(line, &writer, &i)
		if next[writer] != i {
			t.Fatalf("line %q, want number %d", line, next[writer])
		}
		next[writer]++
	}
	if next != [8]int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000} {
		t.Errorf("lines of each writer: %v", next)
	}
}

// TestAsyncBlocked: no caller waits for a blocked reader, memory is bounded, and the
// notice stands where the lines are missing.
func TestAsyncBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newValve()
		w := newAsyncWriter(out, notice)
		fmt.Fprintln(w, "first")
		synctest.Wait() // the first write blocks
		line := strings.Repeat("x", 1023) + "\n"
		for range 2000 {
			fmt.Fprint(w, line)
		}
		fmt.Fprint(w, "small\n") // would fit, but comes after lost ones
		if size := len(w.waiting); size > asyncLimit {
			t.Errorf("%d bytes are waiting", size)
		}
		close(out.through)
		synctest.Wait()
		fmt.Fprint(w, "last\n")
		w.Close()
		const kept = asyncLimit/1024 - 1
		want := "first\n" + strings.Repeat(line, kept) + fmt.Sprintf("%d lost\n", 2000-kept+1) + "last\n"
		if got := out.String(); got != want {
			t.Errorf("%d bytes, end %q; want %d bytes", len(got), got[max(0, len(got)-60):], len(want))
		}
	})
}

// TestAsyncLongLine: a line over the bound is written when it is alone. What comes
// too soon after it is lost, and that is reported without waiting for another line.
func TestAsyncLongLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newValve()
		w := newAsyncWriter(out, notice)
		long := strings.Repeat("x", asyncLimit) + "\n"
		fmt.Fprint(w, long)
		synctest.Wait()
		fmt.Fprint(w, "lost\n")
		close(out.through)
		synctest.Wait()
		if out.String() != long+"1 lost\n" {
			t.Errorf("wrote %d bytes", len(out.String()))
		}
		w.Close()
	})
}

// TestAsyncFailing: while writes fail lines are lost and counted, the writer
// does not spin, and the notice comes with the first write that works.
func TestAsyncFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newValve()
		w := newAsyncWriter(out, notice)
		for range 3 {
			fmt.Fprint(w, "gone\n")
			out.through <- errors.New("no space")
			synctest.Wait()
		}
		fmt.Fprint(w, "back\n")
		out.through <- nil
		w.Close()
		if got := out.String(); got != "back\n3 lost\n" {
			t.Errorf("wrote %q", got)
		}
		fmt.Fprint(w, "after the end\n")
	})
}

// TestAsyncClose: a blocked writer costs Close a second, a failing one nothing.
func TestAsyncClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newValve()
		w := newAsyncWriter(out, notice)
		fmt.Fprint(w, "blocked\n")
		start := time.Now()
		w.Close()
		if took := time.Since(start); took != asyncCloseLimit {
			t.Errorf("Close took %v", took)
		}
		out.through <- errors.New("gone")
		<-w.done
	})
}

// TestAsyncPipe: a real full pipe neither blocks a caller nor leaves a goroutine.
func TestAsyncPipe(t *testing.T) {
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer out.Close()
	w := newAsyncWriter(out, notice)
	for range 4000 {
		fmt.Fprintln(w, strings.Repeat("x", 1000))
	}
	w.Close()
	select {
	case <-w.done:
	default:
		t.Error("the goroutine is left")
	}
}
