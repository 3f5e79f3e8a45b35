package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
)

const (
	// mostInput is how many bytes of input a request brings at most.
	mostInput = 1 << 20
	// inputTime is how long a process may take for it.
	inputTime = 10 * time.Second
)

// serveChannels answers with the channels that are known.
func (c *Control) serveChannels(w http.ResponseWriter, r *http.Request) {
	answerPart(w, r, c.hub.Infos())
}

// serveChannel answers with what is published in a channel: as events, or what there is now.
func (c *Control) serveChannel(w http.ResponseWriter, r *http.Request) {
	c.hub.ServeChannel(w, r, r.PathValue("name"))
}

// postChannel sends the body of a request to the process of a channel, as one message.
func (c *Control) postChannel(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	to, runs := c.inputOf(name)
	switch {
	case !runs && c.hub.Epoch(name) != "":
		answerError(w, r, http.StatusConflict, "no process takes anything here now: it has ended, or is about to be started")
		return
	case !runs:
		answerError(w, r, http.StatusNotFound, "there is no such channel: GET /api/channels lists them")
		return
	case to == nil:
		w.Header().Set("Allow", "GET, OPTIONS")
		answerError(w, r, http.StatusMethodNotAllowed, "this process takes only what its own client sends")
		return
	}
	message, status, why := readInput(w, r)
	if status == 0 {
		status, why = c.send(r.Context(), to, message)
	}
	if status != 0 {
		answerError(w, r, status, why)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// inputPattern is the route of postChannel.
const inputPattern = "POST /api/channels/{name}"

// takesNothing reports whether a request is for a channel whose process takes only what its own
// client sends.
func (c *Control) takesNothing(r *http.Request) bool {
	to, runs := c.inputOf(path.Base(r.URL.Path))
	return runs && to == nil
}

// readInput returns the message that a request brings, or a status and why there is none.
func readInput(w http.ResponseWriter, r *http.Request) (m bridge.Message, status int, why string) {
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(takeTime))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostInput))
	rc.SetReadDeadline(time.Time{}) // net/http goes on to read, to see the client leave
	m = bridge.Message{Kind: bridge.Text, Data: data}
	tooLarge := new(http.MaxBytesError)
	switch {
	case errors.As(err, &tooLarge):
		return m, http.StatusRequestEntityTooLarge, "a message has at most " + strconv.Itoa(mostInput) + " bytes here"
	case err != nil:
		return m, http.StatusBadRequest, "the body of the request broke off"
	case isBytes(r):
		m.Kind = bridge.Binary
	case !utf8.Valid(data):
		return m, http.StatusBadRequest, "the message is not UTF-8: send it as Content-Type: application/octet-stream"
	}
	return m, 0, ""
}

// isBytes reports whether the body of a request is a binary message.
func isBytes(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/octet-stream")
}

// send sends a message to a process, between those of its clients. It returns status 0 once the
// process's input has it. It gives up when ctx is done, and when the Control is closed.
func (c *Control) send(ctx context.Context, to sender, m bridge.Message) (status int, why string) {
	ctx, cancel := context.WithTimeout(ctx, inputTime)
	defer cancel()
	defer context.AfterFunc(c.going, cancel)()
	err := to(ctx, m)
	refused := new(bridge.RefusedError)
	switch {
	case err == nil:
		return 0, ""
	case errors.As(err, &refused):
		return http.StatusBadRequest, "the process cannot be sent this: " + refused.Reason
	case ctx.Err() != nil:
		return http.StatusConflict, "the process has not taken the message within " + inputTime.String() + "; it may still, if it has begun to"
	}
	return http.StatusConflict, "the process takes nothing now: " + err.Error()
}

// inputOf returns where messages for the process of a channel go, nil if it takes only what its
// own client sends. runs is false if there is no process.
func (c *Control) inputOf(channel string) (to sender, runs bool) {
	id, ok := strings.CutPrefix(channel, hub.ProcessChannel(""))
	if !ok {
		return nil, false
	}
	return c.senderOf(id)
}
