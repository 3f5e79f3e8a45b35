package testkit

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"websocketd/libwebsocketd/logging"
)

// LogBook keeps records as "category: message".
type LogBook struct {
	mu    sync.Mutex
	lines []string
}

// Enabled implements slog.Handler.
func (b *LogBook) Enabled(context.Context, slog.Level) bool { return true }

// WithGroup implements slog.Handler.
func (b *LogBook) WithGroup(string) slog.Handler { return b }

// WithAttrs implements slog.Handler.
func (b *LogBook) WithAttrs(attrs []slog.Attr) slog.Handler { return &logPage{b, attrs} }

// Handle implements slog.Handler.
func (b *LogBook) Handle(_ context.Context, r slog.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, r.Message)
	return nil
}

// Category returns the lines of one category.
func (b *LogBook) Category(name string) (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.lines {
		if message, ok := strings.CutPrefix(line, name+": "); ok {
			lines = append(lines, message)
		}
	}
	return lines
}

// logPage is a LogBook with attributes.
type logPage struct {
	*LogBook
	attrs []slog.Attr
}

// WithAttrs implements slog.Handler.
func (p *logPage) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logPage{p.LogBook, append(p.attrs[:len(p.attrs):len(p.attrs)], attrs...)}
}

// Handle implements slog.Handler.
func (p *logPage) Handle(ctx context.Context, r slog.Record) error {
	category := ""
	for _, a := range p.attrs {
		if a.Key == logging.CategoryKey {
			category = a.Value.String()
		}
	}
	text := ""
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	r.Message = category + ": " + r.Message + text
	return p.LogBook.Handle(ctx, r)
}
