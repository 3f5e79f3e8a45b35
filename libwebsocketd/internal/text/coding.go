package text

import (
	"strconv"
	"strings"
)

// PrefersGzip reports whether the lines of an Accept-Encoding header let an answer be coded
// with gzip, and want that no less than an answer as it is (RFC 9110 section 12.5.3).
func PrefersGzip(lines []string) bool {
	w := weights{gzip: -1, identity: -1, rest: -1}
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			w.add(item)
		}
	}
	if w.gzip < 0 {
		w.gzip = w.rest
	}
	if w.identity < 0 {
		w.identity = w.rest // not coded at all is one of the rest, too
	}
	return w.gzip > 0 && w.gzip >= w.identity
}

// weights are what a client makes of codings; negative is nothing.
type weights struct{ gzip, identity, rest float64 }

// add takes one item of the header. What is none is left out.
func (w *weights) add(item string) {
	name, params, _ := strings.Cut(item, ";")
	weight, ok := weightOf(params)
	if !ok {
		return
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "gzip", "x-gzip": // which are one (RFC 9110 section 8.4.1.3)
		w.gzip = max(w.gzip, weight)
	case "identity":
		w.identity = max(w.identity, weight)
	case "*":
		w.rest = max(w.rest, weight)
	}
}

// weightOf returns the weight among the parameters of an item, 1 if there is none (RFC 9110
// section 12.4.2).
func weightOf(params string) (weight float64, ok bool) {
	weight = 1
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(0 <= q && q <= 1) {
			return 0, false
		}
		weight = q
	}
	return weight, true
}
