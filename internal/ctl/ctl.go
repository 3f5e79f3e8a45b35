package ctl

import (
	"context"
	"errors"
	"os"
	"time"

	"websocketd/internal/terminal"
)

// command is what says what this command says.
const command = "websocketd ctl"

// Streams are those of this process.
type Streams = terminal.Streams

// Options say what is asked of which server.
type Options struct {
	Verb  string   // one of Verbs
	Names []string // as many as the verb takes

	Address Address                // of the server; the zero value: the newest one of this user
	Dirs    []string               // directories with the sockets of servers, where Address is the zero value
	Token   func() (string, error) // read for each request; nil: there is none

	JSON   bool // documents as they came, in place of tables
	Follow bool // logs: go on when everything that is kept was printed
	Lines  int  // logs, attach: of what is kept, so many last lines; negative: all
	Colour Colour

	Timeout time.Duration // for what is done to a supervised program
}

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // no server, a refusal, or something that is not there
)

// Run does what the Options say, and returns the exit status. After a signal it may not return:
// that ends this process.
func Run(o Options, s Streams) (status int) {
	signals := terminal.NewInterrupts()
	defer signals.Stop()
	c := &caller{Options: o, Streams: s}
	err := c.locate()
	if err == nil {
		status, err = run(c, signals)
	}
	sig := signals.Got()
	switch left := errors.Is(err, terminal.ErrInterrupted) || errors.Is(err, terminal.ErrLeft) || errors.Is(err, context.Canceled); {
	case sig == os.Interrupt && o.Verb == verbLogs && o.Follow:
		return exitOK // it would go on for ever
	case sig != nil:
		terminal.Die(sig)
	case err != nil && !left:
		c.say(err.Error())
		return exitFailed
	}
	return status
}

// caller is one run of the command.
type caller struct {
	Options
	Streams
	server *server
}

// say writes a sentence to standard error. It cannot control a terminal.
func (c *caller) say(sentence string) { terminal.Say(c.Stderr, command, sentence) }

// locate finds the server that is asked.
func (c *caller) locate() (err error) {
	c.server = newServer(c.Address, c.Token, c.Timeout)
	if c.Address != (Address{}) {
		return nil
	}
	found, err := newest(c.Dirs, nil)
	if err != nil {
		return err
	}
	c.server.move(found.socket)
	if len(found.others) > 0 && (terminal.Is(c.Stderr) || changes(c.Verb)) {
		c.say(found.String())
	}
	return nil
}
