package stdio

import (
	"encoding/json"
	"io"
	"sync"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// output is what a program's Receive yields: batches made of its output pipes.
type output interface {
	Next() ([]bridge.Message, error)
}

// textOutput makes a text message of every line.
type textOutput struct{ lines *lineReader }

func (o *textOutput) Next() ([]bridge.Message, error) {
	batch, err := o.lines.Next()
	makeValid(batch, o.lines.text)
	return batch, err
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

// taggedOutput is both output streams, each line as {"stream":..,"data":..}.
// Two goroutines read; each waits until its batch was taken and used up, so
// that the client holds both back.
type taggedOutput struct {
	running sync.WaitGroup
	batches chan *taggedStream
	using   *taggedStream // whose batch is with the caller
	open    int
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
		select {
		case o.batches <- s:
		case <-o.quit:
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
		if o.open == 0 {
			return nil, io.EOF
		}
		s := <-o.batches
		o.using = s
		if s.err == nil {
			return s.batch, nil
		}
		o.open--
	}
}

// close ends the two goroutines and waits for them; their pipes are closed.
func (o *taggedOutput) close() {
	o.once.Do(func() { close(o.quit) })
	o.running.Wait()
}
