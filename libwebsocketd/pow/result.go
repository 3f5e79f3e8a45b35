package pow

import (
	"bytes"
	"encoding/json"
	"errors"

	"websocketd/libwebsocketd/bridge"
)

// Status says how far a call has come.
type Status string

// Of a call over WebSocket the client hears when it is over, so it is never pending.
const (
	Pending   Status = "pending"
	Fulfilled Status = "fulfilled"
	Rejected  Status = "rejected"
)

// Result is what a call ends with.
type Result struct {
	Status Status          `json:"status"`
	Value  json.RawMessage `json:"value,omitempty"` // of one that is fulfilled; null if it has returned nothing, absent if JSON has no form for it
	Reason string          `json:"reason,omitempty"`
}

// encode returns the result as it is sent.
func (r *Result) encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(r) // cannot fail: Value is valid
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// rejected returns the result of a call that comes to nothing.
func rejected(reason string) *Result { return &Result{Status: Rejected, Reason: reason} }

// null is the value of a call that has returned nothing.
var null = json.RawMessage("null")

// returned is the final error of a Func's Receive: it has returned.
type returned struct {
	value json.RawMessage // nil if JSON has no form for it
	err   error
}

func (r *returned) Error() string {
	if r.err == nil {
		return "the function has returned"
	}
	return r.err.Error()
}

// Unwrap returns the function's error.
func (r *returned) Unwrap() error { return r.err }

// panicked is the error of a Func that has panicked.
type panicked struct{ text string }

func (p *panicked) Error() string { return "unknown error: " + p.text }

// resultOf returns the result of a call whose output has ended with end, after it was asked to
// end for a cause; nil if it was not. value is what a program returns. prefix comes before the
// reason for which the process has failed.
func resultOf(end, cause error, value json.RawMessage, prefix string) *Result {
	var ended *bridge.EndedError
	var done *returned
	success := false
	switch {
	case errors.As(end, &ended):
		success = ended.Success()
	case errors.As(end, &done):
		success = done.err == nil
		value = done.value
	}
	if success && cause != errProtocol && cause != errTimeout {
		return &Result{Status: Fulfilled, Value: value}
	}
	if panic := (*panicked)(nil); errors.As(end, &panic) {
		return rejected(panic.Error())
	}
	reason := end.Error()
	switch {
	case cause == nil || reason == cause.Error(): // a function returns it, which context.Cause has told it
	case success:
		reason = cause.Error()
	default:
		reason = cause.Error() + " (" + reason + ")"
	}
	return rejected(prefix + reason)
}

// isValue reports whether everything that is said with a value in it is JSON, for decoders
// that take no more than encoding/json, 10,000 levels.
func isValue(v json.RawMessage) bool {
	data, err := json.Marshal(status{Result: &Result{Value: v}}) // of all, the value is deepest here
	return err == nil && json.Valid(data)
}

// valueOf returns what a function has returned as JSON, nil if it has no such form.
func valueOf(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil || !isValue(b.Bytes()) {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// over is the final error of a call's Receive: its result was received before. The client of a
// WebSocket is sent 1000 and an empty reason then.
type over struct{ *Result }

func (o over) Error() string {
	if o.Status == Rejected {
		return "rejected: " + o.Reason
	}
	return string(o.Status)
}

func (o over) Unwrap() error { return &bridge.CloseWith{Code: bridge.CloseNormal} }
