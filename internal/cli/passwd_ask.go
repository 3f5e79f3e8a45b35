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

// askUnseen reads a line that the terminal does not show. A signal ends this process with
// the terminal as it was.
func askUnseen(in *os.File, screen io.Writer, question string) (string, error) {
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer close(done)
	watching.Go(func() {
		select {
		case sig := <-signals:
			term.Restore(int(in.Fd()), state)
			fmt.Fprintln(screen)
			os.Exit(exitStatus(sig))
		case <-done:
		}
	})
	fmt.Fprint(screen, question)
	line, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(screen)
	return string(line), err
}
