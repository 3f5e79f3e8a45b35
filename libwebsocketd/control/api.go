package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd"
)

const (
	// mostListed is how many entries of a list an answer has at most.
	mostListed = 10_000
	// moreHeader says how many entries of a list follow those of the answer.
	moreHeader = "Websocketd-More"
	// takeTime is how long a client may take for an answer, or for the body of a request.
	takeTime = time.Minute
)

// managed returns the Server that is managed. Without one it answers the request, and returns
// nil.
func (c *Control) managed(w http.ResponseWriter, r *http.Request) *libwebsocketd.Server {
	s := c.server.Load()
	if s == nil {
		answerError(w, r, http.StatusServiceUnavailable, "the server has not started yet")
	}
	return s
}

// serveHub answers with what there is in the hub.
func (c *Control) serveHub(w http.ResponseWriter, r *http.Request) { answer(w, c.hub.Stats()) }

// answer sends a document. It is formed before it is sent: whoever reads it slowly holds
// nothing else.
func answer(w http.ResponseWriter, document any) { answerWith(w, http.StatusOK, document) }

// answerWith does the same with another status.
func answerWith(w http.ResponseWriter, status int, document any) {
	body := append(encode(document), '\n')
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(takeTime))
	w.WriteHeader(status)
	w.Write(body)
}

// encode returns a document as JSON in one line. Our documents are always JSON.
func encode(document any) []byte {
	var body bytes.Buffer
	to := json.NewEncoder(&body)
	to.SetEscapeHTML(false)
	to.Encode(document)
	return bytes.TrimSuffix(body.Bytes(), []byte("\n"))
}

// part returns which entries of a list a request is for: those from offset= on, limit= at
// most. The answer says how many follow. Of a malformed request it answers, and ok is false.
func part(w http.ResponseWriter, r *http.Request, entries int) (from, to int, ok bool) {
	limit, offset := mostListed, 0
	for name, into := range map[string]*int{"limit": &limit, "offset": &offset} {
		if !r.URL.Query().Has(name) {
			continue
		}
		n, err := strconv.ParseUint(r.URL.Query().Get(name), 10, 31)
		if err != nil {
			answerError(w, r, http.StatusBadRequest, fmt.Sprintf("%s is not a number of entries: give 0 or more", name))
			return 0, 0, false
		}
		*into = int(n)
	}
	from = min(offset, entries)
	to = min(from+min(limit, mostListed), entries)
	if more := entries - to; more > 0 {
		w.Header().Set(moreHeader, strconv.Itoa(more))
	}
	return from, to, true
}

// answerPart answers with the part of a list that a request is for.
func answerPart[T any](w http.ResponseWriter, r *http.Request, all []T) {
	if from, to, ok := part(w, r, len(all)); ok {
		answer(w, append([]T{}, all[from:to]...)) // never null
	}
}

// prefersJSON reports whether a client names JSON in Accept, and rather than a page or a text
// (RFC 9110 section 12.5.1).
func prefersJSON(r *http.Request) bool {
	weights := map[string]float64{}
	for _, line := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(line, ",") {
			named, params, err := mime.ParseMediaType(item)
			if err != nil {
				continue
			}
			weight := 1.0
			if q, ok := params["q"]; ok {
				weight, _ = strconv.ParseFloat(q, 64)
			}
			weights[named] = weight
		}
	}
	json := weights["application/json"]
	return json > weights["text/html"] && json >= weights["text/plain"]
}
