package connect

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// TestStatus: the exit status is the program's; for every other end it is 1 and there is
// a sentence.
func TestStatus(t *testing.T) {
	for _, test := range []struct {
		cause    error
		status   int
		sentence string
	}{
		{&bridge.CloseWith{Code: 1000, Reason: "exit status 0"}, 0, ""},
		{&bridge.CloseWith{Code: 1000}, 0, ""},
		{&bridge.CloseWith{Code: 1005}, 1, "the server has closed without a code, which would say how it went"},
		{&bridge.CloseWith{Code: 4003, Reason: "exit status 3"}, 3, ""},
		{&bridge.CloseWith{Code: 4255, Reason: "exit status 255"}, 255, ""},
		{&bridge.CloseWith{Code: 4128 + 9, Reason: "signal: SIGKILL"}, 128 + 9, ""},
		{fmt.Errorf("wrapped: %w", &bridge.CloseWith{Code: 4001, Reason: "exit status 1"}), 1, ""},
		{&bridge.CloseWith{Code: 4001, Reason: "unauthorized"}, 1, "the server has closed with 4001: unauthorized"},
		{&bridge.CloseWith{Code: 4000}, 0, "the server has closed with 4000"},
		{&bridge.CloseWith{Code: 4256, Reason: "x"}, 1, "the server has closed with 4256: x"},
		{&bridge.CloseWith{Code: 4409, Reason: "taken over by another connection"}, 1, "the server has closed with 4409: taken over by another connection"},
		{&bridge.CloseWith{Code: 1001, Reason: "server is going away"}, 1, "the server has closed with 1001: server is going away"},
		{&bridge.CloseWith{Code: 1011}, 1, "the server has closed with 1011"},
		{&bridge.CloseError{Code: 1006}, 1, "the connection was lost"},
		{&bridge.RefusedError{Code: 1009, Reason: "message over 10 bytes"}, 1, "the server's message cannot be taken (closed with 1009): message over 10 bytes"},
		{&bridge.BrokenError{Reason: "input ended inside a message"}, 1, "input ended inside a message"},
		{terminal.ErrLeft, 0, ""},
	} {
		if status, sentence := statusOf(test.cause); status != test.status || sentence != test.sentence {
			t.Errorf("%#v: %d, %q; want %d, %q", test.cause, status, sentence, test.status, test.sentence)
		}
	}
}

// TestNoConnection: what a network or a server says comes in words, with the way out.
func TestNoConnection(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&ws.Refusal{Status: 403, Reason: "Origin x is not allowed here"}, "403 Forbidden: Origin x is not allowed here"},
		{&ws.Refusal{Status: 400}, "400 Bad Request: if the server speaks TLS, write wss:// in place of ws://"},
		{&ws.Refusal{Status: 200}, "200 OK: there is a page at this URL, and no WebSocket"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "no.such", IsNotFound: true}}, "there is no host no.such"},
		{&net.DNSError{Name: "x", Err: "server misbehaving"}, "the host x cannot be looked up: server misbehaving"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "nothing listens there: dial tcp: connection refused"},
		{tls.RecordHeaderError{}, "the server does not speak TLS: write ws:// in place of wss://"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, "tls: certificate required; --cert=FILE and --key=FILE show one"},
		{errors.New("anything else"), "anything else"},
	} {
		status, sentence := statusOf(unconnected{test.err})
		if status != 1 || !strings.Contains(sentence, test.want) {
			t.Errorf("%v: %d, %q; want %q", test.err, status, sentence, test.want)
		}
	}
}
