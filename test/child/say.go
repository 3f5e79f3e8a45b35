package main

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"flag"
	"fmt"
	random "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sayer prints numbered lines "PID-ID NUMBER WORD..", and notes in the file DIR/PID-ID how many it has
// written: whoever has read them can tell whether one is missing, after SIGKILL, too.
type sayer struct {
	id    string
	notes *os.File
	said  uint64
	pad   string
}

// killed is the close code of a process that SIGKILL has ended.
const killed = 4128 + int(syscall.SIGKILL)

// say answers each line of its input, says lines by itself, and ends at the input "end", or after
// so many of its own. The last line has the close code that is to follow.
func say(args []string) {
	flags := flag.NewFlagSet("say", flag.ExitOnError)
	dir := flags.String("notes", ".", "directory of the notes")
	every := flags.Duration("every", 0, "time between two lines of its own; 0 says none")
	least := flags.Int("least", 1, "how many lines of its own at least")
	most := flags.Int("most", 1, "how many at most")
	eof := flags.Bool("eof", false, "end at the end of the input, too")
	kills := flags.Int("kills", 0, "how many of a hundred endings are by SIGKILL")
	flags.Parse(args)
	s := &sayer{id: fmt.Sprint(os.Getpid(), "-", rand.Text()[:8]), pad: strings.Repeat("x", random.IntN(200))}
	var err error
	if s.notes, err = os.Create(filepath.Join(*dir, s.id)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	s.talk(hear(*eof), *every, *least+random.IntN(*most-*least+1))
	s.end(random.IntN(100) < *kills)
}

// hear returns the lines of the input. The channel is closed at the end of it if that matters.
func hear(eof bool) <-chan string {
	heard := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			heard <- in.Text()
		}
		if eof {
			close(heard)
		}
	}()
	return heard
}

// talk says lines until it is told to end, or until it has said enough.
func (s *sayer) talk(heard <-chan string, every time.Duration, own int) {
	var next <-chan time.Time
	if every > 0 {
		tick := time.NewTicker(every)
		defer tick.Stop()
		next = tick.C
	}
	for own > 0 {
		select {
		case text, open := <-heard:
			if !open || text == "end" {
				return
			}
			s.line("heard " + text)
		case <-next:
			s.line("said " + s.pad)
			own--
		}
	}
}

// line writes a line, and then notes it.
func (s *sayer) line(text string) {
	s.said++
	if _, err := fmt.Printf("%s %d %s\n", s.id, s.said, text); err != nil {
		os.Exit(1)
	}
	s.notes.WriteAt(binary.BigEndian.AppendUint64(nil, s.said), 0)
}

// end says how the process ends, and ends it.
func (s *sayer) end(kill bool) {
	if kill {
		s.line(fmt.Sprint("last ", killed))
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	status := random.IntN(4)
	code := 1000
	if status != 0 {
		code = 4000 + status
	}
	s.line(fmt.Sprint("last ", code))
	os.Exit(status)
}
