package connect

import (
	"bytes"
	"io"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd/bridge"
)

// display shows messages on a terminal: what could control it is escaped.
type display struct {
	to    io.Writer
	lines bool        // each message is a line, or several
	mark  string      // before each message; further lines are indented
	fail  func(error) // is called with the error of a write

	middle bool // of a message that comes in pieces
	shown  []byte
}

// send shows messages, in one write.
func (d *display) send(batch []bridge.Message) error {
	d.shown = d.shown[:0]
	for _, m := range batch {
		d.add(m)
	}
	_, err := d.to.Write(d.shown)
	if err != nil {
		d.fail(err)
	}
	return err
}

// Write shows text that begins and ends anywhere but within a character.
func (d *display) Write(text []byte) (int, error) {
	if err := d.send([]bridge.Message{{Kind: bridge.Text, Data: text, More: true}}); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (d *display) add(m bridge.Message) {
	if !d.middle {
		d.shown = append(d.shown, d.mark...)
	}
	first := true
	for line := range bytes.SplitSeq(m.Data, []byte("\n")) {
		if !first {
			d.shown = append(d.shown, '\n')
			if d.mark != "" {
				d.shown = append(d.shown, "  "...)
			}
		}
		first = false
		d.shown = printable.Append(d.shown, string(bytes.TrimSuffix(line, []byte("\r"))), false)
	}
	if d.middle = m.More; d.lines && !m.More {
		d.shown = append(d.shown, '\n')
	}
}
