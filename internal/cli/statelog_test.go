package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
)

// told is a server of which is told.
type told struct {
	fakeServer
	programs      []libwebsocketd.ProgramInfo
	conversations []libwebsocketd.Conversation
}

func (s *told) Programs() []libwebsocketd.ProgramInfo       { return s.programs }
func (s *told) Conversations() []libwebsocketd.Conversation { return s.conversations }

func TestStateLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		server := &told{
			programs: []libwebsocketd.ProgramInfo{
				{Name: "build", Path: "/ci", Lifetime: "supervised", Processes: 2, MaxProcesses: 4, Condition: libwebsocketd.Condition{State: "online"}},
				{Path: "/", Lifetime: "connection", Command: []string{"/bin/cat", "-u"}, Processes: 1},
			},
			conversations: []libwebsocketd.Conversation{{Program: "build"}, {Program: "build"}, {}, {Nameless: true}},
		}
		since := time.Now()
		time.Sleep(90 * time.Minute) // in the time of the bubble
		stateLog{server, session.NewRegistry(0), since, slog.New(newHandler(&out, "info", "text"))}.write()
		for _, want := range []string{
			", up 1h30m, 0 connections, 4 clients, 0 processes, 0 sessions, ", " goroutines, memory ",
			"State of a program          : build at /ci, supervised, 2 clients, 2 processes of 4, online\n",
			"State of a program          : cat at /, connection, 1 client, 1 process\n",
			" < cli.stateLog.write (statelog.go:",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in\n%s", want, &out)
			}
		}
	})
}

// Goroutines that are at the same place are one line, and the most frequent comes first.
func TestGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		leave := make(chan struct{})
		for range n {
			go func() { <-leave }()
		}
		synctest.Wait() // all are there
		lines := goroutines()
		if !strings.HasPrefix(lines[0], "1000 in cli.TestGoroutines.func1.1 (statelog_test.go:") || len(lines) > mostStacks+1 {
			t.Errorf("%d lines: %s", len(lines), lines[0])
		}
		close(leave)
	})
}
