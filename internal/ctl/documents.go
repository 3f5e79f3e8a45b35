package ctl

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Documents of the server, as far as this command reads them.
type (
	program struct {
		Name        string   `json:"name"`
		Path        string   `json:"path"`
		Lifetime    string   `json:"lifetime"`
		Framing     string   `json:"framing"`
		Command     []string `json:"command"`
		Processes   int      `json:"processes"`
		MaxForks    int      `json:"maxforks"` // 0 is no limit
		Connections int      `json:"connections"`
		Sessions    int      `json:"sessions"`
		State       string   `json:"state"`   // of an MCP server
		Channel     string   `json:"channel"` // "" where each client has a process of its own

		Instances []process `json:"instances"` // of a supervised program
	}

	session struct {
		ID        string    `json:"id"`
		Number    uint64    `json:"number"`
		Program   string    `json:"program"`
		Path      string    `json:"path"`
		Pid       int       `json:"pid"`
		Began     time.Time `json:"began"`
		Viewers   int       `json:"viewers"`
		Last      uint64    `json:"last"`
		Confirmed uint64    `json:"confirmed"`
		Ended     *struct {
			Reason string `json:"reason"`
		} `json:"ended"`
	}

	connection struct {
		ID       string    `json:"id"`
		Program  string    `json:"program"` // "" before the client has named one
		Path     string    `json:"path"`
		Pid      int       `json:"pid"`
		Remote   string    `json:"remote"`
		User     string    `json:"user"`
		Since    time.Time `json:"since"`
		BytesIn  int64     `json:"bytesIn"`
		BytesOut int64     `json:"bytesOut"`
	}

	channelInfo struct {
		Name  string `json:"name"`
		Epoch string `json:"epoch"`
		First uint64 `json:"first"`
		Last  uint64 `json:"last"`
	}
)

// lifetime returns the lifetime and, of an MCP server, whether it works.
func (p *program) lifetime() string {
	if p.State == "" {
		return p.Lifetime
	}
	return p.Lifetime + ", " + p.State
}

// processes returns how many run, and how many may.
func (p *program) processes() string {
	n, most := p.Processes, p.MaxForks
	if len(p.Instances) > 0 {
		n, most = 0, len(p.Instances)
	}
	for i := range p.Instances {
		if p.Instances[i].Pid != 0 {
			n++
		}
	}
	if most == 0 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d/%d", n, most)
}

// entry is a document both read and as it came.
type entry[T any] struct {
	Doc T
	Raw json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *entry[T]) UnmarshalJSON(text []byte) error {
	e.Raw = append(json.RawMessage(nil), text...)
	return json.Unmarshal(text, &e.Doc)
}
