package testkit

import "strings"

// Awkward is text that an encoding may stumble over.
var Awkward = []string{"", "a", " a", "  a ", "a\nb", "\n", "\n\n", "a\n", "\r", "a\rb", "\r\n", "a\r\nb\r\n", "\x00", ":", ": a", "data: a", "id: 7", "event: end\ndata: x",
	"\ufeff", "\ufeffa", "a\tb", "<&>", "\u2028", "🙂", "null", `"`, `\`, strings.Repeat("long ", 90)}
