package cgi

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// headerEnd returns where the body begins, after the first empty line; -1 if that has
// not come yet. Lines end with LF or CR LF (RFC 3875 section 6.3).
func headerEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return -1
		}
		line := b[at : at+i]
		at += i + 1
		if len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return at
		}
	}
}

// parseHeader reads a script's header, the empty line included. The status
// is that of Status, else 302 with a Location, else 200 with a Content-Type; a
// header with none of the three is no answer (RFC 3875 section 6.2).
func parseHeader(b []byte) (status int, header http.Header, err error) {
	header = make(http.Header)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !text.IsToken(name) || strings.ContainsFunc(value, isControl) {
			return 0, nil, fmt.Errorf("the script's header has the line %s", text.Quote(line))
		}
		if !strings.EqualFold(name, "Status") {
			if header.Add(name, value); !isLength(header["Content-Length"]) {
				return 0, nil, fmt.Errorf("the script's header has the line %s", text.Quote(line))
			}
			continue
		}
		code, _, _ := strings.Cut(value, " ")
		if status, err = strconv.Atoi(code); err != nil || len(code) != 3 || status < 200 {
			return 0, nil, fmt.Errorf("the script's Status is %s", text.Quote(value))
		}
	}
	switch {
	case status != 0:
	case header.Get("Location") != "":
		status = http.StatusFound
	case header.Get("Content-Type") != "":
		status = http.StatusOK
	default:
		return 0, nil, errors.New("the script's header has no Content-Type")
	}
	dropHopByHop(header)
	switch status {
	case http.StatusNoContent: // RFC 9110 section 8.6
		delete(header, "Content-Length")
	case http.StatusResetContent: // RFC 9110 section 15.3.6
		header.Set("Content-Length", "0")
	}
	return status, header, nil
}

// hasNoBody reports whether an answer with this status has no body, whatever the script
// prints (RFC 9110 sections 6.4.1 and 15.3.6).
func hasNoBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// isLength reports whether there is one length of a body, or none. The client, and what
// is between us and it, must not take it for two different ones (RFC 9112 section 6.3).
func isLength(values []string) bool {
	if len(values) == 0 {
		return true
	}
	_, err := strconv.ParseUint(values[0], 10, 63)
	return err == nil && len(values) == 1
}

// hopByHop are headers about the connection to the client, which is not the script's
// (RFC 3875 section 6.3.4, RFC 9110 section 7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// dropHopByHop takes these away, and those that Connection names.
func dropHopByHop(header http.Header) {
	for _, line := range header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			header.Del(strings.Trim(name, " \t"))
		}
	}
	for _, name := range hopByHop {
		delete(header, name)
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
