package upgrade

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
)

// packet is what a parent of processes and the server that looks after them say to each other.
type packet struct {
	Op     string         `json:"op"`
	Pid    int            `json:"pid,omitempty"`
	Code   int            `json:"code,omitempty"`
	Signal syscall.Signal `json:"signal,omitempty"`
	Gone   bool           `json:"gone,omitempty"`
	Text   string         `json:"text,omitempty"`
	Busy   bool           `json:"busy,omitempty"`
	Hears  bool           `json:"hears,omitempty"`
}

// What a packet says. The parent answers opReap, opSweep and opClients with the same word.
const (
	opServer = "server" // the server is this Pid from now on; Hears: it takes opSignal
	opWatch  = "watch"  // it looks after this process, and wants to know when it has exited
	opKept   = "kept"   // that was all: it looks after no other
	opExited = "exited"
	opReap   = "reap"
	opSweep  = "sweep"
	opStatus = "status" // the server ends, with this Code
	opNotify = "notify" // Text is for the service manager

	opSignal = "signal" // the parent has got a Signal, which is for the server

	opClients = "clients" // whether the parent has clients of its own still: Busy
)

// mostPacket is the size of the largest packet.
const mostPacket = 64 << 10

// link is a channel of packets.
type link struct {
	*net.UnixConn
	sending sync.Mutex
}

func newLink(f *os.File) (*link, error) {
	c, err := newConn(f)
	if err != nil {
		return nil, err
	}
	return &link{UnixConn: c.UnixConn}, nil
}

func (l *link) send(p packet) error {
	text, _ := json.Marshal(p) // numbers and text cannot fail
	l.sending.Lock()
	defer l.sending.Unlock()
	_, err := l.Write(text)
	return err
}

// receiveEach calls each with every packet until the link ends. An end that closes while it has packets to
// read is reported by an error, and what it has said before comes after that.
func (l *link) receiveEach(each func(packet)) {
	room := make([]byte, mostPacket)
	for reset := false; ; {
		n, err := l.Read(room)
		if !reset && errors.Is(err, syscall.ECONNRESET) { // once: reading has cleared it
			reset = true
			continue
		}
		if err != nil || n == 0 { // a packet is never empty: that is the end
			return
		}
		var p packet
		if json.Unmarshal(room[:n], &p) == nil {
			each(p)
		}
	}
}
