package hub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/record"
)

// ServeChannel answers a request for a channel over plain HTTP: with server-sent events where
// the client accepts them, and else at once or, with wait=, as soon as there is something (see
// doc.go). It admits everyone: the caller has done that. A panic with [http.ErrAbortHandler]
// breaks off an answer that was cut.
func (h *Hub) ServeChannel(w http.ResponseWriter, r *http.Request, name string) {
	h.visit(w, r, h.newGuest(r, Identity{}), name)
}

// ChannelHandler returns a handler for the pattern /channels/{name}: GET does what ServeChannel
// does, and POST calls publish with the body, at most Options.MaxMessage bytes. It lets in whom
// the Handler does, and to a channel whom Authorize does; publish says itself who may. The error
// of publish is answered with 400. publish may be nil: then POST is 405.
func (h *Hub) ChannelHandler(publish func(ctx context.Context, who Identity, channel string, data []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := h.admit(w, r)
		if !ok {
			return
		}
		name := r.PathValue("name")
		if name == "" {
			name = path.Base(r.URL.Path)
		}
		if r.Method == http.MethodPost && publish != nil {
			h.takePost(w, r, func(data []byte) error { return publish(r.Context(), who, name, data) })
			return
		}
		guest := h.newGuest(r, who)
		if r.Method == http.MethodGet && CheckChannel(name) == nil && h.mayNotSubscribe(guest, name) != nil {
			h.deny(w, r, ErrUnauthorised, http.StatusForbidden)
			return
		}
		h.visit(w, r, guest, name)
	})
}

// takePost has the body of a request published.
func (h *Hub) takePost(w http.ResponseWriter, r *http.Request, publish func(data []byte) error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxMessage))
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		h.deny(w, r, err, http.StatusRequestEntityTooLarge)
		return
	}
	if err == nil {
		err = publish(data)
	}
	if err != nil {
		h.deny(w, r, err, http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// newGuest returns the client of a request that is no WebSocket.
func (h *Hub) newGuest(r *http.Request, who Identity) *Client {
	return &Client{Identity: who, Remote: r.RemoteAddr, hub: h, one: true}
}

// visit is a request for a channel that is answered.
type visit struct {
	going   context.Context // of Run
	client  *Client
	channel *Channel // opened
	after   *record.Position
}

// visit answers a GET.
func (h *Hub) visit(w http.ResponseWriter, r *http.Request, guest *Client, name string) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		h.deny(w, r, errMethod, http.StatusMethodNotAllowed)
		return
	}
	after, err := positionOf(r)
	if err != nil {
		h.deny(w, r, err, http.StatusBadRequest)
		return
	}
	if err := CheckChannel(name); err != nil {
		h.deny(w, r, &nameError{err, name}, http.StatusBadRequest)
		return
	}
	going, err := h.reserve()
	if err != nil {
		h.deny(w, r, err, http.StatusServiceUnavailable)
		return
	}
	defer h.release()
	channel, err := h.openFor(name)
	if err != nil {
		h.deny(w, r, err, http.StatusServiceUnavailable)
		return
	}
	defer channel.Close()
	v := &visit{going, guest, channel, after}
	if text.Accepts(r.Header.Values("Accept"), eventStream) {
		h.serveEvents(w, r, v)
	} else {
		h.serveWait(w, r, v)
	}
}

// positionOf returns the position that a request names, nil if it names none: that of an
// EventSource that comes back wins.
func positionOf(r *http.Request) (*record.Position, error) {
	query := r.URL.Query()
	for _, named := range []string{r.Header.Get("Last-Event-ID"), query.Get("lastEventId"), query.Get("after")} {
		if named != "" {
			return parseAfter(named)
		}
	}
	return nil, nil
}

// serveEvents answers with a channel as server-sent events. The client is one of the Hub that
// has subscribed to that channel alone.
func (h *Hub) serveEvents(w http.ResponseWriter, r *http.Request, v *visit) {
	link := exchange.New(v.going, w, r, exchange.Options{
		Encoder: events{v.channel.record.Epoch()}, Peer: peerOf(r), Interval: max(h.PingInterval, 0), IgnoresBody: true,
	})
	first, last := v.channel.record.Kept()
	before := last
	if v.after != nil {
		before, _ = v.channel.resume(*v.after, first, last)
	}
	link.Begin(before)
	c := h.newClient(link, v.client.Identity, v.client.Remote)
	c.one = true
	if h.add(c) {
		h.mu.Lock()
		h.enter(c, v.channel, v.after)
		h.mu.Unlock()
		h.hold(c)
	} else {
		turnAway(link, ErrNotRunning)
	}
	if !link.IsWhole() {
		panic(http.ErrAbortHandler) // what was cut does not end as a whole one does
	}
}

// deny answers with an error, as JSON where the client accepts that.
func (h *Hub) deny(w http.ResponseWriter, r *http.Request, cause error, status int) {
	if !text.Accepts(r.Header.Values("Accept"), "application/json") {
		h.refuse(w, r, cause, status, cause.Error())
		return
	}
	if h.Refused != nil {
		h.tell("Refused", func() { h.Refused(r, cause) })
	}
	body, _ := encode(map[string]string{"error": cause.Error()})
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}
