package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"websocketd/internal/errno"
	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// Exit statuses other than the program's.
const (
	exitOK   = 0
	exitLost = 1 // no connection, or it was lost, or one side has broken a rule
)

// statusOf returns the exit status for why a conversation ended, and what is to be said
// about it; "" if the status says it all.
func statusOf(cause error) (status int, sentence string) {
	var closed *bridge.CloseWith
	var lost *bridge.CloseError
	var refused *bridge.RefusedError
	var never unconnected
	switch {
	case errors.Is(cause, terminal.ErrLeft):
		return exitOK, ""
	case errors.As(cause, &never):
		return exitLost, never.Error()
	case errors.As(cause, &closed):
		return statusOfClose(closed)
	case errors.As(cause, &lost):
		return exitLost, "the connection was lost"
	case errors.As(cause, &refused):
		return exitLost, fmt.Sprintf("the server's message cannot be taken (closed with %d): %s", refused.Code, refused.Reason)
	}
	return exitLost, cause.Error()
}

// statusOfClose returns the same for the close frame of a server. Codes from 4000 to 4255
// are the exit status of a program, or 128 and the number of a signal (doc/endings.md).
// Another server may mean something else by them, and says so in its reason.
func statusOfClose(closed *bridge.CloseWith) (status int, sentence string) {
	status, known := exitLost, false
	switch code := closed.Code; {
	case code == bridge.CloseNormal:
		return exitOK, ""
	case code == bridge.CloseNoStatus:
		return exitLost, "the server has closed without a code, which would say how it went"
	case code >= bridge.CloseExitStatus && code <= bridge.CloseExitStatus+255:
		status = code - bridge.CloseExitStatus
		known = strings.HasPrefix(closed.Reason, "exit status ") || strings.HasPrefix(closed.Reason, "signal: ")
	}
	if known {
		return status, ""
	}
	return status, fmt.Sprintf("the server has closed with %d%s", closed.Code, after(": ", closed.Reason))
}

// tellsEnd reports whether a conversation ended with that of the program.
func tellsEnd(err error) bool {
	var closed *bridge.CloseWith
	return errors.As(err, &closed) && closed.Code >= bridge.CloseExitStatus
}

// after returns text after a separator, or "" for "".
func after(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

// remark returns what people are told at the end besides; "" for nothing.
func remark(cause error) string {
	var closed *bridge.CloseWith
	if errors.As(cause, &closed) && closed.Reason != "" {
		return "closed: " + closed.Reason
	}
	return ""
}

// unconnected is why there was no connection.
type unconnected struct{ error }

// Error returns the server's sentence, or the network's in words with a way out.
func (u unconnected) Error() string {
	var unknownHost *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var notTLS tls.RecordHeaderError
	var alert *net.OpError // TLS has no exported type for what the other side says
	var refusal *ws.Refusal
	switch err := u.error; {
	case errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest && len(refusal.Header) == 0: // net/http's, for one
		return refusal.Error() + ": if the server speaks TLS, write wss:// in place of ws://"
	case errors.As(err, &unknownHost) && unknownHost.IsNotFound:
		return fmt.Sprintf("there is no host %s", unknownHost.Name)
	case errors.As(err, &unknownHost):
		return fmt.Sprintf("the host %s cannot be looked up: %s", unknownHost.Name, unknownHost.Err)
	case errors.As(err, &authority):
		return "the server's certificate is from an authority that is not known here: --ca=FILE names it, --insecure accepts every certificate"
	case errors.As(err, &refusal) && refusal.Status/100 == 2:
		return refusal.Error() + ": there is a page at this URL, and no WebSocket"
	case errors.As(err, &name):
		return "the server's certificate is for another host: " + name.Error()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired, or is not valid yet: " + invalid.Detail
	case errors.As(err, &notTLS):
		return "the server does not speak TLS: write ws:// in place of wss://"
	case errors.As(err, &alert) && alert.Op == "remote error":
		return "the server has ended the TLS handshake: " + alert.Err.Error() + wantsCertificate(alert.Err.Error())
	case errno.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: " + err.Error()
	case errors.Is(err, os.ErrNotExist):
		return "there is no such socket: " + err.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time: " + err.Error()
	default:
		return err.Error()
	}
}

// wantsCertificate returns the way out if an alert says that a certificate is missing:
// certificate_required, or before TLS 1.3 bad_certificate (RFC 8446 section 6.2).
func wantsCertificate(alert string) string {
	if strings.Contains(alert, "certificate required") || strings.Contains(alert, "bad certificate") {
		return "; --cert=FILE and --key=FILE show one"
	}
	return ""
}
