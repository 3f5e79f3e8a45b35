package terminal

import (
	"bytes"
	"io"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd/bridge"
)

// Display shows messages on a terminal: what could control it is escaped.
type Display struct {
	To    io.Writer
	Lines bool        // each message is a line, or several
	Fail  func(error) // is called with the error of a write; nil: nothing is

	mark string // before each message; further lines are indented

	middle bool // of a message that comes in pieces
	cr     bool // at the end of the last piece: it may belong to a newline
	shown  []byte
}

// Send shows messages, in one write.
func (d *Display) Send(batch []bridge.Message) error {
	d.shown = d.shown[:0]
	for _, m := range batch {
		d.add(m)
	}
	_, err := d.To.Write(d.shown)
	if err != nil && d.Fail != nil {
		d.Fail(err)
	}
	return err
}

// Write shows text that begins and ends anywhere but within a character.
func (d *Display) Write(text []byte) (int, error) {
	if err := d.Send([]bridge.Message{{Kind: bridge.Text, Data: text, More: true}}); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Finish shows what waits for another piece.
func (d *Display) Finish() (err error) {
	if d.cr {
		d.cr = false
		_, err = d.To.Write(printable.Append(nil, "\r", false))
	}
	return err
}

func (d *Display) add(m bridge.Message) {
	if !d.middle {
		d.shown = append(d.shown, d.mark...)
	}
	data, open := m.Data, m.More || !d.Lines
	if d.cr {
		data = append([]byte("\r"), data...)
	}
	if d.cr = false; open {
		data, d.cr = bytes.CutSuffix(data, []byte("\r"))
	}
	for ended := true; ended; {
		var line []byte
		if line, data, ended = bytes.Cut(data, []byte("\n")); ended || !open {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		d.shown = printable.Append(d.shown, string(line), false)
		if ended {
			d.shown = append(d.shown, '\n')
			if d.mark != "" {
				d.shown = append(d.shown, "  "...)
			}
		}
	}
	if d.middle = m.More; d.Lines && !m.More {
		d.shown = append(d.shown, '\n')
	}
}
