package stdio

import (
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
)

// Tap is shown what a program writes, besides the client that it is written for. Its methods
// must not block: the client waits for them. Output and Stderr may be called at once.
type Tap interface {
	// Output is called with what Receive is about to return. It belongs to the Endpoint.
	// Where both streams are tagged, it is called with each line of standard output as it was
	// written.
	Output(batch []bridge.Message)

	// Stderr is called with each line of standard error that is read, without its end. It
	// belongs to the Endpoint.
	Stderr(line []byte)

	// Ended is called once, after all output was shown.
	Ended(ending exit.Ending)
}

// tapped returns an output that is shown to t; nil is nobody.
func tapped(o output, t Tap) output {
	if t == nil {
		return o
	}
	return &tappedOutput{o, t}
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
	return func(line []byte) {
		p.tap.Output([]bridge.Message{{Kind: bridge.Text, Data: line}})
	}
}
