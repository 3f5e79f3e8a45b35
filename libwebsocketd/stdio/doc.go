// Package stdio is the program's side of a conversation: a process with its standard
// input, output and error.
//
// NewEndpoint takes over a running process. A byte's way out of the program: pipeReader
// -> a framing's output -> Receive. Its way in: Send -> a framing's input -> the pipe.
//
// A Framing separates one message from the next. Each has its own file with both
// directions: a cutter, which cuts the program's output into messages, and a framer,
// which turns a client's message into the program's input. framing.go chooses. Lines, the
// default, have two: line_reader.go and line_input.go.
//
// The output ends when its last writer has closed it, or, once the program has exited,
// when its remaining children fall silent (pipe_reader.go).
//
// Another server can go on with the program: between Pause and Resume, or Lend, nobody reads or writes
// its pipes, and nobody ends it. So a program that is being closed is not paused any more, and Close of
// one that is paused waits; when it was lent Close does nothing.
//
// Whoever starts a goroutine waits for it:
//
//	goroutine           started by                    ends when                waited for by
//	stderr to the log   the first byte of it, Resume  the pipe ends, or Pause  Endpoint.Close, Rest
//	broken output       Receive                       the pipe ends, or Pause  Endpoint.Close, Rest
//	two tagged streams  NewEndpoint, Resume           the pipes end, or Pause  Endpoint.Close
//	a Reader            Read, but not on Unix         the file ends, or Close  nobody: a read may never return
package stdio
