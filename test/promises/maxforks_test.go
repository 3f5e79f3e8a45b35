package promises

import (
	"sync"
	"testing"

	"websocketd/test/harness"
)

// --maxforks is exact however many clients come at once, and all of it is free
// again when they have left.
func TestMaxForksIsExact(t *testing.T) {
	t.Parallel()
	for range 3 {
		s := start(t, "--maxforks=5", "cat")
		crowd := rush(t, s, 40)
		var admitted, refused int
		for _, c := range crowd {
			switch c.Status() {
			case 101:
				admitted++
			case 429:
				refused++
			}
		}
		if admitted != 5 || refused != 35 {
			t.Fatalf("%d admitted and %d refused, expected 5 and 35", admitted, refused)
		}
		if n := len(s.Children()); n != 5 {
			t.Fatalf("%d processes", n)
		}
		for _, c := range crowd {
			c.Conn.Close()
		}
		harness.NoSurvivors(t, s)
		for range 5 {
			s.ConnectWhenFree(t).Echo(t, "one of five")
		}
	}
}

// rush sends n handshakes at once.
func rush(t *testing.T, s *harness.Server, n int) []*harness.Conn {
	t.Helper()
	crowd := make([]*harness.Conn, n)
	for i := range crowd {
		crowd[i] = s.Dial(t)
	}
	var all sync.WaitGroup
	for _, c := range crowd {
		all.Go(func() {
			c.Conn.Write([]byte(harness.Handshake("/").String()))
			if err := c.ReadResponse(); err != nil {
				t.Errorf("no answer: %v", err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return crowd
}

// 0 is no limit.
func TestMaxForksZero(t *testing.T) {
	t.Parallel()
	s := start(t, "--maxforks=0", "sleep", "100")
	for range 60 {
		s.Connect(t)
	}
}

// A client that has said goodbye and comes back at once waits for the place it had,
// whose process takes its time to end; a place whose process serves somebody is not
// waited for. One of ten clients is enough: on a busy machine the process may take
// longer than anybody waits.
func TestPlaceBeingFreedIsAwaited(t *testing.T) {
	t.Parallel()
	s := start(t, "--maxforks=1", "sh", "-c", `trap "" INT; cat; sleep 0.2`)
	back := 0
	for range 10 {
		c := s.ConnectWhenFree(t)
		c.Echo(t, "here")
		if other := s.Ask(t, harness.Handshake("/")); other.Status() != 429 {
			t.Fatalf("beside a client: %d", other.Status())
		}
		c.Leave(t)
		again := s.Ask(t, harness.Handshake("/"))
		if again.Status() == 101 {
			back++
		}
		again.Conn.Close()
	}
	if back == 0 {
		t.Error("nobody got the place that was being freed")
	}
}
