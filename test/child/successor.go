package main

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"strconv"
)

// succeed is what a new server is that an old one starts in order to be replaced, but one that fails.
// It says what the words are up to the one at which it ends: offered, ready, all or taken; failed says
// so with a text; a word "stuck" before it makes it hang there instead.
func succeed(args []string) {
	fd, err := strconv.Atoi(os.Getenv("WSUPGRADE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "child successor is started by a server that is to be replaced:", err)
		os.Exit(2)
	}
	old := successor{os.NewFile(uintptr(fd), "upgrade")}
	last := args[len(args)-1]
	old.await("offered")
	switch last {
	case "failed":
		old.say("failed", "as the test wants it")
	case "nonsense":
		old.say("nonsense", "")
	case "ready", "all", "taken":
		old.say("ready", "")
	}
	switch last {
	case "all", "taken":
		old.await("all")
	}
	if last == "taken" {
		old.say("taken", "")
	}
	if args[0] == "stuck" {
		fmt.Println("stuck at", last)
		io.Copy(io.Discard, old.File)
	}
	os.Exit(1)
}

// successor is the channel to the old server: frames of encoding/gob, as package internal/upgrade has them.
type successor struct{ *os.File }

// said is what the fields of a message are here.
type said struct{ Kind, Text string }

func (s successor) await(kind string) {
	for m := (said{}); m.Kind != kind; {
		head := make([]byte, 5)
		_, err := io.ReadFull(s, head)
		body := make([]byte, binary.BigEndian.Uint32(head))
		if err == nil {
			_, err = io.ReadFull(s, body)
		}
		if err == nil {
			m = said{}
			err = gob.NewDecoder(bytes.NewReader(body)).Decode(&m)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "child successor: ", err)
			os.Exit(2)
		}
	}
}

func (s successor) say(kind, text string) {
	var body bytes.Buffer
	gob.NewEncoder(&body).Encode(said{kind, text})
	s.Write(append(append(binary.BigEndian.AppendUint32(nil, uint32(body.Len())), 0), body.Bytes()...))
}
