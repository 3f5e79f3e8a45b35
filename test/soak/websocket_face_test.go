package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder/websocket"
)

// dial opens a WebSocket of a client that we did not write. It is nil if the connection was lost.
func (v visit) dial(path string) *websocket.Conn {
	c, resp, err := websocket.Dial(v.talking, "ws://"+v.address+path, nil)
	if err != nil {
		if resp != nil {
			v.tally.fault("%s: %s", path, resp.Status)
		}
		v.broken(path, err)
		return nil
	}
	return c
}

// talk sends lines to a process of its own, and demands an answer to each. Then it has the process
// end, or leaves.
func talk(v visit) {
	c := v.dial("/talk")
	if c == nil {
		return
	}
	defer c.CloseNow()
	stop := context.AfterFunc(v.talking, func() { c.CloseNow() }) // a Close waits without end for a message that is cut off
	defer stop()
	l, sent := v.listen(false), 1+v.random.IntN(50)
	for i := range sent {
		if err := c.Write(v.talking, websocket.MessageText, fmt.Append(nil, "hello ", i)); err != nil {
			v.broken("send", err)
			return
		}
		v.tally.sent.Add(1)
	}
	if v.chance(20) { // rudely, or not
		if v.chance(50) {
			c.Close(websocket.StatusNormalClosure, "")
		}
		v.tally.cut.Add(1)
		return
	}
	c.Write(v.talking, websocket.MessageText, []byte("end"))
	v.hearOut(c, l, sent)
}

// tell listens to a process of its own until it ends, or leaves.
func tell(v visit) {
	c := v.dial("/tell")
	if c == nil {
		return
	}
	defer c.CloseNow()
	v.hearOut(c, v.listen(false), 0)
}

// hearOut hears a process to its end, which answers so many lines.
func (v visit) hearOut(c *websocket.Conn, l *listener, sent int) {
	answers := 0
	for {
		_, line, err := c.Read(v.talking)
		if closed := (websocket.CloseError{}); errors.As(err, &closed) {
			v.over(l, int(closed.Code), closed.Reason, sent-answers)
			return
		}
		if err != nil {
			v.broken("receive", err)
			return
		}
		if !l.take(string(line)) || v.random.IntN(1000) == 0 {
			v.tally.cut.Add(1)
			return
		}
		if strings.HasSuffix(string(line), fmt.Sprint(" heard hello ", answers)) {
			answers++
		}
	}
}

// over is told the close code of a process, and how many lines it has not answered. One that was
// killed answers no more.
func (v visit) over(l *listener, code int, reason string, unanswered int) {
	if unanswered > 0 && l.ear != nil && l.code != 0 {
		v.tally.lose(uint64(unanswered), "not answered by process %s, which has ended with %d", l.id, code)
	}
	l.ended(code, reason)
}
