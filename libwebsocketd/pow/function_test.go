package pow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// functions of the tests.
var functions = map[string]Func{
	"echo": func(_ context.Context, in io.Reader, out io.Writer, _ ...string) (any, error) {
		n, err := io.Copy(out, in)
		return n, err
	},
	"params": func(_ context.Context, _ io.Reader, _ io.Writer, params ...string) (any, error) { return params, nil },
	"bytes": func(_ context.Context, _ io.Reader, out io.Writer, params ...string) (any, error) {
		for _, b := range []byte("aä€𝄞\xff\xc3") {
			out.Write([]byte{b})
		}
		out.Write(nil)
		return nil, nil
	},
	"waits": func(ctx context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
		io.WriteString(out, "up")
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"tells": func(ctx context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
		io.WriteString(out, "up")
		<-ctx.Done()
		return nil, context.Cause(ctx)
	},
	"ends well": func(ctx context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
		io.WriteString(out, "up")
		<-ctx.Done()
		io.WriteString(out, " and down")
		return "well", nil
	},
	"panics":      func(context.Context, io.Reader, io.Writer, ...string) (any, error) { panic("boo") },
	"panics nil":  func(context.Context, io.Reader, io.Writer, ...string) (any, error) { panic(nil) },
	"panics late": func(context.Context, io.Reader, io.Writer, ...string) (any, error) { return awkward{}, nil },
	"panics in the error": func(context.Context, io.Reader, io.Writer, ...string) (any, error) {
		return nil, (*os.PathError)(nil)
	},
	"exits": func(_ context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
		io.WriteString(out, "some")
		runtime.Goexit()
		return nil, nil
	},
	"fails": func(context.Context, io.Reader, io.Writer, ...string) (any, error) { return 7, errors.New("no <more>") },
	"NaN":   func(context.Context, io.Reader, io.Writer, ...string) (any, error) { return math.NaN(), nil },
	"object": func(context.Context, io.Reader, io.Writer, ...string) (any, error) {
		return map[string]any{"a": "<&>"}, nil
	},
	"nothing": func(context.Context, io.Reader, io.Writer, ...string) (any, error) { return nil, nil },
	"caller": func(ctx context.Context, _ io.Reader, _ io.Writer, _ ...string) (any, error) {
		return Caller(ctx).HTTP.Header.Get("X-Test"), nil
	},
}

// awkward has no form in JSON, and says so in its own way.
type awkward struct{}

// MarshalJSON implements json.Marshaler.
func (awkward) MarshalJSON() ([]byte, error) { panic("boo") }

// TestFunctions: what a function writes and returns is the output and the result. A panic is a
// result, too, and harms nothing else.
func TestFunctions(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{Funcs: functions})
	const nothing = `{"status":"fulfilled","value":null}`
	for _, c := range []struct{ message, output, result string }{
		{`{"call":"nothing"}`, "", nothing},
		{`{"call":"params"}`, "", nothing},
		{`{"call":"params","params":["-x","","\u0000"]}`, "", `{"status":"fulfilled","value":["-x","","\u0000"]}`},
		{`{"call":"bytes"}`, "aä€𝄞\ufffd\ufffd", nothing},
		{`{"call":"object"}`, "", `{"status":"fulfilled","value":{"a":"<&>"}}`},
		{`{"call":"NaN"}`, "", `{"status":"fulfilled"}`},
		{`{"call":"fails"}`, "", `{"status":"rejected","reason":"process returned error: no <more>"}`},
		{`{"call":"panics"}`, "", `{"status":"rejected","reason":"unknown error: boo"}`},
		{`{"call":"panics nil"}`, "", `{"status":"rejected","reason":"unknown error: panic called with nil argument"}`},
		{`{"call":"panics late"}`, "", `{"status":"rejected","reason":"unknown error: boo"}`},
		{`{"call":"panics in the error"}`, "", `{"status":"rejected","reason":"unknown error: runtime error: invalid memory address or nil pointer dereference"}`},
		{`{"call":"exits"}`, "some", `{"status":"rejected","reason":"unknown error: the function has not returned"}`},
		{`{"call":"Echo"}`, "", `{"status":"rejected","reason":"failed to get process: unknown process"}`},
	} {
		s.call(c.message).ends(c.output, c.result)
	}
	c := s.open()
	c.text("ä")
	c.control(`{"call":"echo"}`)
	c.text("")
	c.text("b\n")
	c.control(`{"signal":"close"}`)
	c.text("late")
	c.ends("äb\n", `{"status":"fulfilled","value":4}`)
	if got := s.Category("pow"); !strings.Contains(strings.Join(got, "\n"), "a function has panicked: boo") {
		t.Errorf("the log has %q", got)
	}
}

// TestFunctionIsCanceled: it is asked by its Context, and its input is open until the second
// time.
func TestFunctionIsCanceled(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{Funcs: functions})
	const cancel = `{"signal":"cancel"}`
	for name, result := range map[string]string{
		"waits":     `{"status":"rejected","reason":"process returned error: client requested cancellation (context canceled)"}`,
		"tells":     `{"status":"rejected","reason":"process returned error: client requested cancellation"}`,
		"ends well": `{"status":"fulfilled","value":"well"}`,
	} {
		c := s.call(fmt.Sprintf(`{"call":%q}`, name))
		c.says("up")
		c.control(cancel)
		c.ends(strings.Repeat(" and down", strings.Count(name, "well")), result)
	}
	c := s.call(`{"call":"ends well"}`)
	c.says("up")
	c.control(`nonsense`)
	c.ends(" and down", `{"status":"rejected","reason":"process returned error: protocol error occurred"}`)
	c = s.call(`{"call":"echo"}`)
	c.control(cancel)
	c.text("open")
	c.says("open")
	c.control(cancel)
	c.text("closed")
	c.ends("", `{"status":"fulfilled","value":4}`)
}

// TestFunctionOfNobody: a function whose client is gone is told, by its Context and when it
// reads or writes, also if it does only that.
func TestFunctionOfNobody(t *testing.T) {
	t.Parallel()
	told := make(chan error)
	s := serve(t, Options{Funcs: map[string]Func{
		"reads": func(ctx context.Context, in io.Reader, out io.Writer, _ ...string) (any, error) {
			io.WriteString(out, "up")
			_, err := io.Copy(out, in)
			told <- errors.Join(err, context.Cause(ctx))
			return nil, nil
		},
		"writes": func(ctx context.Context, in io.Reader, out io.Writer, _ ...string) (any, error) {
			io.WriteString(out, "up")
			var err error
			for err == nil {
				_, err = io.WriteString(out, strings.Repeat("x", 10000))
			}
			told <- errors.Join(err, context.Cause(ctx))
			return nil, nil
		},
	}})
	for _, name := range []string{"reads", "writes"} {
		c := s.call(fmt.Sprintf(`{"call":%q}`, name))
		c.says("up")
		c.Close()
		if err := <-told; err.Error() != "client has gone away\nclient has gone away" {
			t.Errorf("%s: %v", name, err)
		}
	}
	testkit.Eventually(t, "no conversation is left", func() bool { return len(s.Conversations()) == 0 })
}

// TestFunctionOfAServerThatLeaves: its output still reaches the client, as long as there is one.
func TestFunctionOfAServerThatLeaves(t *testing.T) {
	t.Parallel()
	told := make(chan error, 1)
	s := serve(t, Options{Funcs: map[string]Func{
		"ends well": functions["ends well"],
		"writes": func(ctx context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
			io.WriteString(out, "up")
			<-ctx.Done()
			var err error
			for err == nil {
				_, err = io.WriteString(out, strings.Repeat("x", 10000))
			}
			told <- errors.Join(err, context.Cause(ctx))
			return nil, nil
		},
	}})
	well, writes := s.call(`{"call":"ends well"}`), s.call(`{"call":"writes"}`)
	well.says("up")
	writes.says("up")
	done := make(chan bool)
	go func() { s.shutdown(); close(done) }()
	well.ends(" and down", `{"status":"fulfilled","value":"well"}`)
	writes.says(strings.Repeat("x", 10000))
	writes.Close()
	if err := <-told; err.Error() != "client has gone away\nserver is going away" {
		t.Error(err)
	}
	<-done
}

// TestFunctionThatStays: Shutdown does not wait for ever for a function that does not return.
func TestFunctionThatStays(t *testing.T) {
	t.Parallel()
	enough := make(chan bool)
	s := serve(t, Options{Funcs: map[string]Func{"stays": func(_ context.Context, _ io.Reader, out io.Writer, _ ...string) (any, error) {
		io.WriteString(out, "up")
		<-enough
		return nil, nil
	}}})
	s.call(`{"call":"stays"}`).says("up")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	testkit.Within(t, testkit.Patience, "Shutdown", func() {
		if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	close(enough) // and nothing remains
}

// TestChoose: it is asked about each call of a function, with the request; its error is told.
func TestChoose(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{
		Funcs: map[string]Func{"caller": functions["caller"], "cat": functions["object"]},
		Choose: func(req *libwebsocketd.Request, c Call) error {
			if req.HTTP.Header.Get("X-Test") == "" {
				return fmt.Errorf("authorization denied: %s wants X-Test", c.Name)
			}
			return nil
		},
	})
	c := s.open("X-Test: ann")
	c.control(`{"call":"caller"}`)
	c.ends("", `{"status":"fulfilled","value":"ann"}`)
	s.call(`{"call":"caller"}`).ends("", `{"status":"rejected","reason":"failed to get process: authorization denied: caller wants X-Test"}`)
	c = s.open("X-Test: ann")
	c.control(`{"call":"cat"}`) // a function wins over a program
	c.ends("", `{"status":"fulfilled","value":{"a":"<&>"}}`)
	s.call(`{"call":"nothing"}`).ends("", `{"status":"rejected","reason":"failed to get process: unknown process"}`)
	if Caller(context.Background()) != nil {
		t.Error("a Context of nobody has a caller")
	}
}

// TestManyFunctions: any number of calls run at once.
func TestManyFunctions(t *testing.T) {
	t.Parallel()
	all := make(chan bool)
	const n = 50
	s := serve(t, Options{Funcs: map[string]Func{"meets": func(ctx context.Context, _ io.Reader, _ io.Writer, _ ...string) (any, error) {
		select {
		case all <- true:
		case <-time.After(testkit.Patience):
			return nil, errors.New("they do not run at once")
		}
		return nil, nil
	}}})
	var calls []*wire
	for range n {
		calls = append(calls, s.call(`{"call":"meets"}`))
	}
	for range n {
		<-all
	}
	for _, c := range calls {
		c.ends("", `{"status":"fulfilled","value":null}`)
	}
}
