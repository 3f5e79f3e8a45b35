package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// lockstepMain runs the limit of one channel for many subscribers: a server that has made the
// frames already, and writes them to one subscriber after the other each time that it gets a
// line on its standard input. It has no record, no hub, and no rule for a slow one. The lines
// are those of a paced child, in the envelope of the hub.
func lockstepMain(args []string) error {
	var s lockstep
	for _, arg := range args {
		if port, ok := strings.CutPrefix(arg, "--port="); ok {
			go http.ListenAndServe("127.0.0.1:"+port, &s)
		}
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		number, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		s.write(number)
	}
	return errors.New("its input has ended")
}

type lockstep struct {
	mu          sync.Mutex
	subscribers []net.Conn
	frames      []byte
}

func (s *lockstep) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock() // before the answer: who has it gets what is written then
	defer s.mu.Unlock()
	var upgrader websocket.Upgrader
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.subscribers = append(s.subscribers, c.NetConn())
}

// lockstepForm is a message of the hub about a line.
const lockstepForm = `{"type":"process_output","channel":"process:cat","processId":"cat","data":"%s",` +
	`"timestamp":"2026-01-01T00:00:00.123456789Z","epoch":"0123456789abcdef","seq":%d}`

func (s *lockstep) write(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = s.frames[:0]
	for i := range roundLines {
		line := pacedLine(number+i, monotonic(), pacedSize)
		s.frames = appendServerFrame(s.frames, textFrame, fmt.Appendf(nil, lockstepForm, line, number+i))
	}
	for _, c := range s.subscribers {
		c.Write(s.frames)
	}
}

// lockstep measures that server.
func (b *bench) lockstep(conns int) (sample, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return sample{}, err
	}
	defer out.Close()
	s, err := startWith(target{Name: limitName, Command: []string{b.self, "lockstep"}}, in, nil)
	in.Close()
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	connect := func() (*client, error) {
		c, err := dial(s.address, smallBuffer, b.patience())
		if err == nil {
			c.unwrap = hubLine
		}
		return c, err
	}
	return b.readThrong(s, conns, connect, func(_, number int) error {
		_, err := fmt.Fprintln(out, number)
		return err
	})
}
