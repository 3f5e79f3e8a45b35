package control

import (
	"compress/gzip"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// mostScrapes is how many may ask for metrics at once.
const mostScrapes = 4

// The text formats of Prometheus, and of OpenMetrics.
const (
	textForm = "text/plain; version=0.0.4; charset=utf-8"
	openForm = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// newMetrics returns the handler of /metrics.
func newMetrics(c *Control) http.HandlerFunc {
	scrapes := make(chan struct{}, mostScrapes)
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case scrapes <- struct{}{}:
			defer func() { <-scrapes }()
			c.serveMetrics(w, r)
		default:
			http.Error(w, "as many ask for metrics as may at once: "+strconv.Itoa(mostScrapes)+"; try again later", http.StatusServiceUnavailable)
		}
	}
}

// serveMetrics answers with all metrics, in the form that the client wants.
func (c *Control) serveMetrics(w http.ResponseWriter, r *http.Request) {
	open, header := wantsOpenMetrics(r.Header.Values("Accept")), w.Header()
	header.Set("Content-Type", textForm)
	if open {
		header.Set("Content-Type", openForm)
	}
	header.Add("Vary", "Accept, Accept-Encoding")
	body := c.collect(open)
	if !text.PrefersGzip(r.Header.Values("Accept-Encoding")) {
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
		return
	}
	header.Set("Content-Encoding", "gzip")
	zip := gzip.NewWriter(w)
	zip.Write(body)
	zip.Close() // whoever does not get the answer knows that
}

// wantsOpenMetrics reports whether the lines of an Accept header want OpenMetrics no less than
// Prometheus' own format, which everybody gets who does not name it (RFC 9110 section 12.5.1).
func wantsOpenMetrics(lines []string) bool {
	var open, plain float64
	for item := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		form, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, given := params["q"]; given {
			weight, _ = strconv.ParseFloat(q, 64) // what is no number is no wish
		}
		version := params["version"]
		switch {
		case form == "application/openmetrics-text" && (version == "" || version == "1.0.0"):
			open = max(open, weight)
		case form == "text/plain":
			plain = max(plain, weight)
		}
	}
	return open > 0 && open >= plain
}
