package text

import "testing"

// TestAccepts asks for media types.
func TestAccepts(t *testing.T) {
	for accept, want := range map[string]bool{
		"text/event-stream": true, "text/html, text/event-stream;q=0.1": true, "text/event-stream;q=0": false,
		"text/event-stream;q=0.0": false, "*/*": false, "": false, ";": false, "text/event-stream;q=1": true,
	} {
		if got := Accepts([]string{accept}, "text/event-stream"); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
