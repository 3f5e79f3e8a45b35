package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// counter prints numbered messages "NUMBER PID PADDING" in one of the server's
// framings.
type counter struct {
	framing      string
	total, batch int
	every        time.Duration
	pad          string
	heard        chan struct{} // closed at the next input, or at SIGTERM, which makes the next message the last

	out bytes.Buffer // what the next write writes
}

// count waits for input in any framing, prints its messages, and ends: at once, or at
// the next input or the end of it.
func count(args []string) {
	flags := flag.NewFlagSet("count", flag.ExitOnError)
	c := counter{}
	flags.StringVar(&c.framing, "framing", "line", "how messages stand in the output")
	flags.IntVar(&c.total, "total", 1, "how many messages")
	flags.IntVar(&c.batch, "batch", 1, "how many in a write")
	flags.DurationVar(&c.every, "every", 0, "time between two writes")
	pad := flags.Int("pad", 0, "how many bytes to add to each message")
	now := flags.Bool("now", false, "wait for no input first")
	stay := flags.Bool("stay", false, "end at the next input")
	until := flags.Bool("until", false, "go on until the next input, and end with a message that is padded with \"last\"")
	term := flags.Bool("term", false, "go on until SIGTERM, and end as with -until")
	status := flags.Int("status", 0, "exit status")
	flags.Parse(args)
	c.pad = strings.Repeat("x", *pad)
	if !*now {
		os.Stdin.Read(make([]byte, 100))
	}
	if *until {
		c.total = math.MaxInt
		c.heard = make(chan struct{})
		go func() { os.Stdin.Read(make([]byte, 100)); close(c.heard) }()
	}
	if *term {
		c.total = math.MaxInt
		c.heard = make(chan struct{})
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		go func() { <-asked; close(c.heard) }()
	}
	c.run()
	if *stay {
		os.Stdin.Read(make([]byte, 100))
	}
	os.Exit(*status)
}

func (c *counter) run() {
	next := time.Now()
	for n := 1; n <= c.total; n++ {
		c.listen(n)
		c.add(n)
		if n%c.batch != 0 && n != c.total && c.out.Len() < 1<<20 {
			continue
		}
		if _, err := os.Stdout.Write(c.out.Bytes()); err != nil {
			os.Exit(1)
		}
		c.out.Reset()
		next = next.Add(c.every)
		<-time.After(time.Until(next)) // paces the output; this does not synchronize anything
	}
}

// listen makes message n the last if there was input.
func (c *counter) listen(n int) {
	select {
	case <-c.heard:
		c.total, c.pad = n, "last"
	default:
	}
}

func (c *counter) add(n int) {
	message := fmt.Sprint(n, " ", os.Getpid(), " ", c.pad)
	switch c.framing {
	case "null":
		c.out.WriteString(message + "\x00")
	case "length":
		c.out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(message))))
		c.out.WriteString(message)
	case "lsp":
		fmt.Fprintf(&c.out, "Content-Length: %d\r\n\r\n%s", len(message), message)
	case "ndjson":
		fmt.Fprintf(&c.out, "%q\n", message)
	default:
		c.out.WriteString(message + "\n")
	}
}
