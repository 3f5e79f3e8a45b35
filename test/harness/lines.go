package harness

import (
	"strings"
	"sync"
)

// Lines collects the output of a process. It may be read while it grows.
type Lines struct {
	mu   sync.Mutex
	text strings.Builder
	done chan struct{} // closed at end of file; nil if nothing is captured
}

// Write appends p.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything written so far.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Has reports whether text was written.
func (l *Lines) Has(text string) bool { return strings.Contains(l.String(), text) }

// With returns the lines that contain every one of the texts.
func (l *Lines) With(texts ...string) (found []string) {
	for line := range strings.Lines(l.String()) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}

// Await waits for a line that contains every one of the texts and returns the
// first such line.
func (l *Lines) Await(t T, texts ...string) string {
	t.Helper()
	var found []string
	Until(t, "a line with "+strings.Join(texts, " and "), func() bool {
		found = l.With(texts...)
		return len(found) > 0
	})
	return found[0]
}

func (l *Lines) wait() {
	if l.done != nil {
		<-l.done
	}
}
