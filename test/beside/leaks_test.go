package beside

import (
	"io"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// After many answers of every kind the server has as many descriptors as before.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	s := everything(t, "cat")
	ask := func(w *wire, text string) {
		w.send(text)
		resp := w.head(text[:strings.Index(text, " ")])
		io.Copy(io.Discard, resp.Body)
	}
	kinds := []string{
		request("GET", "/file.txt", ""), request("HEAD", "/file.txt", ""), request("GET", "/", ""), request("GET", "/list", ""), request("GET", "/with/", ""),
		request("GET", "/nothing", ""), request("PUT", "/file.txt", "x"), request("GET", "/both", ""), request("POST", "/both", "body"), request("GET", "/bad", ""),
		request("GET", "/text", ""), request("GET", "/file.txt", "", "Range: bytes=1-2"), request("GET", "/both", "", "Origin: http://evil.example"),
	}
	for _, kind := range kinds { // what is opened once and kept
		w := dial(t, s)
		ask(w, kind)
		w.Close()
	}
	settled := func() int {
		harness.NoSurvivors(t, s)
		least := harness.Descriptors(t, s.PID)
		harness.Within(harness.Patience(t)/50, func() bool { least = min(least, harness.Descriptors(t, s.PID)); return false })
		return least
	}
	before := settled()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				for _, kind := range kinds {
					w := dial(t, s)
					ask(w, kind)
					w.Close()
				}
			}
		})
	}
	all.Wait()
	harness.Until(t, "the descriptors are given back", func() bool { return harness.Descriptors(t, s.PID) <= before })
}
