package hub

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// fill publishes lines, a message of bytes, and a status.
func fill(t *testing.T, h *Hub, name string, l Limits) *Channel {
	t.Helper()
	ch, err := h.Open(name, l)
	if err != nil {
		t.Fatal(err)
	}
	ch.Lines("p", []byte("one\ntwo\r\n"))
	ch.Output("p", []bridge.Message{{Kind: bridge.Binary, Data: []byte{0xff}}})
	ch.Send(Message{Type: TypeStatus, ProcessID: "p", Data: Status{"running", 0}})
	return ch
}

// move has another Hub go on with the channels of h.
func move(t *testing.T, h *Hub, o Options) *Hub {
	t.Helper()
	channels, settle := h.Lift()
	to := New(o)
	for _, data := range channels {
		if err := to.TakeOver(data); err != nil {
			t.Fatal(err)
		}
	}
	settle(true)
	return to
}

// kept asks a Hub for what it keeps of a channel.
func kept(h *Hub, name, after string) string {
	w := httptest.NewRecorder()
	h.ServeChannel(w, httptest.NewRequest(http.MethodGet, "/?after="+after, nil), name)
	return w.Body.String()
}

// TestHandover: another Hub goes on with a channel: every message with its number and its time, the
// status for those who come, and the limits. Subscribers of the old one get what the new one knows, and no more, and
// are told to come back.
func TestHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, serving, stop := run(Options{})
		synctest.Wait()
		limits := Limits{Messages: 50, Age: time.Hour, Bytes: 1 << 19}
		ch := fill(t, old, "process:p", limits)
		l := join(t, old, serving)
		l.say(`{"type":"subscribe","data":"process:p"}`)
		synctest.Wait()
		ch.Lines("p", []byte("five\n"))
		synctest.Wait()
		before, want := old.Infos(), kept(old, "process:p", "")
		to := move(t, old, Options{})
		ch.Lines("p", []byte("of the old server\n"))
		if late := kept(old, "process:p", ""); late != want {
			t.Errorf("%s, want %s", late, want)
		}
		stop()
		got, end := l.take()
		if code, _ := bridge.Closing(end); code != bridge.CloseServiceRestart || len(got) != 2 || got[0].Type != TypeStatus || got[1].Seq != 5 {
			t.Errorf("%+v, closed with %d", got, code)
		}
		before[0].Subscribers = 0
		if after := to.Infos(); !reflect.DeepEqual(before, after) {
			t.Errorf("%+v, want %+v", after, before)
		}
		ctx, cancel := context.WithCancel(t.Context())
		serving.Go(func() { to.Run(ctx) })
		synctest.Wait()
		if now := kept(to, "process:p", ""); now != want {
			t.Errorf("%s, want %s", now, want)
		}
		again := to.channels["process:p"]
		if kept := *again.limits.Load(); kept != limits {
			t.Errorf("%+v, want %+v", kept, limits)
		}
		if n := int64(again.record.Bytes()); n == 0 || to.held.Load() != n {
			t.Errorf("%d bytes count, of %d", to.held.Load(), n)
		}
		l = join(t, to, serving)
		l.say(fmt.Sprintf(`{"type":"subscribe","data":"process:p","after":"%s:5"}`, before[0].Epoch))
		synctest.Wait()
		again.Lines("p", []byte("six\n"))
		synctest.Wait()
		if got, _ := l.take(); len(got) != 2 || got[0].Recovered == nil || !*got[0].Recovered || got[1].Seq != 6 || got[1].Data != "six" {
			t.Errorf("%+v", got)
		}
		cancel()
		serving.Wait()
	})
}

// TestHandoverFails: the subscribers of a Hub that goes on after all get what was published meanwhile.
func TestHandoverFails(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, h *Hub, join func() *link) {
		ch := fill(t, h, "process:p", Limits{})
		l := join()
		l.say(`{"type":"subscribe","data":"process:p"}`)
		synctest.Wait()
		l.take()
		_, settle := h.Lift()
		ch.Send(Message{Type: TypeStatus, ProcessID: "p", Data: Status{"exited", 1}})
		late := join()
		late.say(`{"type":"subscribe","data":"process:p"}`)
		synctest.Wait()
		for _, l := range []*link{l, late} {
			if got, _ := l.take(); len(got) != 0 {
				t.Errorf("%+v before it is known who goes on", got)
			}
		}
		settle(false)
		synctest.Wait()
		for _, l := range []*link{l, late} {
			if got, _ := l.take(); len(got) != 1 || got[0].Seq != 5 {
				t.Errorf("%+v", got)
			}
		}
	})
}

// TestHandoverBounds: what is taken over is bounded as what is published is, and forgotten ten minutes
// after it was used last.
func TestHandoverBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := New(Options{})
		for i := range 8 {
			ch := fill(t, old, fmt.Sprint("c", i), Limits{})
			ch.Lines("p", append(bytes.Repeat([]byte("x"), 10<<10), '\n'))
			ch.Close()
		}
		full := move(t, old, Options{MaxBytes: 30 << 10})
		if n := full.held.Load(); n == 0 || n > 30<<10 {
			t.Errorf("%d bytes are kept", n)
		}
		if n := len(move(t, old, Options{MaxChannels: 3}).channels); n > 3 {
			t.Errorf("%d channels are known", n)
		}
		time.Sleep(forgetAfter - time.Minute)
		to := move(t, old, Options{})
		to.forget(time.Now())
		if n := len(to.channels); n != 8 {
			t.Fatalf("%d channels are known", n)
		}
		time.Sleep(2 * time.Minute)
		to.forget(time.Now())
		if n := len(to.channels); n != 0 || to.held.Load() != 0 {
			t.Errorf("%d channels are known, %d bytes", n, to.held.Load())
		}
		if err := to.TakeOver([]byte("nonsense")); err == nil {
			t.Error("nonsense was understood")
		}
	})
}
