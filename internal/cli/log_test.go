package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd"
)

func TestTextLine(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(newHandler(&out, "debug", "text"))
	session := logger.With(libwebsocketd.CategoryKey, "session", "url", "http://h/", "id", "7").With("pid", 13)
	tests := []struct {
		log  func()
		want string
	}{
		{func() { logger.Info("m", libwebsocketd.CategoryKey, "server") }, "INFO   | server     |  | m"},
		{func() { logger.Log(t.Context(), libwebsocketd.LevelAccess, "m") }, "ACCESS |            |  | m"},
		{func() { session.Log(t.Context(), libwebsocketd.LevelTrace, "CONNECT") }, "TRACE  | session    | url:'http://h/' id:'7' pid:'13' | CONNECT"},
		{func() { session.Debug("m", "a", "b", slog.Group("g", "c", 1)) }, "DEBUG  | session    | url:'http://h/' id:'7' pid:'13' a:'b' g.c:'1' | m"},
		{func() { logger.WithGroup("g").With("a", 1).Error("m", "b", true) }, "ERROR  |            | g.a:'1' g.b:'true' | m"},
		{func() { logger.Log(t.Context(), libwebsocketd.LevelFatal, "m", "a", errors.New("e")) }, "FATAL  |            | a:'e' | m"},
		{func() { logger.Warn("m") }, "INFO   |            |  | m"},
		{func() { logger.Info("tab\tback\\slash 'q' ä\n\x1b[31m\u0085\u2028\u202e\xff") },
			`INFO   |            |  | tab	back\slash 'q' ä\n\x1b[31m\u0085\u2028\u202e\xff`},
		{func() { logger.Info("", "a", "it's \\ a\ttab\r\x00\x7f\xff ä\ufffd") },
			`INFO   |            | a:'it\'s \\ a\ttab\r\x00\x7f\xff ä` + "\ufffd" + `' | `},
	}
	stamp := regexp.MustCompile(`^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4} \| `)
	for _, test := range tests {
		out.Reset()
		test.log()
		line := out.String()
		if !stamp.MatchString(line) || stamp.ReplaceAllString(line, "") != test.want+"\n" {
			t.Errorf("line %q, want %q behind the time", line, test.want)
		}
	}
}

func TestJSONLine(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(newHandler(&out, "debug", "json")).With(libwebsocketd.CategoryKey, "process", "id", "<7>")
	at := time.Date(2026, 11, 21, 1, 2, 3, 4, time.UTC)
	logger.Error("a\n\"b\"\xff", "n", 1, "u", uint64(2), "f", 1.5, "b", true, "d", time.Second,
		"t", at, "e", errors.New("e"), "nan", math.NaN(), slog.Group("g", "k", "v"))
	line := out.String()
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil || strings.Count(line, "\n") != 1 {
		t.Fatalf("%q: %v", line, err)
	}
	stamp, err := time.Parse(time.RFC3339Nano, got["time"].(string))
	if err != nil || stamp.IsZero() {
		t.Errorf("time %v: %v", got["time"], err)
	}
	delete(got, "time")
	want := map[string]any{"level": "ERROR", "category": "process", "message": "a\n\"b\"\ufffd", "id": "<7>", "n": 1.0, "u": 2.0,
		"f": 1.5, "b": true, "d": "1s", "t": "2026-11-21T01:02:03.000000004Z", "e": "e", "nan": "NaN", "g.k": "v"}
	for key := range want {
		if got[key] != want[key] {
			t.Errorf("%s is %v, want %v", key, got[key], want[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%q has other keys than %v", line, want)
	}
	order := regexp.MustCompile(`^\{"time":"[^"]+","level":"ERROR","category":"process","message":.*,"id":"<7>","n":1,`)
	if !order.MatchString(line) {
		t.Errorf("order of %s", line)
	}
}

// TestLevels: a level includes itself and all that follow it in --help.
func TestLevels(t *testing.T) {
	order := []string{"debug", "trace", "access", "info", "error", "fatal", "none"}
	if len(levels) != len(order) {
		t.Fatalf("levels %v", levels)
	}
	for i, chosen := range order {
		h := newHandler(nil, chosen, "text")
		for j, level := range order[:len(order)-1] {
			if h.Enabled(t.Context(), levels[level]) != (j >= i) {
				t.Errorf("--loglevel=%s shows %s: %v", chosen, level, j < i)
			}
			if want := strings.ToUpper(level); levelName(levels[level]) != want {
				t.Errorf("name of %s is %s", level, levelName(levels[level]))
			}
		}
	}
}

// TestSharedAttributes: loggers derived from one logger do not write into each
// other's attributes.
func TestSharedAttributes(t *testing.T) {
	var out syncBuffer
	base := slog.New(newHandler(&out, "info", "text")).With("a", strings.Repeat("x", 100))
	var group sync.WaitGroup
	for _, name := range []string{"one", "two", "three"} {
		group.Go(func() {
			for range 100 {
				base.With("name", name).Info(name, "again", name)
			}
		})
	}
	group.Wait()
	lines := slices.Collect(strings.Lines(out.String()))
	if len(lines) != 300 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		name := strings.TrimSpace(line[strings.LastIndex(line, "|")+1:])
		if !strings.Contains(line, " name:'"+name+"' again:'"+name+"' | ") {
			t.Fatalf("mixed line %s", line)
		}
	}
}

// syncBuffer is a buffer for several goroutines.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// FuzzTextLine: whatever a process or a client sends, the log gets one line of
// printable UTF-8 with a quoted value that ends where it should.
func FuzzTextLine(f *testing.F) {
	f.Add("message", "it's\\")
	f.Add("\x1b]0;\x07\u202e", "\xff\xc3\n")
	f.Fuzz(func(t *testing.T, message, value string) {
		var out bytes.Buffer
		slog.New(newHandler(&out, "info", "text")).Info(message, "k", value, "end", "x")
		line, ended := strings.CutSuffix(out.String(), "\n")
		if !ended || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && printable.Unsafe(r) }) {
			t.Fatalf("line %q", line)
		}
		if !regexp.MustCompile(`^[^|]*\| INFO   \|            \| k:'(\\.|[^'\\\t])*' end:'x' \| `).MatchString(line) {
			t.Fatalf("line %q", line)
		}
	})
}

// TestOpenLogs: what net/http logs becomes a line of the log, with its format and
// level.
func TestOpenLogs(t *testing.T) {
	for _, test := range []struct {
		flags logFlags
		want  string
	}{
		{logFlags{Loglevel: "access", Logformat: "text"}, `(?s)^.* \| to the log\n.* \| ERROR  \| http       \|  \| http: something\\nin two lines\n$`},
		{logFlags{Loglevel: "error", Logformat: "json"}, `^\{"time":"[^"]*","level":"ERROR","category":"http","message":"http: something\\nin two lines"\}\n$`},
		{logFlags{Loglevel: "access", Logformat: "journal"}, `^<6>INFO   \|            \|  \| to the log\n<3>ERROR  \| http       \|  \| http: something\\nin two lines\n$`},
		{logFlags{Loglevel: "none", Logformat: "text"}, `^$`},
	} {
		var out syncBuffer
		logger, errorLog, closeLogs := openLogs(&out, test.flags)
		logger.Info("to the log")
		errorLog.Print("http: something\nin two lines")
		closeLogs()
		if got := out.String(); !regexp.MustCompile(test.want).MatchString(got) {
			t.Errorf("%+v: log %q", test.flags, got)
		}
	}
}

// TestStrangersText: characters that could control a terminal, end a line or reverse
// it are escaped in both formats, and the JSON decodes to the same text.
func TestStrangersText(t *testing.T) {
	const text = "a\x00\x1b[2J\x7f\u0085\u009b2J\u200e\u200f\u061c\u2028\u2029\u202e\u2066z\u00e4\U0001f600"
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		slog.New(newHandler(&out, "debug", format)).Error(text, "url", text)
		line := strings.TrimSuffix(out.String(), "\n")
		if i := strings.IndexFunc(line, printable.Unsafe); i >= 0 {
			t.Errorf("%s: %q", format, line[i:])
		}
		if !strings.Contains(line, "z\u00e4\U0001f600") {
			t.Errorf("%s: letters are escaped: %q", format, line)
		}
		var got map[string]any
		if format == "json" && (json.Unmarshal([]byte(line), &got) != nil || got["message"] != text || got["url"] != text) {
			t.Errorf("%q", got)
		}
	}
}

// TestLostLines: the notice has the format of the log, and its level.
func TestLostLines(t *testing.T) {
	for _, test := range []struct{ level, format, want string }{
		{"access", "text", "| ERROR  | server     |  | 7 lines of the log were dropped"},
		{"error", "json", `"level":"ERROR","category":"server","message":"7 lines of the log were dropped`},
	} {
		if got := string(newHandler(nil, test.level, test.format).lostLines(7)); !strings.Contains(got, test.want) || !strings.HasSuffix(got, "\n") {
			t.Errorf("notice %q, want %q", got, test.want)
		}
	}
	if got := string(newHandler(nil, "error", "text").lostLines(1)); !strings.Contains(got, "| 1 line of the log was dropped") {
		t.Errorf("notice %q", got)
	}
	if got := newHandler(nil, "fatal", "text").lostLines(7); got != nil {
		t.Errorf("--loglevel=fatal shows %q", got)
	}
}
