package stdio

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// output makes batches of a program's output pipes, for Receive.
type output interface {
	Next() ([]bridge.Message, error)
}

// outputOf returns what makes messages of one stream. It calls long at the first line that
// is cut, and junk with each line that is no message.
func outputOf(from readbuf.Source, cfg *Options, long func(), junk func(line []byte)) output {
	switch {
	case cfg.Binary:
		return &binaryOutput{in: readbuf.Buffer{Source: from}}
	case cfg.Framing.Lines():
		return &textOutput{lines: newLineReader(from, cfg.MaxLine, long)}
	case cfg.Framing == FramingRaw:
		return &rawOutput{in: readbuf.Buffer{Source: from}}
	}
	return newFramedOutput(from, newCutter(cfg, junk))
}

// textOutput makes a text message of every line.
type textOutput struct{ lines *lineReader }

func (o *textOutput) Next() ([]bridge.Message, error) {
	batch, err := o.lines.Next()
	makeValid(batch, o.lines.text)
	return batch, err
}

// makeValid turns a batch into valid UTF-8. all is the text it was cut from, which is
// checked in one go; each message is checked only in the rare case that some is not UTF-8.
func makeValid(batch []bridge.Message, all []byte) {
	if utf8.Valid(all) {
		return
	}
	for i := range batch {
		batch[i].Data = text.Valid(batch[i].Data)
	}
}

// binaryOutput makes a binary message of every read.
type binaryOutput struct {
	in    readbuf.Buffer
	batch [1]bridge.Message
}

func (o *binaryOutput) Next() ([]bridge.Message, error) {
	if err := o.in.Fill(); err == readbuf.ErrEmpty {
		return nil, err
	} else if err != nil {
		o.in.Close()
		return nil, err
	}
	o.batch[0] = bridge.Message{Kind: bridge.Binary, Data: o.in.Unread()}
	o.in.Use(len(o.batch[0].Data))
	return o.batch[:], nil
}

// taggedOutput makes a message {"stream":..,"data":..} of each line of both output
// streams. Two goroutines read; each waits until its batch is used up, so that a slow
// client holds both back.
type taggedOutput struct {
	running sync.WaitGroup
	batches chan *taggedStream
	using   *taggedStream // whose batch is with the caller
	open    int
	paused  []*taggedStream // of those that were open
	quit    chan struct{}
	once    sync.Once
}

type taggedStream struct {
	name  string
	lines *lineReader
	each  func(line []byte) // may be nil
	batch []bridge.Message
	err   error
	used  chan struct{}
}

func newTaggedOutput(streams ...*taggedStream) *taggedOutput {
	o := &taggedOutput{batches: make(chan *taggedStream), open: len(streams), quit: make(chan struct{})}
	for _, s := range streams {
		s.used = make(chan struct{}, 1)
		o.running.Go(func() { o.read(s) })
	}
	return o
}

func (o *taggedOutput) read(s *taggedStream) {
	for s.err == nil {
		s.read()
		over := s.err != nil // before another goroutine has s
		select {
		case o.batches <- s:
		case <-o.quit:
			return
		}
		if over {
			return
		}
		select {
		case <-s.used:
		case <-o.quit:
			return
		}
	}
}

func (s *taggedStream) read() {
	lines, err := s.lines.Next()
	s.batch, s.err = s.batch[:0], err
	for _, line := range lines {
		if s.each != nil {
			s.each(line.Data)
		}
		tagged, _ := json.Marshal(struct {
			Stream string `json:"stream"`
			Data   string `json:"data"`
		}{s.name, string(text.Valid(line.Data))}) // two strings cannot fail
		s.batch = append(s.batch, bridge.Message{Kind: bridge.Text, Data: tagged})
	}
}

func (o *taggedOutput) Next() ([]bridge.Message, error) {
	for {
		if o.using != nil {
			o.using.used <- struct{}{}
			o.using = nil
		}
		switch {
		case o.open == 0 && len(o.paused) > 0:
			return nil, readbuf.ErrEmpty
		case o.open == 0:
			return nil, io.EOF
		}
		s := <-o.batches
		if s.err == nil {
			o.using = s
			return s.batch, nil
		}
		if s.err == readbuf.ErrEmpty {
			o.paused = append(o.paused, s)
		}
		o.open--
	}
}

// close ends the two goroutines and waits for them. Their pipes must be closed before.
func (o *taggedOutput) close() {
	o.once.Do(func() { close(o.quit) })
	o.running.Wait()
}

// framedOutput makes messages of the output in a framing whose messages must be whole.
type framedOutput struct {
	in     readbuf.Buffer
	cutter cutter
	err    error // returned after all that was whole
}

// cutter cuts a program's output into messages. It remembers what it has found out about
// the unread bytes. At the next call these are the same, without those that were used
// and with more at the end.
type cutter interface {
	// most returns how many unread bytes it may need to see at once.
	most() int

	// cut appends the whole messages at the start of unread to batch, which holds at most
	// readbuf.MaxBatch, and returns how many bytes they took. Their data lies in unread.
	// An error, a *bridge.BrokenError, is final; the messages before it are returned. It
	// returns the messages before a line that is none before it passes that to junk.
	cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error)

	// last is called at the end of output with what cut left. It appends the final
	// messages to batch, or returns an error if unread is no whole message.
	last(unread []byte, batch []bridge.Message) ([]bridge.Message, error)
}

// opener is a cutter that uses the beginning of a message before all of it has come.
type opener interface {
	cutter

	// opened returns that beginning, or what means the same, for another cutter of its
	// kind that goes on with the unread bytes; nil if no message is under way.
	opened() []byte
}

func newFramedOutput(from readbuf.Source, c cutter) *framedOutput {
	return &framedOutput{in: readbuf.Buffer{Source: from, MaxUnread: c.most()}, cutter: c}
}

// Next implements output. Its error is the source's or a *bridge.BrokenError.
func (o *framedOutput) Next() ([]bridge.Message, error) {
	o.in.Begin()
	for o.err == nil {
		var used int
		used, o.in.Batch, o.err = o.cutter.cut(o.in.Unread(), o.in.Batch)
		o.in.Use(used)
		if o.err == nil && len(o.in.Batch) == 0 {
			if ended := o.in.Fill(); ended == readbuf.ErrEmpty {
				return nil, ended
			} else if ended != nil {
				o.end(ended)
			}
		}
		if len(o.in.Batch) > 0 {
			return o.in.Batch, nil
		}
	}
	o.in.Close()
	return nil, o.err
}

// opened returns what was used of a message that has not come whole.
func (o *framedOutput) opened() []byte {
	if c, ok := o.cutter.(opener); ok {
		return c.opened()
	}
	return nil
}

func (o *framedOutput) end(ended error) {
	if o.in.Batch, o.err = o.cutter.last(o.in.Unread(), o.in.Batch); o.err == nil {
		o.err = ended
	}
}

// finder finds the ends of messages that end with a certain byte, and scans no byte
// twice.
type finder struct {
	scanned int // how many bytes of the message under way are known to hold no end
}

// find returns the index of the first end in b, which begins where the last message
// ended; -1 if there is none yet.
func (f *finder) find(b []byte, end byte) int {
	i := bytes.IndexByte(b[f.scanned:], end)
	if i < 0 {
		f.scanned = len(b)
		return -1
	}
	i += f.scanned
	f.scanned = 0
	return i
}
