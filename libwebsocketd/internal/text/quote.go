package text

import "strconv"

// Quote quotes what a stranger sent, shortened, for a log or an answer.
func Quote(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.QuoteToASCII(s)
}
