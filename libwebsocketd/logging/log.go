package logging

import (
	"context"
	"log/slog"
)

// Levels of the log, from most to least verbose. A level shows itself and
// everything after it; INFO is less verbose than ACCESS on purpose, because
// the older tool's operators filter by these names.
const (
	LevelDebug  = slog.LevelDebug
	LevelTrace  = slog.Level(-3)
	LevelAccess = slog.Level(-2)
	LevelInfo   = slog.LevelInfo
	LevelError  = slog.LevelError
	LevelFatal  = slog.Level(12)
)

// CategoryKey is the key of the attribute that names the part of the server a record
// comes from: server, http, session, process, stderr, websocket, env. Every record of
// this package has it. A handler that does not know it prints it as any other.
const CategoryKey = "category"

// At writes one record of a category.
func At(l *slog.Logger, level slog.Level, category, message string, attrs ...any) {
	if ctx := context.Background(); l.Enabled(ctx, level) {
		l.With(CategoryKey, category).Log(ctx, level, message, attrs...)
	}
}
