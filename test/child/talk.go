package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// talker prints messages "NUMBER PID said" by itself and "NUMBER PID heard TEXT" for each that it
// hears, in one of the server's framings.
type talker struct {
	framing string
	halves  bool
	errors  bool
	pad     string
	said    int
}

// talk says messages and hears them, and ends with status 3 when it hears "end", or at the end of
// its input.
func talk(args []string) {
	flags := flag.NewFlagSet("talk", flag.ExitOnError)
	t := talker{}
	flags.StringVar(&t.framing, "framing", "line", "how messages stand in the input and output; bytes: as lines")
	flags.BoolVar(&t.halves, "halves", false, "write each message in two halves")
	flags.BoolVar(&t.errors, "errors", false, "say each message of its own on standard error as well")
	every := flags.Duration("every", 0, "time between two messages of its own; 0 says none")
	pad := flags.Int("pad", 0, "how many bytes to add to each of them")
	flags.Parse(args)
	t.pad = strings.Repeat("x", *pad)
	var next <-chan time.Time
	if *every > 0 {
		next = time.Tick(*every)
	}
	for heard := t.hear(); ; {
		select {
		case text, open := <-heard:
			if !open || text == "end" {
				t.say("last")
				os.Exit(3)
			}
			t.say("heard " + text)
		case <-next:
			t.say("said " + t.pad)
		}
	}
}

// say writes a message.
func (t *talker) say(text string) {
	t.said++
	text = fmt.Sprint(t.said, " ", os.Getpid(), " ", text)
	if t.errors {
		fmt.Fprintln(os.Stderr, text)
	}
	switch t.framing {
	case "null":
		text += "\x00"
	case "length":
		text = string(binary.BigEndian.AppendUint32(nil, uint32(len(text)))) + text
	case "lsp":
		text = fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text)
	case "ndjson":
		text = fmt.Sprintf("%q\n", text)
	default:
		text += "\n"
	}
	if half := len(text) / 2; t.halves {
		t.write(text[:half])
		text = text[half:]
	}
	t.write(text)
}

func (t *talker) write(text string) {
	if _, err := os.Stdout.WriteString(text); err != nil {
		os.Exit(1)
	}
}

// hear returns the messages of the input. The channel is closed at the end of it.
func (t *talker) hear() <-chan string {
	heard := make(chan string)
	go func() {
		defer close(heard)
		for in := bufio.NewReader(os.Stdin); ; {
			text, err := t.read(in)
			if err != nil {
				return
			}
			heard <- text
		}
	}()
	return heard
}

// read reads a message.
func (t *talker) read(in *bufio.Reader) (text string, err error) {
	switch t.framing {
	case "null":
		text, err = in.ReadString(0)
		return strings.TrimSuffix(text, "\x00"), err
	case "length":
		var n uint32
		if err := binary.Read(in, binary.BigEndian, &n); err != nil {
			return "", err
		}
		return readText(in, int(n))
	case "lsp":
		var n int
		head, err := in.ReadString('\n')
		if err == nil {
			_, err = fmt.Sscanf(head, "Content-Length: %d", &n)
		}
		if err == nil {
			_, err = in.Discard(len("\r\n"))
		}
		if err != nil {
			return "", err
		}
		return readText(in, n)
	}
	if text, err = in.ReadString('\n'); err == nil && t.framing == "ndjson" {
		err = json.Unmarshal([]byte(text), &text)
	}
	return strings.TrimSuffix(text, "\n"), err
}

func readText(in io.Reader, n int) (string, error) {
	text := make([]byte, n)
	_, err := io.ReadFull(in, text)
	return string(text), err
}
