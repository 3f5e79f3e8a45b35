package stdio

import (
	"fmt"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/readbuf"
)

// lineJournal is a TextTap that records its calls.
type lineJournal struct{ shown []string }

func (j *lineJournal) Output(batch []bridge.Message) {
	for _, m := range batch {
		j.shown = append(j.shown, "message "+string(m.Data))
	}
}
func (j *lineJournal) Stderr([]byte)     {}
func (j *lineJournal) Ended(exit.Ending) {}
func (j *lineJournal) Lines(text []byte) { j.shown = append(j.shown, "text "+string(text)) }

// TestTextTap: whole lines are shown as text, with their ends; pieces of long ones, and a last
// one without an end, as messages.
func TestTextTap(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"a\nb\r\n\n":        `["text a\nb\r\n\n"]`,
		"a\nb":              `["text a\n" "message b"]`,
		"a\n123456789\nb\n": `["message a" "message 12345678" "message 9" "message b"]`,
		"123456789":         `["message 12345678" "message 9"]`,
		"\xff\n":            `["text \xff\n"]`,
	} {
		j := new(lineJournal)
		lines := newLineReader(readbuf.NewSource(strings.NewReader(written)), 8, nil)
		o := tapped(&textOutput{lines: lines}, j)
		for {
			if _, err := o.Next(); err != nil {
				break
			}
		}
		if got := fmt.Sprintf("%q", j.shown); got != want {
			t.Errorf("of %q: %s, want %s", written, got, want)
		}
	}
}
