package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// longestInput is how much of standard input is read for a password.
const longestInput = 64 << 10

// askPassword returns the password that somebody types twice, unseen, or the first line of
// what is no terminal.
func askPassword(in *os.File, screen io.Writer, user string) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(in, longestInput)).ReadString('\n')
		if err != nil && line == "" {
			return "", fmt.Errorf("there is no password on standard input: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := askUnseen(in, screen, fmt.Sprintf("Password of %s: ", user))
	if err != nil {
		return "", err
	}
	again, err := askUnseen(in, screen, "The same again: ")
	if err == nil && first != again {
		err = errors.New("the two are not the same: nothing was changed")
	}
	return first, err
}

// askUnseen reads a line that the terminal does not show. The terminal becomes what it was,
// also when a signal ends this process.
func askUnseen(in *os.File, screen io.Writer, question string) (string, error) {
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", err
	}
	restore := sync.OnceFunc(func() {
		term.Restore(int(in.Fd()), state)
		fmt.Fprintln(screen)
	})
	defer restore()
	dies := func(sig os.Signal) {
		restore()
		os.Exit(exitStatus(sig))
	}
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer close(done)
	watching.Go(func() {
		select {
		case sig := <-signals:
			dies(sig)
		case <-done:
		}
	})
	fmt.Fprint(screen, question)
	return readUnseen(in, dies)
}

// The keys that a terminal acts upon by itself, as long as it shows what is typed.
const (
	ctrlC, ctrlD, ctrlH, ctrlU, ctrlBackslash, deleteKey = 3, 4, 8, 21, 28, 127
)

// readUnseen reads a line, byte by byte: what follows it is for the next question.
func readUnseen(in io.Reader, dies func(os.Signal)) (string, error) {
	var line []byte
	for key := make([]byte, 1); ; {
		if _, err := io.ReadFull(in, key); err != nil {
			return "", fmt.Errorf("the terminal is gone, and nothing was changed: %w", err)
		}
		switch key[0] {
		case '\r', '\n':
			return string(line), nil
		case ctrlC:
			dies(os.Interrupt)
		case ctrlBackslash:
			dies(syscall.SIGQUIT)
		case ctrlD:
			return "", errors.New("there is no password: nothing was changed")
		case ctrlU:
			line = line[:0]
		case ctrlH, deleteKey:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		default:
			line = append(line, key[0])
		}
	}
}
