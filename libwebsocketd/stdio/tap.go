package stdio

import (
	"bytes"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/text"
)

// Tap is shown what a program writes, besides the client that it is written for. Its methods
// must not block: the client waits for them. Output and Stderr may be called at once.
type Tap interface {
	// Output is called with what Receive is about to return, and with each line that is no
	// message of the framing. It belongs to the Endpoint. Where both streams are tagged, it is
	// called with each line of standard output as it was written, and with FramingRaw with
	// each line, when it has ended.
	Output(batch []bridge.Message)

	// Stderr is called with each line of standard error that is read, without its end. It
	// belongs to the Endpoint.
	Stderr(line []byte)

	// Ended is called once, after all output was shown.
	Ended(ending exit.Ending)
}

// TextTap is a Tap that takes many lines at once, without a look at each.
type TextTap interface {
	Tap

	// Lines does what Output does, for lines that are whole: each has its end, LF or CR LF. The
	// text may not be UTF-8. It belongs to the Endpoint.
	Lines(text []byte)
}

// tapOf returns the Tap of a process, nil if it has none. Output that comes in pieces is shown
// line by line.
func tapOf(o *Options) Tap {
	if o.Tap != nil && o.Framing == FramingRaw && !o.Binary && !o.Tagged {
		return &lineTap{Tap: o.Tap}
	}
	return o.Tap
}

// tapped returns an output that is shown to t; nil is nobody.
func tapped(o output, t Tap) output {
	if t == nil {
		return o
	}
	if lines, ok := o.(*textOutput); ok {
		if t, ok := t.(TextTap); ok {
			return &tappedText{lines, t}
		}
	}
	return &tappedOutput{o, t}
}

// tappedText is lines that are shown to a TextTap.
type tappedText struct {
	*textOutput
	tap TextTap
}

func (o *tappedText) Next() ([]bridge.Message, error) {
	batch, err := o.textOutput.Next()
	switch {
	case err != nil:
	case o.lines.cuts:
		o.tap.Output(batch)
	default:
		o.tap.Lines(o.lines.text)
	}
	return batch, err
}

type tappedOutput struct {
	output
	tap Tap
}

func (o *tappedOutput) Next() ([]bridge.Message, error) {
	batch, err := o.output.Next()
	if err == nil {
		o.tap.Output(batch)
	}
	return batch, err
}

// tapStdout returns what shows a line of tagged output to the tap; nil without one.
func (p *Endpoint) tapStdout() func(line []byte) {
	if p.tap == nil {
		return nil
	}
	return p.showLine
}

// showLine shows the tap a line of standard output.
func (p *Endpoint) showLine(line []byte) {
	p.tap.Output([]bridge.Message{{Kind: bridge.Text, Data: line}})
}

// mostOpen is how much of a line without an end lineTap keeps. A longer one is shown in pieces.
const mostOpen = 64 << 10

// lineTap shows output that comes in pieces line by line, without their ends.
type lineTap struct {
	Tap
	open []byte // a line that has not ended
}

// Output implements Tap.
func (l *lineTap) Output(batch []bridge.Message) {
	var lines []bridge.Message
	for i := range batch {
		lines = l.cut(lines, batch[i].Data)
	}
	if len(lines) > 0 {
		l.Tap.Output(lines)
	}
}

// cut appends the lines that end in data, and keeps what follows them.
func (l *lineTap) cut(lines []bridge.Message, data []byte) []bridge.Message {
	for line := range bytes.Lines(data) {
		whole, ended := bytes.CutSuffix(line, []byte("\n"))
		if !ended {
			l.open = append(l.open, line...)
			break
		}
		if len(l.open) > 0 {
			whole = append(l.open, whole...)
			l.open = nil // its memory is the line's now
		}
		lines = append(lines, bridge.Message{Kind: bridge.Text, Data: bytes.TrimSuffix(whole, []byte("\r"))})
	}
	for len(l.open) > mostOpen {
		n := text.CutBefore(l.open, mostOpen)
		lines = append(lines, bridge.Message{Kind: bridge.Text, Data: l.open[:n]})
		l.open = bytes.Clone(l.open[n:])
	}
	return lines
}

// flush shows a line that has not ended.
func (l *lineTap) flush() {
	if len(l.open) > 0 {
		l.Tap.Output([]bridge.Message{{Kind: bridge.Text, Data: l.open}})
		l.open = nil
	}
}

// Ended implements Tap.
func (l *lineTap) Ended(ending exit.Ending) {
	l.flush()
	l.Tap.Ended(ending)
}
