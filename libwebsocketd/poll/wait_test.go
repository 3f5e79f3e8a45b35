package poll

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

const wantsAnswer = "Accept: application/json"

// TestWait has the letters of every answer.
func TestWait(t *testing.T) {
	t.Parallel()
	exit := &libwebsocketd.EndedError{Ending: process.Ending{Code: 3}}
	for name, test := range map[string]struct {
		near *near
		want string
	}{
		"messages": {newNear(libwebsocketd.Delivery{Chunk: texts("a", "", "b\r\n"), First: 7}), `"pending":[{"seq":7,"data":"a"},{"seq":8,"data":""},{"seq":9,"data":"b\r\n"}],"ended":null`},
		"skipped":  {newNear(libwebsocketd.Delivery{Chunk: texts("a", "b"), First: 7, Skip: 1}), `"pending":[{"seq":8,"data":"b"}],"ended":null`},
		"binary":   {newNear(libwebsocketd.Delivery{Chunk: binary("\xff"), First: 1}, libwebsocketd.Delivery{Chunk: binary(""), First: 2}), `"pending":[{"seq":1,"base64":"/w=="},{"seq":2,"base64":""}],"ended":null`},
		"gap":      {newNear(libwebsocketd.Delivery{First: 9, Note: &libwebsocketd.Note{From: 3, To: 8}}), `"pending":[{"gap":{"from":3,"to":8}}],"ended":null`},
		"said":     {newNear(libwebsocketd.Delivery{First: 9, Note: &libwebsocketd.Note{Said: "for you"}}), `"pending":[{"data":"for you"}],"ended":null`},
		"restart":  {newNear(libwebsocketd.Delivery{First: 9, Note: &libwebsocketd.Note{Restarted: "exit status 3"}}), `"pending":[{"restart":"exit status 3"}],"ended":null`},
		"nothing":  {newNear(), `"pending":[],"ended":null`},
		"ended":    {newNear().ends(exit), `"pending":[],"ended":{"code":4003,"reason":"exit status 3"}`},
		"closed":   {newNear().ends(&libwebsocketd.CloseWith{Code: 1013, Reason: "too slow"}), `"pending":[],"ended":{"code":1013,"reason":"too slow"}`},
		"last":     {newNear(libwebsocketd.Delivery{Chunk: texts("a"), First: 1}).ends(exit), `"pending":[{"seq":1,"data":"a"}],"ended":null`},
	} {
		got := do(t, request(t, "GET", serveNear(t, test.near)+"?wait=0s", "", wantsAnswer))
		if got.StatusCode != 200 || got.body != `{"epoch":"epoch",`+test.want+"}\n" {
			t.Errorf("%s: %d %s, want %s", name, got.StatusCode, got.body, test.want)
		}
		if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, got.Header)
		}
		<-test.near.closed // the program has no client any more
	}
}

func TestWaitRefused(t *testing.T) {
	t.Parallel()
	url := serveNear(t, newNear())
	for _, wait := range []string{"", "30", "-1s", "soon", "1s2"} {
		got := do(t, request(t, "GET", url+"?wait="+wait, "", wantsAnswer))
		if got.StatusCode != 400 || !strings.Contains(got.body, `"detail":"wait=\"`+wait+`\" is`) {
			t.Errorf("%q: %d %s", wait, got.StatusCode, got.body)
		}
	}
	_, own := serve(t, libwebsocketd.Program{})
	got := do(t, request(t, "GET", own+"?wait=1s", "", wantsAnswer))
	if got.StatusCode != 406 || !strings.Contains(got.body, "--shared") || !strings.Contains(got.body, "text/event-stream") {
		t.Errorf("a process of its own: %d %s", got.StatusCode, got.body)
	}
}

// TestAskWaits has how long a program is asked, in time that is not real.
func TestAskWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			wait string
			took time.Duration
		}{"its time": {"30s", 30 * time.Second}, "none": {"0", leastWait}, "too long": {"1h", mostWait}} {
			limit, refusal := readWait(map[string][]string{"wait": {test.wait}})
			if refusal != nil {
				t.Fatal(refusal)
			}
			begin := time.Now()
			a := ask(t.Context(), t.Context(), newNear(), limit)
			if took := time.Since(begin); took != test.took || len(a.Pending) > 0 || a.Ended != nil {
				t.Errorf("%s: %+v after %s", name, a, took)
			}
		}
	})
}

// TestAskEndsLate has a program that ends when its client does not wait any longer.
func TestAskEndsLate(t *testing.T) {
	t.Parallel()
	n := newNear()
	n.late = exit3
	if a := ask(t.Context(), t.Context(), n, time.Millisecond); a.Ended == nil || a.Ended.Code != 4003 {
		t.Errorf("%+v", a)
	}
}

// TestAskIsAnswered has what ends a wait before its time.
func TestAskIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, leave := context.WithCancel(t.Context())
		going, stop := context.WithCancelCause(t.Context())
		for name, test := range map[string]struct {
			after func(n *near)
			want  string
		}{
			"a message": {func(n *near) { n.says <- []libwebsocketd.Delivery{{Chunk: texts("a"), First: 1}} }, `[{"seq":1,"data":"a"}],"ended":null}`},
			"the end":   {func(n *near) { n.ends(&libwebsocketd.EndedError{}) }, `[],"ended":{"code":1000,"reason":"exit status 0"}}`},
		} {
			n := newNear()
			time.AfterFunc(time.Second, func() { test.after(n) })
			begin := time.Now()
			a := ask(client, going, n, time.Minute)
			if got := string(encode(a)); time.Since(begin) != time.Second || !strings.HasSuffix(got, test.want) {
				t.Errorf("%s: %s after %s", name, got, time.Since(begin))
			}
		}
		time.AfterFunc(time.Second, leave)
		if a := ask(client, going, newNear(), time.Minute); a.Ended != nil {
			t.Errorf("a client that leaves is told %+v", a.Ended)
		}
		time.AfterFunc(time.Second, func() { stop(libwebsocketd.ErrGoingAway) })
		if a := ask(t.Context(), going, newNear(), time.Minute); a.Ended == nil || a.Ended.Code != 1001 {
			t.Errorf("the server goes away: %+v", a)
		}
	})
}

// FuzzAnswer writes an answer and reads it back.
func FuzzAnswer(f *testing.F) {
	for _, s := range testkit.Awkward {
		f.Add([]byte(s), uint64(1), false)
		f.Add([]byte(s), uint64(1)<<40, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, first uint64, isBinary bool) {
		if !isBinary && !utf8.Valid(data) || first == 0 || first+3 < first {
			t.Skip("no message")
		}
		kind := libwebsocketd.Text
		if isBinary {
			kind = libwebsocketd.Binary
		}
		m := libwebsocketd.Message{Kind: kind, Data: data}
		a := answer{Epoch: "e"}
		a.add(&libwebsocketd.Delivery{Chunk: libwebsocketd.NewChunk([]libwebsocketd.Message{m, m, m}), First: first, Skip: 1})
		a.add(&libwebsocketd.Delivery{Note: &libwebsocketd.Note{Restarted: string(data) + "!"}})
		var got struct {
			Pending []struct {
				Seq     uint64
				Data    *string
				Base64  *string
				Restart *string
			}
		}
		if err := json.Unmarshal(encode(a), &got); err != nil || len(got.Pending) != 3 {
			t.Fatalf("%v in %s", err, encode(a))
		}
		for i, e := range got.Pending[:2] {
			back, want := e.Data, string(data)
			if isBinary {
				back, want = e.Base64, base64.StdEncoding.EncodeToString(data)
			}
			if e.Seq != first+uint64(i)+1 || back == nil || *back != want || (e.Data != nil) == (e.Base64 != nil) {
				t.Errorf("%q became %s", data, encode(a))
			}
		}
		if last := got.Pending[2]; last.Restart == nil || last.Seq != 0 || utf8.Valid(data) && *last.Restart != string(data)+"!" {
			t.Errorf("%q became %s", data, encode(a))
		}
	})
}
