package pow

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
)

// TestRESTInputNeverHangs: what a function that does not read has no room for is refused, and
// taken later.
func TestRESTInputNeverHangs(t *testing.T) {
	var read chan struct{}
	bubble(t, Options{Funcs: map[string]Func{
		"late": func(_ context.Context, stdin io.Reader, _ io.Writer, _ ...string) (any, error) {
			<-read
			data, err := io.ReadAll(stdin)
			return len(data), err
		}}}, func(t *testing.T, f *face) {
		read = make(chan struct{}) // of the bubble
		id := f.call("late")
		sent := 0
		for taken := true; taken; { // the first is being written, more wait
			body := strings.Repeat("x", mostWaiting/2)
			w := f.ask("POST", "input/"+id, body)
			if taken = w.Code == 200; taken {
				sent += len(body)
			} else if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), errInputFull.Error()) {
				t.Fatalf("%d %s %v", w.Code, w.Body, w.Header())
			}
			synctest.Wait()
		}
		close(read)
		synctest.Wait()
		f.expect("POST", "input/"+id, "y", 200, "input sent")
		f.expect("POST", "closeInput/"+id, "", 200, "input closed")
		f.expect("POST", "closeInput/"+id, "", 200, "input closed")
		synctest.Wait()
		if s, _ := f.status(id); s.Result.Status != Fulfilled || string(s.Result.Value) != strconv.Itoa(sent+1) {
			t.Errorf("%d bytes were sent: %+v", sent+1, s.Result)
		}
		f.expect("POST", "input/"+id, "z", 500, "error copying data to process\n")
		f.expect("POST", "closeInput/"+id, "", 200, "input closed")
	})
}

// TestRESTSecondCancel: a second request to cancel, while the first waits, closes the input.
func TestRESTSecondCancel(t *testing.T) {
	bubble(t, Options{Funcs: map[string]Func{"echo": echo}}, func(t *testing.T, f *face) { // asked to end, it reads on
		id := f.call("echo", "well")
		answers := make(chan int, 2)
		cancel := func() { answers <- f.ask("POST", "cancel/"+id, "").Code }
		go cancel()
		synctest.Wait()
		time.Sleep(time.Hour)
		if s, ok := f.status(id); !ok || s.Result.Status != Pending || len(answers) > 0 {
			t.Fatalf("%v %+v", ok, s.Result)
		}
		go cancel()
		synctest.Wait()
		if a, b := <-answers, <-answers; a != 200 || b != 200 {
			t.Errorf("%d %d", a, b)
		}
		f.expect("GET", "status/"+id, "", 200, `{"result":{"status":"fulfilled","value":["well"]}}`+"\n")
	})
}

// TestRESTResults has what a function's call ends with over HTTP: no prefix is in the reason.
func TestRESTResults(t *testing.T) {
	bubble(t, Options{Funcs: map[string]Func{
		"panics": func(context.Context, io.Reader, io.Writer, ...string) (any, error) { panic("no <way>") },
		"fails": func(context.Context, io.Reader, io.Writer, ...string) (any, error) {
			return nil, io.ErrUnexpectedEOF
		},
		"waits": waits,
	}}, func(t *testing.T, f *face) {
		canceled := f.call("waits")
		f.expect("POST", "cancel/"+canceled, "", 200, "process cancelled")
		panics, fails := f.call("panics"), f.call("fails")
		synctest.Wait()
		for id, want := range map[string]string{
			panics:   "unknown error: no <way>",
			fails:    "unexpected EOF",
			canceled: "client requested cancellation",
		} {
			if s, ok := f.status(id); !ok || s.Result.Status != Rejected || s.Result.Reason != want {
				t.Errorf("%v %+v, want %q", ok, s.Result, want)
			}
		}
	})
}

// TestRESTCaller: a function knows whose call it is, and who may call is asked before it runs.
func TestRESTCaller(t *testing.T) {
	bubble(t, Options{
		Funcs: map[string]Func{"who": func(ctx context.Context, _ io.Reader, _ io.Writer, _ ...string) (any, error) {
			return Caller(ctx).HTTP.URL.Path, nil
		}},
		Choose: func(req *libwebsocketd.Request, c Call) error {
			if len(c.Params) > 0 {
				return errors.New("invalid args: " + c.Name + " takes none at " + req.HTTP.URL.Path)
			}
			return nil
		},
	}, func(t *testing.T, f *face) {
		well, badly := f.call("who"), f.call("who", "x")
		synctest.Wait()
		f.expect("GET", "status/"+well, "", 200, `{"result":{"status":"fulfilled","value":"/pow/new"}}`+"\n")
		f.expect("GET", "status/"+badly, "", 200, `{"result":{"status":"rejected","reason":"failed to get process: invalid args: who takes none at /pow/new"}}`+"\n")
	})
}

// TestRESTIDs are random, each a UUID of version 4.
func TestRESTIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		if seen[id] || !callID.MatchString(id) || len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Fatalf("%s", id)
		}
		seen[id] = true
	}
}
