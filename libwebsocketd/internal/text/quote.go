package text

import "strconv"

// MaxQuote is the most bytes of a stranger's value that a message repeats.
const MaxQuote = 200

// Printable returns s made fit for one line of an answer or a log: what a stranger sent
// must neither forge a log line nor flood it. Everything that is not printable ASCII is
// escaped as in a Go string, and what is over MaxQuote becomes three dots.
func Printable(s string) string {
	quoted := strconv.QuoteToASCII(s[:min(len(s), MaxQuote)])
	quoted = quoted[1 : len(quoted)-1]
	if len(s) > MaxQuote || len(quoted) > MaxQuote {
		return quoted[:min(len(quoted), MaxQuote)] + "..."
	}
	return quoted
}

// Quote returns Printable in quotes.
func Quote(s string) string { return `"` + Printable(s) + `"` }
