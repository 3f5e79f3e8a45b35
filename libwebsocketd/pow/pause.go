package pow

// pause makes the process stand still, so that each returns nil, and reports whether it does: what is
// being ended, or has ended, does not, nor does a function, nor what is to stand still already.
func (x *execution) pause() bool {
	own := x.Process()
	x.mu.Lock()
	defer x.mu.Unlock()
	if own == nil || x.cause != nil || x.ended || x.closed || x.paused || !own.Pause() {
		return false
	}
	x.paused = true
	x.input.pause()
	return true
}

// resume ends pause. unwritten was taken from the input, and not written.
func (x *execution) resume(unwritten []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.resumeLocked(unwritten)
}

func (x *execution) resumeLocked(unwritten []byte) {
	if x.paused {
		x.paused = false
		x.Process().Resume()
		x.input.resume(unwritten)
	}
}

// pause lets nothing more be written until resume.
func (in *input) pause() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.paused = true
}

// resume ends pause. unwritten comes before what waits.
func (in *input) resume(unwritten []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.paused = false
	if !in.over {
		in.bringLocked(append(unwritten, in.waiting...))
	}
}

// bringLocked makes data all that waits. It is held, whether or not there is room for it.
func (in *input) bringLocked(data []byte) {
	in.waiting, in.held, in.early = data, len(data), 0
	in.affordLocked(in.held)
	in.writeLocked()
}

// handedInput is an input on its way from one server to another.
type handedInput struct {
	Waiting      []byte
	Closes, Over bool
}

// pass returns what is handed over after pause. unwritten comes before what waits.
func (in *input) pass(unwritten []byte) handedInput {
	in.mu.Lock()
	defer in.mu.Unlock()
	return handedInput{append(unwritten[:len(unwritten):len(unwritten)], in.waiting...), in.closes, in.over}
}

// bring goes on with an input of another server.
func (in *input) bring(from handedInput) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closes, in.over = from.Closes, from.Over; !in.over {
		in.bringLocked(from.Waiting)
	}
}
