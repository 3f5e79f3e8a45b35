package stdio

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// The base protocol of the Language Server Protocol: a header, an empty line, and
// as many bytes as Content-Length says. Lines end with CR LF; LF alone is accepted.
const (
	contentLength = "Content-Length:"
	contentType   = "Content-Type:"
)

// mostJunk is how many bytes may stand between two messages: the header, of some forty
// bytes, and lines that do not belong there, such as those of a forgotten print. These
// are logged. A program that prints more does not speak the protocol.
const mostJunk = 64 << 10

// lspCutter cuts output with a header before each message.
type lspCutter struct {
	finder
	max  int               // bytes of a message
	junk func(line []byte) // called with each line that does not belong there

	between  int  // bytes since the last message
	inHeader bool // a header has begun
	length   int  // its Content-Length; negative: none yet
	inBody   bool // the header has ended
}

func newLSPCutter(max int, junk func(line []byte)) *lspCutter {
	return &lspCutter{max: max, junk: junk, length: -1}
}

func (c *lspCutter) most() int { return max(c.max, mostJunk) + 2 }

func (c *lspCutter) cut(unread []byte, batch []bridge.Message) (used int, _ []bridge.Message, err error) {
	for len(batch) < readbuf.MaxBatch {
		if !c.inBody {
			if len(batch) > 0 && !c.inHeader && !beginsHeader(unread[used:]) {
				break // what does not belong there is passed to junk after what came before it
			}
			n, err := c.cutHeader(unread[used:])
			if used += n; err != nil || !c.inBody {
				return used, batch, err
			}
		}
		end := used + c.length
		if end > len(unread) {
			break
		}
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: text.Valid(withoutMark(unread[used:end]))})
		used = end
		c.between, c.inHeader, c.length, c.inBody = 0, false, -1, false
	}
	return used, batch, nil
}

// cutHeader takes lines until a header has ended.
func (c *lspCutter) cutHeader(unread []byte) (used int, err error) {
	for !c.inBody {
		size := c.find(unread[used:], '\n')
		if size < 0 {
			if c.between+len(unread)-used > mostJunk {
				err = errJunk
			}
			return used, err
		}
		line := unread[used : used+size]
		used += size + 1
		if c.between += size + 1; c.between > mostJunk {
			return used, errJunk
		}
		if !c.inHeader {
			line = withoutMark(line)
		}
		if err := c.takeLine(bytes.TrimSuffix(line, []byte("\r"))); err != nil {
			return used, err
		}
	}
	return used, nil
}

var errJunk = &bridge.BrokenError{Reason: "64 KiB of output without a message after a Content-Length"}

// takeLine takes one line of a header, or one that does not belong there.
func (c *lspCutter) takeLine(line []byte) (err error) {
	switch {
	case len(line) == 0:
		if c.inHeader && c.length < 0 {
			c.junk([]byte("a header without Content-Length"))
		}
		c.inHeader = c.inHeader && c.length >= 0
		c.inBody = c.inHeader
	case hasPrefixFold(line, contentLength):
		c.inHeader = true
		c.length, err = c.parseLength(line[len(contentLength):])
	case hasPrefixFold(line, contentType):
		c.inHeader = true
	case c.inHeader && isHeader(line):
	default:
		c.takeJunk(line)
	}
	return err
}

// beginsHeader reports whether b, or more of it, may begin with a line of a header.
func beginsHeader(b []byte) bool {
	const both = "Content-" // Length or Type
	return hasPrefixFold(b, both[:min(len(b), len(both))])
}

// parseLength returns the number in value: digits, blanks around them, and nothing else.
func (c *lspCutter) parseLength(value []byte) (int, error) {
	value = bytes.Trim(value, " \t")
	n, digits := int64(0), len(value) > 0
	for _, digit := range value {
		if digits = digits && '0' <= digit && digit <= '9'; digits && n <= int64(c.max) {
			n = 10*n + int64(digit-'0')
		}
	}
	switch {
	case !digits:
		return -1, &bridge.BrokenError{Reason: fmt.Sprintf("Content-Length %+.20q is not a number of bytes", value)}
	case n > int64(c.max):
		return -1, &bridge.BrokenError{Reason: fmt.Sprintf("Content-Length %.30s is over --maxline=%d", value, c.max)}
	}
	return int(n), nil
}

// takeJunk logs a line. A line that was printed without its end may have a header after
// it on the same line.
func (c *lspCutter) takeJunk(line []byte) {
	for at := len(line) - len(contentLength); at >= 0; at-- {
		if !hasPrefixFold(line[at:], contentLength) {
			continue
		}
		if n, err := c.parseLength(line[at+len(contentLength):]); err == nil {
			c.inHeader, c.length = true, n
			line = line[:at]
		}
		break
	}
	c.junk(line)
}

// opened implements opener.
func (c *lspCutter) opened() []byte {
	switch {
	case !c.inHeader:
		return nil
	case c.length < 0: // whatever field it was
		return []byte(contentType + "\r\n")
	}
	header := fmt.Appendf(nil, "%s %d\r\n", contentLength, c.length)
	if c.inBody {
		header = append(header, "\r\n"...)
	}
	return header
}

func (c *lspCutter) last(unread []byte, batch []bridge.Message) ([]bridge.Message, error) {
	if c.inHeader {
		return batch, errCutOff
	}
	line := bytes.TrimSuffix(withoutMark(unread), []byte("\r"))
	if len(line) == 0 {
		return batch, nil
	}
	for _, name := range []string{contentLength, contentType} {
		n := min(len(line), len(name))
		if hasPrefixFold(line, name[:n]) {
			return batch, errCutOff
		}
	}
	if c.takeJunk(line); c.inHeader {
		return batch, errCutOff
	}
	return batch, nil
}

// isHeader reports whether a line is a name, a colon and a value.
func isHeader(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(":"))
	return found && len(name) > 0 && !bytes.ContainsAny(name, " \t")
}

func hasPrefixFold(b []byte, ascii string) bool {
	return len(b) >= len(ascii) && strings.EqualFold(string(b[:len(ascii)]), ascii)
}

// lspFramer writes a header before each message. A message that brings its own header must
// have the length given there: otherwise the program would take bytes of one message for
// those of another.
type lspFramer struct{}

func (lspFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	if body, err = withoutHeader(m.Data); err != nil {
		return b, nil, "", err
	}
	body = withoutMark(body)
	b = append(b, contentLength+" "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	return append(b, "\r\n\r\n"...), body, "", nil
}

// withoutHeader returns a client's message without its own header. The protocol has two
// fields; Content-Type says nothing that is not known of a text message.
func withoutHeader(message []byte) (body []byte, err error) {
	rest := withoutMark(message)
	if !hasPrefixFold(rest, contentLength) && !hasPrefixFold(rest, contentType) {
		return message, nil
	}
	length := ""
	for typed := false; ; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		line, rest = bytes.TrimSuffix(line, []byte("\r")), after
		switch {
		case !ended:
			return nil, badHeader("its header does not end with an empty line")
		case len(line) == 0 && length == "":
			return nil, badHeader("its header has no Content-Length")
		case len(line) == 0 && length != strconv.Itoa(len(rest)):
			return nil, badHeader(fmt.Sprintf("its Content-Length is %s, and %d bytes follow", length, len(rest)))
		case len(line) == 0:
			return rest, nil
		case hasPrefixFold(line, contentLength) && length == "":
			if length = lengthOf(line[len(contentLength):]); length == "" {
				return nil, badHeader("its Content-Length is no number")
			}
		case hasPrefixFold(line, contentType) && !typed:
			typed = true
		default:
			return nil, badHeader("its header has more than one Content-Length and one Content-Type")
		}
	}
}

// lengthOf returns the digits of a value without the blanks around them and without
// leading zeros; "" if it is no number.
func lengthOf(value []byte) string {
	digits := string(bytes.Trim(value, " \t"))
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return cmp.Or(strings.TrimLeft(digits, "0"), "0")
}

func badHeader(why string) error {
	return &bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: "not a message of --framing=lsp: " + why}
}
