package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Sizes of a client's buffer: for one that is flooded, and for one that is not.
const (
	floodBuffer = 256 << 10
	smallBuffer = 4 << 10
)

// A client is a WebSocket connection. One goroutine may read while another one
// writes, but the reader answers pings.
type client struct {
	net.Conn
	in  *reader
	msg []byte // a message that came in several frames

	// unwrap returns the line that a message is about, nil if it is about none; nil: it is
	// the line.
	unwrap func(message []byte) (line []byte)
}

// A closing is an error with the code of the close frame that ended a connection.
type closing struct{ code int }

func (c closing) Error() string { return fmt.Sprintf("closed by the server with %d", c.code) }

// dial connects and shakes hands. The deadline for all later reads and writes is
// patience from now.
func dial(address string, buffer int, patience time.Duration) (*client, error) {
	return dialWith(address, "/", "", buffer, patience)
}

// dialWith does the same for a path, with further lines of the handshake's header.
func dialWith(address, path, header string, buffer int, patience time.Duration) (*client, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	c := &client{Conn: conn, in: newReader(conn, buffer)}
	if err := c.shakeHands(address, path, header); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// The key and what a server must answer to it (RFC 6455 1.3).
const (
	handshakeKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	handshakeAnswer = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func (c *client) shakeHands(host, path, header string) error {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + handshakeKey + "\r\n" + header + "\r\n"
	if _, err := io.WriteString(c.Conn, request); err != nil {
		return err
	}
	for {
		head, _, whole := bytes.Cut(c.in.pending(), []byte("\r\n\r\n"))
		if whole {
			if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) || !bytes.Contains(head, []byte(handshakeAnswer)) {
				return fmt.Errorf("the handshake was answered with %.60q", head)
			}
			c.in.skip(len(head) + 4)
			return nil
		}
		if err := c.in.fill(); err != nil {
			return fmt.Errorf("handshake: %w", err)
		}
	}
}

// message returns the next message, valid until the next call. It answers pings
// and the close frame, which it returns as a [closing].
func (c *client) message() ([]byte, error) {
	for fragments := false; ; {
		first, payload, err := c.in.frame()
		switch {
		case err != nil:
			return nil, err
		case first&opcode >= closeFrame&opcode:
			if err := c.control(first, payload); err != nil {
				return nil, err
			}
		case first&final != 0 && !fragments:
			return payload, nil
		default:
			if !fragments {
				c.msg = c.msg[:0]
			}
			fragments = true
			if c.msg = append(c.msg, payload...); first&final != 0 {
				return c.msg, nil
			}
		}
	}
}

func (c *client) control(first byte, payload []byte) error {
	switch first {
	case pingFrame:
		_, err := c.Write(appendClientFrame(nil, pongFrame, payload))
		return err
	case pongFrame:
		return nil
	case closeFrame:
		c.Write(appendClientFrame(nil, closeFrame, payload)) // the server may be gone already
		end := closing{code: 1005}
		if len(payload) >= 2 {
			end.code = int(payload[0])<<8 | int(payload[1])
		}
		return end
	}
	return fmt.Errorf("%w: it begins with %#x", errBadFrame, first)
}

// follow counts the lines of a stream until the connection ends. seen is called
// after each piece with the number of lines so far.
func (c *client) follow(check *check, seen func(lines int64)) error {
	for {
		c.in.skip(check.match(c.in.pending()))
		whole, err := c.in.hasFrame()
		if err == nil && whole { // a control frame, or an unexpected one
			var line []byte
			if line, err = c.message(); err == nil {
				check.take(line)
			}
		} else if err == nil {
			seen(check.got)
			err = c.in.fill()
		}
		if err != nil {
			return err
		}
	}
}

// kill ends the connection like a client that dies: by a reset, without a close
// frame.
func (c *client) kill() error {
	c.Conn.(*net.TCPConn).SetLinger(0)
	return c.Close()
}

// leave sends a close frame and waits until the server has closed the connection.
func (c *client) leave() error {
	defer c.Close()
	if _, err := c.Write(appendClientFrame(nil, closeFrame, []byte{0x03, 0xe8})); err != nil {
		return err
	}
	return c.drain()
}

// drain reads until the server has closed the connection, in any way.
func (c *client) drain() error {
	for {
		_, err := c.message()
		switch {
		case err == nil:
			continue
		case errors.As(err, new(closing)):
			_, err = io.Copy(io.Discard, c.Conn)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("the server does not close the connection: %w", err)
		}
		return nil
	}
}
