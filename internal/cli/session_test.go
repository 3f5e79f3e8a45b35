package cli

import (
	"bytes"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
)

const isSession = "lifetime = \"session\"\n"

// keptFor are sessions with the flags' defaults.
func keptFor(d time.Duration) session.Lifetime {
	return session.Lifetime{Resume: d, Attach: session.Share, History: 1 << 20}
}

// TestSessionPrograms: which programs of a file have sessions, how long they are kept, and
// what they take from the flags.
func TestSessionPrograms(t *testing.T) {
	refuse := keptFor(5 * time.Minute)
	refuse.Attach, refuse.KeepFirst, refuse.Watch = session.Refuse, 100, true
	for _, test := range []struct {
		content string
		args    []string
		want    any // nil: the connection
	}{
		{catA + isSession, nil, keptFor(5 * time.Minute)},
		{catA + isSession + "resume = \"10m\"\n", nil, keptFor(10 * time.Minute)},
		{catA + isSession + "resume = \"0s\"\n", nil, keptFor(0)},
		{catA + isSession + "resume = \"never\"\n", nil, keptFor(0)},
		{catA + "resume = \"10m\"\n", nil, keptFor(10 * time.Minute)},
		{catA + "resume = \"never\"\n", nil, keptFor(0)},
		{catA + "resume = \"0s\"\n", nil, nil},

		// The flags are defaults.
		{catA, []string{"--resume=1h"}, keptFor(time.Hour)},
		{catA + isSession, []string{"--resume=1h"}, keptFor(time.Hour)},
		{catA + isSession, []string{"--resume=never"}, keptFor(0)},
		{catA + isSession, []string{"--resume=0s"}, keptFor(5 * time.Minute)},
		{"resume = \"1h\"\n" + catA + "resume = \"2h\"\n", nil, keptFor(2 * time.Hour)},
		{"resume = \"1h\"\n" + catA + "resume = \"0s\"\n", nil, nil},
		{"resume = \"1h\"\n" + catA + isEach, nil, nil},
		{"resume = \"1h\"\n" + catA + isEach + "resume = \"0s\"\n", nil, nil},
		{"attach = \"refuse\"\nkeepfirst = 100\n" + catA + isSession + "watch = true\n", nil, refuse},

		// Sessions are no shared processes, and these are no sessions.
		{"shared = true\n" + catA + isSession, nil, keptFor(5 * time.Minute)},
		{"shared = true\n" + catA + "resume = \"1h\"\n", nil, keptFor(time.Hour)},
	} {
		if got := programOf(t, test.content, test.args...).Lifetime; !reflect.DeepEqual(any(got), test.want) {
			t.Errorf("%q with %q: %+v, want %+v", test.content, test.args, got, test.want)
		}
	}
	if _, ok := programOf(t, "resume = \"1h\"\n"+catA+isOne).Lifetime.(session.Lifetime); ok {
		t.Error("a shared program has sessions")
	}
}

// TestSessionsHaveOneRegistry: all programs, and COMMAND, count their sessions together.
func TestSessionsHaveOneRegistry(t *testing.T) {
	w, r := configured(t, "resume = \"1m\"\n"+catA+catB, "cat")
	if r != nil {
		t.Fatal(r.message)
	}
	w.sessions, w.programs = session.NewRegistry(0), nil
	if r := w.addPrograms(); r != nil {
		t.Fatal(r.message)
	}
	cfg := w.config()
	for _, l := range []libwebsocketd.Lifetime{cfg.Lifetime, cfg.Programs[0].Lifetime, cfg.Programs[1].Lifetime} {
		if l.(session.Lifetime).Registry != w.sessions {
			t.Errorf("%+v has another registry", l)
		}
	}
	if changed := changes(cfg.Programs, cfg.Programs); changed != "" {
		t.Errorf("changed: %q", changed)
	}
}

// TestMaxSessions: the default is --maxforks, that of the start.
func TestMaxSessions(t *testing.T) {
	for _, test := range []struct {
		content string
		want    int
	}{{"", 7}, {"maxforks = 3\n", 7}, {"maxsessions = 5\n", 5}, {"maxsessions = 0\n", 0}} {
		w, r := configured(t, test.content+catA+isSession)
		if r != nil {
			t.Fatal(r.message)
		}
		if got := w.maxSessions(7); got != test.want {
			t.Errorf("%q: %d, want %d", test.content, got, test.want)
		}
	}
}

// TestMaxSessionsOfNone: a limit of sessions where there can be none is told.
func TestMaxSessionsOfNone(t *testing.T) {
	_, r := configured(t, "maxsessions = 3\n"+catA)
	if want := `f.toml:1: maxsessions is for lifetime "session" or mcp = true; write resume = "5m" or mcp = true or pow = true, or lifetime = "session" in a program, or take maxsessions out`; r == nil || r.message != want {
		t.Errorf("%+v", r)
	}
}

// TestSessionReload: what a reload changes of sessions takes effect without a restart.
func TestSessionReload(t *testing.T) {
	started, r := configured(t, catA)
	if r != nil {
		t.Fatal(r.message)
	}
	next, r := configured(t, "maxsessions = 3\n"+catA+isSession)
	if r != nil {
		t.Fatal(r.message)
	}
	var out bytes.Buffer
	(&reloader{started: started, log: slog.New(newHandler(&out, "info", "text"))}).sayRestart(next)
	if changed := changes(started.programs, next.programs); changed != "; changed: a" || out.Len() > 0 {
		t.Errorf("changes: %q\n%s", changed, &out)
	}
}

func TestParseKeeping(t *testing.T) {
	for _, test := range []struct {
		text string
		want keeping
		err  string
	}{
		{"never", forEver, ""}, {"5m", keeping(5 * time.Minute), ""}, {"0", 0, ""}, {"0s", 0, ""},
		{"Never", 0, errDuration.Error() + ", nor never"}, {"", 0, errDuration.Error() + ", nor never"},
		{"-1ns", 0, errNegative.Error()}, {"5", 0, "has no unit: write 5s for seconds"},
	} {
		got, err := parseKeeping(test.text)
		if err == nil && got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%q: %v, %v; want %v, %q", test.text, got, err, test.want, test.err)
		}
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "1s", 90 * time.Second: "1m30s", 5 * time.Minute: "5m", 10 * time.Minute: "10m",
		time.Hour: "1h", 90 * time.Minute: "1h30m", 100 * time.Hour: "100h", time.Hour + time.Second: "1h0m1s"} {
		if got := brief(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
