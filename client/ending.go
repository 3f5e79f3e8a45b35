package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// Ending is how a conversation has ended that the server has ended: the last error of
// Receive and Read. The close code and its reason are those of doc/endings.md.
type Ending struct {
	Code   int    // 1000, 4000 and the exit status, or another close code
	Reason string // in the server's words
}

// ExitStatus returns the exit status of the program as a shell has it: 128 and the number
// of the signal that has ended it. It is -1 if it is not the program that has ended.
func (e *Ending) ExitStatus() int {
	switch {
	case e.Code == bridge.CloseNormal:
		return 0
	case e.Code > bridge.CloseExitStatus && e.Code <= bridge.CloseExitStatus+255:
		return e.Code - bridge.CloseExitStatus
	}
	return -1
}

// Signal returns the name of the signal that has ended the program, such as SIGKILL, and
// "" if none has.
func (e *Ending) Signal() string {
	name, found := strings.CutPrefix(e.Reason, "signal: ")
	if !found || e.ExitStatus() <= 128 {
		return ""
	}
	return name
}

// words are what a close code means whose reason is empty.
var words = map[int]string{
	bridge.CloseNormal:          "exit status 0",
	bridge.CloseProtocolError:   "this client has broken the protocol",
	bridge.CloseUnsupportedData: "the program does not take messages of this kind",
	bridge.CloseInvalidPayload:  "a text message was not UTF-8",
	bridge.ClosePolicyViolation: "the server does not accept what was sent",
	bridge.CloseMessageTooBig:   "a message was too large for the server",
	bridge.CloseInternalError:   "the server has lost the program",
	bridge.CloseTakenOver:       "taken over by another connection",
}

// Error says in words how it has ended.
func (e *Ending) Error() string {
	said := e.Reason
	switch status := e.ExitStatus(); {
	case said == "" && words[e.Code] != "":
		return words[e.Code]
	case said == "" && status > 0:
		return fmt.Sprint("exit status ", status)
	case said == "":
		return fmt.Sprint("closed with ", e.Code)
	case status >= 0:
		return said
	}
	return fmt.Sprintf("%s (%d)", said, e.Code)
}

// Unwrap returns the ending as a bridge passes it on to another client.
func (e *Ending) Unwrap() error { return &bridge.CloseWith{Code: e.Code, Reason: e.Reason} }

// LostError is why a connection was given up after as many tries as Options.Tries allows,
// or after none: with NoReconnect, and that of a Call.
type LostError struct {
	Tries int
	Err   error // of the last one, or of the connection
}

// Error says how often it was tried, and why the last try has failed.
func (e *LostError) Error() string {
	if e.Tries == 0 {
		return "the connection is lost: " + e.Err.Error()
	}
	return fmt.Sprintf("the connection is lost; %d tries to get it back have failed, the last one: %v", e.Tries, e.Err)
}

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }

// errLost is why a connection is made again that broke off.
var errLost = errors.New("the connection broke off")

// final returns the ending if a connection that ended in this way is not made again.
func final(err error) error {
	var told *bridge.CloseWith
	var refused *bridge.RefusedError
	switch {
	case errors.As(err, &refused): // what the server sends would come again
		return err
	case !errors.As(err, &told):
		return nil
	}
	switch told.Code {
	case bridge.CloseGoingAway, bridge.CloseNoStatus, bridge.CloseServiceRestart, bridge.CloseTryAgainLater:
		return nil
	case bridge.CloseProtocolError: // one half of the connection broke off before the other
		return nil
	}
	return &Ending{told.Code, told.Reason}
}

// lossOf returns why a connection was lost, in words.
func lossOf(err error) error {
	if told := new(bridge.CloseWith); errors.As(err, &told) && told.Reason != "" {
		reason := errors.New(told.Reason)
		if told.Code == bridge.CloseServiceRestart {
			return &atOnce{reason}
		}
		return reason
	}
	if gone := new(bridge.CloseError); errors.As(err, &gone) {
		return errLost
	}
	return err
}

// refuses reports whether a try that has failed would fail again.
func refuses(err error) bool {
	refusal := new(ws.Refusal)
	if !errors.As(err, &refusal) || errors.Is(err, errAtOnce) {
		return false
	}
	switch refusal.Status {
	case http.StatusConflict, http.StatusGone, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return true
}

// retryAfter returns how long the server wants to be left alone.
func retryAfter(err error) time.Duration {
	refusal := new(ws.Refusal)
	if !errors.As(err, &refusal) {
		return 0
	}
	var seconds uint16
	if _, err := fmt.Sscan(refusal.Header.Get("Retry-After"), &seconds); err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
