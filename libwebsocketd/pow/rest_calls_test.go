package pow

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/session"
)

// TestRESTExpiry: a call is there as long as it is asked for, in whatever way, and a minute
// longer. Then what runs is canceled, and its place is free.
func TestRESTExpiry(t *testing.T) {
	causes := make(chan error, 1)
	places := session.NewRegistry(1)
	bubble(t, Options{Sessions: places, Expiry: 2 * time.Minute, Funcs: map[string]Func{
		"waits": func(ctx context.Context, stdin io.Reader, stdout io.Writer, params ...string) (any, error) {
			_, err := waits(ctx, stdin, stdout, params...)
			causes <- err
			return nil, err
		}}}, func(t *testing.T, f *face) {
		id := f.call("waits")
		for _, ask := range []func(){
			func() { f.status(id) },
			func() { f.expect("POST", "input/"+id, "x", 200, "input sent") },
			func() { f.ask("HEAD", "status/"+id, "") },
			func() { f.expect("POST", "closeInput/"+id, "", 200, "input closed") },
			func() { f.expect("POST", "input/"+id, "x", 500, "error copying data to process\n") },
			func() {},
		} {
			time.Sleep(119 * time.Second)
			ask()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if _, ok := f.status(id); ok {
			t.Error("it is still there")
		}
		for _, op := range []string{"input", "closeInput", "cancel"} {
			f.expect("POST", op+"/"+id, "", 404, "process not found\n")
		}
		if cause := <-causes; !errors.Is(cause, errTimeout) {
			t.Errorf("canceled for %v", cause)
		}
		free, refusal := places.Claim()
		if refusal != nil {
			t.Fatal("its place is not free")
		}
		free()
	})
}

// TestRESTPlaceAtOnce: a client that has read its result may have the place at once, though the
// request for it is still being finished.
func TestRESTPlaceAtOnce(t *testing.T) {
	places := session.NewRegistry(1)
	bubble(t, Options{Sessions: places, Funcs: map[string]Func{
		"ends": func(context.Context, io.Reader, io.Writer, ...string) (any, error) { return nil, nil }}}, func(t *testing.T, f *face) {
		id := f.call("ends")
		synctest.Wait()
		c, _ := f.calls.enter(id, "")
		defer f.calls.leave(c)
		if _, refusal := places.Claim(); refusal == nil {
			t.Error("its result is not told, and its place is free")
		}
		f.status(id)
		free, refusal := places.Claim()
		if refusal != nil {
			t.Fatal(refusal.Reason)
		}
		free()
	})
}

// TestRESTExpiryOfReader: a function that does nothing but read ends too: its client is gone.
func TestRESTExpiryOfReader(t *testing.T) {
	ended := make(chan error, 1)
	bubble(t, Options{Funcs: map[string]Func{
		"reads": func(_ context.Context, stdin io.Reader, _ io.Writer, _ ...string) (any, error) {
			_, err := io.ReadAll(stdin)
			ended <- err
			return nil, err
		}}}, func(t *testing.T, f *face) {
		f.call("reads")
		time.Sleep(DefaultExpiry + 2*time.Second)
		synctest.Wait()
		select {
		case err := <-ended:
			if !errors.Is(err, errTimeout) {
				t.Errorf("reading has ended with %v", err)
			}
		default:
			t.Error("it still reads")
		}
	})
}

// TestRESTExpiryWaits: a request that is under way counts as access, however long it takes.
func TestRESTExpiryWaits(t *testing.T) {
	bubble(t, Options{Funcs: map[string]Func{
		"slow": func(ctx context.Context, _ io.Reader, stdout io.Writer, _ ...string) (any, error) {
			<-ctx.Done()
			time.Sleep(10 * time.Minute)
			io.WriteString(stdout, "late\n")
			return "done", nil
		}}}, func(t *testing.T, f *face) {
		id := f.call("slow")
		began := time.Now()
		f.expect("POST", "cancel/"+id, "", 200, "process cancelled")
		if took := time.Since(began); took != 10*time.Minute {
			t.Errorf("canceled after %s", took)
		}
		time.Sleep(DefaultExpiry - time.Second)
		s, ok := f.status(id)
		if !ok || s.Buffer != "late" || s.Result.Status != Fulfilled || string(s.Result.Value) != `"done"` {
			t.Errorf("%v %+v %+v", ok, s, s.Result)
		}
		f.expect("POST", "cancel/"+id, "", 200, "process cancelled")
	})
}

// TestRESTExpiryOfResults: what is over, and what was never started, goes like what runs.
func TestRESTExpiryOfResults(t *testing.T) {
	bubble(t, Options{Funcs: map[string]Func{"echo": echo}}, func(t *testing.T, f *face) {
		over, unknown := f.call("echo", "a"), f.call("nothing")
		f.expect("POST", "closeInput/"+over, "", 200, "input closed")
		synctest.Wait()
		f.expect("GET", "status/"+over, "", 200, `{"result":{"status":"fulfilled","value":["a"]}}`+"\n")
		f.expect("GET", "status/"+unknown, "", 200, `{"result":{"status":"rejected","reason":"failed to get process: unknown process"}}`+"\n")
		time.Sleep(DefaultExpiry - time.Second)
		for _, id := range []string{over, unknown} {
			if _, ok := f.status(id); !ok {
				t.Error("gone too early")
			}
		}
		time.Sleep(DefaultExpiry + 2*time.Second)
		for _, id := range []string{over, unknown} {
			if _, ok := f.status(id); ok {
				t.Error("still there")
			}
		}
		if f.calls.watched || len(f.calls.all) > 0 {
			t.Error("somebody still looks")
		}
		f.status(f.call("nothing")) // and again
	})
}

// TestRESTPlaces: over the limit a call is refused. One whose client has its result makes room,
// and what has just one left has not.
func TestRESTPlaces(t *testing.T) {
	bubble(t, Options{Sessions: session.NewRegistry(2), Funcs: map[string]Func{"echo": echo}}, func(t *testing.T, f *face) {
		full := func() {
			t.Helper()
			w := f.ask("POST", "new", `{"call":"echo"}`)
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "--maxsessions") {
				t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
			}
		}
		first, second := f.call("echo"), f.call("echo")
		full()
		f.expect("POST", "closeInput/"+first, "", 200, "input closed")
		synctest.Wait()
		full() // it is over, but nobody knows
		f.status(first)
		third := f.call("echo")
		for id, want := range map[string]bool{first: false, second: true, third: true} {
			if _, ok := f.status(id); ok != want {
				t.Errorf("there: %v, want %v", ok, want)
			}
		}
		full()
		f.expect("POST", "closeInput/"+second, "", 200, "input closed")
		synctest.Wait()
		f.status(second)
		for range 3 {
			f.call("nothing") // what was never started makes room
		}
		f.call("echo")
		full()
	})
}

// TestRESTShutdown: a server that goes away ends all calls and waits for them. A request that
// waits is answered.
func TestRESTShutdown(t *testing.T) {
	causes := make(chan error, 2)
	bubble(t, Options{Funcs: map[string]Func{
		"slow": func(ctx context.Context, _ io.Reader, _ io.Writer, params ...string) (any, error) {
			<-ctx.Done()
			time.Sleep(time.Minute)
			causes <- context.Cause(ctx)
			return nil, nil
		}}}, func(t *testing.T, f *face) {
		waited := f.call("slow")
		f.call("slow")
		answer := make(chan int)
		go func() { answer <- f.ask("POST", "cancel/"+waited, "").Code }()
		synctest.Wait()
		began := time.Now()
		f.shutdown()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("shut down after %s", took)
		}
		if status := <-answer; status != http.StatusServiceUnavailable {
			t.Errorf("cancel is answered %d", status)
		}
		a, b := <-causes, <-causes
		if errors.Is(a, bridge.ErrGoingAway) == errors.Is(b, bridge.ErrGoingAway) || errors.Is(a, errCanceled) == errors.Is(b, errCanceled) {
			t.Errorf("canceled for %v and %v", a, b)
		}
		if w := f.ask("POST", "new", `{"call":"slow"}`); w.Code != http.StatusServiceUnavailable {
			t.Errorf("new: %d", w.Code)
		}
	})
}
