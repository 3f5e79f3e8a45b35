package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// fanMain runs the limit of one process for many: a server that makes frames of each
// piece of the program's output once, and writes them to one viewer after the other.
// It has no rule for a slow viewer, keeps nothing for later ones, and does not end
// cleanly. It understands the flags of the servers as far as necessary.
func fanMain(args []string) error {
	port := ""
	for len(args) > 0 && strings.HasPrefix(args[0], "--") {
		if value, ok := strings.CutPrefix(args[0], "--port="); ok {
			port = value
		}
		args = args[1:]
	}
	if port == "" || len(args) == 0 {
		return fmt.Errorf("usage: load fan --port=N COMMAND")
	}
	return http.ListenAndServe("127.0.0.1:"+port, &fan{program: args})
}

type fan struct {
	program []string
	start   sync.Once

	mu      sync.Mutex
	viewers []net.Conn
}

func (f *fan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.viewers = append(f.viewers, c.NetConn())
	f.mu.Unlock()
	f.start.Do(func() {
		go func() {
			fmt.Fprintln(os.Stderr, f.run())
			os.Exit(exitFailed)
		}()
	})
}

func (f *fan) run() error {
	cmd := exec.Command(f.program[0], f.program[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := newReader(out, 2*chunk)
	var frames []byte
	for {
		rest := in.pending()
		for frames = frames[:0]; ; {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			frames = appendServerFrame(frames, textFrame, rest[:end])
			rest = rest[end+1:]
		}
		f.write(frames)
		in.skip(len(in.pending()) - len(rest))
		if err := in.fill(); err != nil {
			return err
		}
	}
}

// write writes to all viewers, and removes those that have left.
func (f *fan) write(frames []byte) {
	f.mu.Lock()
	viewers := f.viewers
	f.mu.Unlock()
	for _, v := range viewers {
		if _, err := v.Write(frames); err != nil {
			v.Close()
			f.mu.Lock()
			f.viewers = without(f.viewers, v)
			f.mu.Unlock()
		}
	}
}

// without returns a copy of all without one of them.
func without(all []net.Conn, one net.Conn) (others []net.Conn) {
	for _, v := range all {
		if v != one {
			others = append(others, v)
		}
	}
	return others
}

// fan returns this server as a target.
func (b *bench) fan() target {
	return target{Name: limitName, Command: []string{b.self, "fan"}}
}
