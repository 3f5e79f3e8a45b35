package stdio

import (
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
)

// Taps returns a Tap that shows what a program writes to a, and then to b. One that is nil is
// left out; nil is both. It is a TextTap if both are.
func Taps(a, b Tap) Tap {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	first, ok1 := a.(TextTap)
	second, ok2 := b.(TextTap)
	if ok1 && ok2 {
		return bothTexts{both{a, b}, first, second}
	}
	return both{a, b}
}

// both is two Taps.
type both struct{ a, b Tap }

func (t both) Output(batch []bridge.Message) {
	t.a.Output(batch)
	t.b.Output(batch)
}

func (t both) Stderr(line []byte) {
	t.a.Stderr(line)
	t.b.Stderr(line)
}

func (t both) Ended(ending exit.Ending) {
	t.a.Ended(ending)
	t.b.Ended(ending)
}

// bothTexts is two TextTaps.
type bothTexts struct {
	both
	first, second TextTap
}

func (t bothTexts) Lines(text []byte) {
	t.first.Lines(text)
	t.second.Lines(text)
}
