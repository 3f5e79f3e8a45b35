package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"
	"unicode/utf8"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd"
)

// textFormat is the older tool's line: time | level | category | key:'value' .. | message.
type textFormat struct{}

func (textFormat) line(b []byte, r *slog.Record, category string, attrs []byte) []byte {
	b = r.Time.Local().AppendFormat(b, time.RFC1123Z)
	return appendColumns(append(b, " | "...), r, category, attrs)
}

// appendColumns appends a line of text without its first column, the time.
func appendColumns(b []byte, r *slog.Record, category string, attrs []byte) []byte {
	b = fmt.Appendf(b, "%-6s | ", levelName(r.Level))
	b = fmt.Appendf(b, "%-10s | ", printable.Append(nil, category, false))
	b = append(b, attrs...)
	b = append(b, " | "...)
	b = printable.Append(b, r.Message, false)
	return append(b, '\n')
}

func (textFormat) attr(b []byte, key string, value slog.Value) []byte {
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = append(b, key...)
	b = append(b, ":'"...)
	b = printable.Append(b, value.String(), true)
	return append(b, '\'')
}

// journalFormat is the line of textFormat without the time, which the journal has, behind a
// priority of syslog (sd-daemon(3)).
type journalFormat struct{ textFormat }

func (journalFormat) line(b []byte, r *slog.Record, category string, attrs []byte) []byte {
	return appendColumns(fmt.Appendf(b, "<%d>", priority(r.Level)), r, category, attrs)
}

// priority returns a level as syslog(3) has it: crit, err, info or debug.
func priority(level slog.Level) int {
	switch {
	case level >= libwebsocketd.LevelFatal:
		return 2
	case level >= libwebsocketd.LevelError:
		return 3
	case level >= libwebsocketd.LevelAccess:
		return 6
	}
	return 7
}

// jsonFormat formats one JSON object per line.
type jsonFormat struct{}

func (jsonFormat) line(b []byte, r *slog.Record, category string, attrs []byte) []byte {
	b = append(b, `{"time":"`...)
	b = r.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, levelName(r.Level)...)
	b = append(b, `","`+libwebsocketd.CategoryKey+`":`...)
	b = appendJSON(b, category)
	b = append(b, `,"message":`...)
	b = appendJSON(b, r.Message)
	b = append(b, attrs...)
	return append(b, "}\n"...)
}

func (jsonFormat) attr(b []byte, key string, value slog.Value) []byte {
	b = append(b, ',')
	b = appendJSON(b, key)
	b = append(b, ':')
	switch value.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return appendJSON(b, value.Any())
	case slog.KindTime:
		return appendJSON(b, value.Time().Format(time.RFC3339Nano))
	}
	return appendJSON(b, value.String())
}

// appendJSON appends v, or its text if it has no JSON form. JSON itself escapes only
// some of the characters that are unsafe on a terminal.
func appendJSON(b []byte, v any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return strconv.AppendQuoteToASCII(b, fmt.Sprint(v))
	}
	text := bytes.TrimSuffix(buffer.Bytes(), newline)
	if bytes.IndexFunc(text, printable.Unsafe) < 0 {
		return append(b, text...)
	}
	for _, r := range string(text) {
		if printable.Unsafe(r) {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
