package manager

import (
	"bytes"
	"sync"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// tap takes what a process writes, besides its viewers.
type tap struct {
	run    *run
	name   string        // of the instance
	exited chan struct{} // closed when the process has ended, and all of its output was shown
	whole  bool          // what it writes are lines or messages, and not bytes
	files  outputs
	once   sync.Once
}

var _ stdio.TextTap = (*tap)(nil)

func newTap(r *run, name string) *tap {
	return &tap{run: r, name: name, exited: make(chan struct{}), whole: !r.service.runtime.Program().Binary}
}

// close tells that the process has ended, or was never started.
func (t *tap) close() {
	t.once.Do(func() {
		t.run.instance.manager.releasePort(t.run.port)
		t.files.close()
		close(t.exited)
	})
}

// Output implements stdio.Tap.
func (t *tap) Output(batch []bridge.Message) {
	lines := make([][]byte, len(batch))
	for n := range batch {
		lines[n] = batch[n].Data
	}
	t.lines(Stdout, lines)
}

// Lines implements stdio.TextTap.
func (t *tap) Lines(text []byte) {
	var lines [][]byte
	for line := range bytes.Lines(text) {
		lines = append(lines, bytes.TrimRight(line, "\r\n"))
	}
	t.lines(Stdout, lines)
}

// Stderr implements stdio.Tap.
func (t *tap) Stderr(line []byte) { t.lines(Stderr, [][]byte{line}) }

// Ended implements stdio.Tap.
func (t *tap) Ended(process.Ending) { t.close() }

// lines takes whole lines of a stream, without their ends. They belong to the caller.
func (t *tap) lines(stream Stream, lines [][]byte) {
	t.run.line.look(lines)
	text := joined(lines)
	if t.whole || stream == Stderr {
		t.files.write(stream, text)
	} else {
		t.files.write(stream, bytes.Join(lines, nil))
	}
	t.run.instance.tail.add(stream, text)
	t.tell(stream, lines)
}

// joined returns lines as one text, each with LF.
func joined(lines [][]byte) []byte {
	size := len(lines)
	for _, line := range lines {
		size += len(line)
	}
	text := make([]byte, 0, size)
	for _, line := range lines {
		text = append(append(text, line...), '\n')
	}
	return text
}

// tell tells the lines as an event, if somebody wants them.
func (t *tap) tell(stream Stream, lines [][]byte) {
	i := t.run.instance
	if i.manager.wanted.Load() <= 0 {
		return
	}
	text := make([]string, len(lines))
	for n := range lines {
		text[n] = string(bytes.ToValidUTF8(lines[n], []byte("\uFFFD")))
	}
	i.tellLines(&Lines{stream, text})
}
