package cli

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd"
)

// levelNone is above every level, and silences the log.
const levelNone = slog.Level(100)

// levels are the values of --loglevel.
var levels = map[string]slog.Level{
	"debug":  libwebsocketd.LevelDebug,
	"trace":  libwebsocketd.LevelTrace,
	"access": libwebsocketd.LevelAccess,
	"info":   libwebsocketd.LevelInfo,
	"error":  libwebsocketd.LevelError,
	"fatal":  libwebsocketd.LevelFatal,
	"none":   levelNone,
}

// levelName returns the name of the nearest of our levels that is not above level.
func levelName(level slog.Level) string {
	switch {
	case level >= libwebsocketd.LevelFatal:
		return "FATAL"
	case level >= libwebsocketd.LevelError:
		return "ERROR"
	case level >= libwebsocketd.LevelInfo:
		return "INFO"
	case level >= libwebsocketd.LevelAccess:
		return "ACCESS"
	case level >= libwebsocketd.LevelTrace:
		return "TRACE"
	}
	return "DEBUG"
}

// format formats log lines. Its methods append to b.
type format interface {
	// line appends a whole line; attrs is what attr appended for the record.
	line(b []byte, r *slog.Record, category string, attrs []byte) []byte
	// attr appends one attribute, of any kind but a group.
	attr(b []byte, key string, value slog.Value) []byte
}

// Values of --logformat.
const (
	formatAuto    = "auto" // one of the others
	formatText    = "text"
	formatJSON    = "json"
	formatJournal = "journal"
)

var formats = map[string]format{formatText: textFormat{}, formatJSON: jsonFormat{}, formatJournal: journalFormat{}}

// handler is a slog.Handler that writes each record with one call of out.Write and
// ignores its result: out should not block. Groups are flattened to "group.key". The
// category attribute is formatted apart from the others.
type handler struct {
	out      io.Writer
	level    slog.Level
	format   format
	category string
	group    string // prefix of keys: "", or the open groups with a dot after each
	attrs    []byte // formatted
}

// newHandler returns a handler for values of --loglevel and --logformat.
func newHandler(out io.Writer, level, format string) *handler {
	return &handler{out: out, level: levels[level], format: formats[format]}
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		with.add(h.group, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.group += name + "."
	}
	return &with
}

// Handle implements slog.Handler. It never fails.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	buffer := lineBuffers.Get().(*lineBuffer)
	defer lineBuffers.Put(buffer)
	full := *h
	full.attrs = append(buffer.attrs[:0], h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		full.add(h.group, a)
		return true
	})
	buffer.attrs = full.attrs
	buffer.line = h.format.line(buffer.line[:0], &r, full.category, full.attrs)
	h.out.Write(buffer.line)
	return nil
}

// add formats one attribute under a prefix.
func (h *handler) add(group string, a slog.Attr) {
	value := a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case value.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			h.add(group, member)
		}
	case group == "" && a.Key == libwebsocketd.CategoryKey:
		h.category = value.String()
	default:
		h.attrs = h.format.attr(h.attrs, group+a.Key, value)
	}
}

// lineBuffer is the memory in which one record is formatted.
type lineBuffer struct{ line, attrs []byte }

var lineBuffers = sync.Pool{New: func() any { return new(lineBuffer) }}

// lostLines returns the notice of an asyncWriter in the format of h.
func (h *handler) lostLines(lost int) []byte {
	if !h.Enabled(context.Background(), libwebsocketd.LevelError) {
		return nil
	}
	r := slog.NewRecord(time.Now(), libwebsocketd.LevelError, lostMessage(lost), 0)
	return h.format.line(nil, &r, categoryServer, nil)
}
