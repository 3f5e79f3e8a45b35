package manager

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// frame is a message with its data as it came.
type frame struct {
	Type      string
	ID        json.RawMessage
	Timestamp string
	Data      map[string]any
}

// next receives a message.
func (o *operator) next() (f frame) {
	o.t.Helper()
	raw, err := o.Receive()
	if err == nil {
		err = json.Unmarshal(raw.Data, &f)
	}
	if err != nil {
		o.t.Fatalf("%v: %s", err, raw.Data)
	}
	return f
}

// ask sends a request and returns the next message with its ID.
func (o *operator) ask(kind, id string, data map[string]any) frame {
	o.t.Helper()
	o.send(map[string]any{"type": kind, "id": id, "data": data})
	for {
		if f := o.next(); string(f.ID) == strconv.Quote(id) {
			return f
		}
	}
}

// isError demands that a request is refused with a code, and that words are named.
func (f frame) isError(t *testing.T, code string, names ...string) {
	t.Helper()
	message := fmt.Sprint(f.Data["message"])
	if f.Type != "error" || f.Data["code"] != code || len(f.Data) != 2 {
		t.Errorf("not %s: %+v", code, f)
	}
	for _, name := range names {
		if !strings.Contains(message, name) {
			t.Errorf("%q does not name %q", message, name)
		}
	}
}

// two are programs that print and take input.
const two = `[program.api]
command = ["/bin/sh", "-c", "exec cat"]
lifetime = "supervised"
[program.db]
command = ["/bin/sh", "-c", "exec cat"]
lifetime = "supervised"
`

// TestPoint1: a client that has not subscribed gets nothing unasked.
func TestPoint1(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	o, busy := s.connect(t), s.connect(t, "process_status", "process_metrics", "system_metrics", "process_event", "log_message", "health_update")
	s.awaitOnline(t, "api")
	for _, action := range []string{"restart", "reload", "stop", "start"} {
		if f := busy.ask("command", action, map[string]any{"action": action, "process": "api"}); f.Type != "command_result" {
			t.Fatalf("%+v", f)
		}
	}
	o.send(map[string]any{"type": "get_info", "id": "only", "data": map[string]any{"process": "api"}})
	if f := o.next(); string(f.ID) != `"only"` {
		t.Errorf("it got %+v", f)
	}
}

// TestPoint2: with an interval of 200 ms every program is told of about five times a second, its ID
// is stable, its uptime grows, and its memory is what the system says.
func TestPoint2(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	pid := s.awaitOnline(t, "api").Data.Pid
	s.awaitOnline(t, "db")
	s.ConnectTo(t, "/api").Echo(t, "up") // it is loaded
	o := s.connect(t)
	began := time.Now()
	first := -1.0
	o.send(map[string]any{"type": "subscribe", "data": map[string]any{"events": []string{"process_metrics"}, "interval": 200}})
	ids, last := map[any]any{}, 0.0
	const messages = 6
	for n := range messages {
		f := o.next()
		entries, _ := f.Data["processes"].([]any)
		if f.Type != "process_metrics" || len(entries) != 2 {
			t.Fatalf("%+v", f)
		}
		for _, each := range entries {
			entry := each.(map[string]any)
			for _, key := range []string{"id", "name", "status", "cpu", "memory", "uptime", "restarts"} {
				if entry[key] == nil {
					t.Errorf("no %s in %v", key, entry)
				}
			}
			if known, ok := ids[entry["name"]]; ok && known != entry["id"] {
				t.Errorf("the ID of %v is %v, then %v", entry["name"], known, entry["id"])
			}
			ids[entry["name"]] = entry["id"]
			if entry["name"] == "api" {
				up := entry["uptime"].(float64)
				if up < last { // on a busy machine two may come at once
					t.Errorf("an uptime of %v after %v", up, last)
				}
				if last = up; first < 0 {
					first = up
				}
				if told, is := entry["memory"].(float64), rss(t, pid); told <= 0 || n > 1 && (told < 0.8*is || told > 1.2*is) { // it may have started between two samples
					t.Errorf("memory %v, the system says %v", told, is)
				}
			}
		}
	}
	if last <= first {
		t.Errorf("an uptime of %v after %v", last, first)
	}
	if took := time.Since(began); took < (messages-2)*200*time.Millisecond {
		t.Errorf("%d messages in %v", messages, took)
	}
}

// rss returns what the system says about the memory of a process, in bytes.
func rss(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize())
}

// TestPoint3: system_metrics has all documented keys, and they agree with each other.
func TestPoint3(t *testing.T) {
	t.Parallel()
	o := manage(t, two).connect(t)
	o.send(map[string]any{"type": "subscribe", "data": map[string]any{"events": []string{"system_metrics"}, "interval": 100}})
	for range 2 {
		d := o.next().Data
		cpu, memory, load := d["cpu"].(map[string]any), d["memory"].(map[string]any), d["load"].(map[string]any)
		if cpu["cores"] != float64(runtime.NumCPU()) || cpu["usage"].(float64) < 0 || cpu["usage"].(float64) > 100 {
			t.Errorf("%v", cpu)
		}
		used, total, percent := memory["used"].(float64), memory["total"].(float64), memory["usage_percent"].(float64)
		if total <= 0 || used <= 0 || memory["available"].(float64) <= 0 || percent < 100*used/total-0.02 || percent > 100*used/total+0.02 {
			t.Errorf("%v", memory)
		}
		for _, key := range []string{"one", "five", "fifteen"} {
			if _, ok := load[key].(float64); !ok {
				t.Errorf("%v", load)
			}
		}
		if len(d) != 3 || len(cpu) != 2 || len(memory) != 4 || len(load) != 3 {
			t.Errorf("%v", d)
		}
	}
}

// TestPoint4: processes filters status, logs, events and metrics; unsubscribe stops only the named
// events.
func TestPoint4(t *testing.T) {
	t.Parallel()
	s := manage(t, strings.Replace(two, "exec cat", "echo hello; exec cat", 2))
	s.awaitOnline(t, "api")
	s.awaitOnline(t, "db")
	o, by := s.connect(t), s.connect(t)
	o.send(map[string]any{"type": "subscribe", "data": map[string]any{
		"events": []string{"process_status", "process_event", "log_message", "process_metrics"}, "processes": []string{"db"}, "interval": 3600000}})
	if f := o.next(); f.Type != "process_metrics" || len(f.Data["processes"].([]any)) != 1 {
		t.Errorf("%+v", f)
	}
	restart := func() {
		t.Helper()
		for _, name := range []string{"api", "db"} {
			if f := by.ask("command", name, map[string]any{"action": "restart", "process": name}); f.Type != "command_result" {
				t.Fatalf("%+v", f)
			}
		}
	}
	collect := func(logs int) (seen []string) {
		t.Helper()
		for events := 0; logs > 0 || events == 0; {
			f := o.next()
			switch f.Type {
			case "log_message":
				logs--
			case "process_event":
				events++
			}
			seen = append(seen, fmt.Sprintf("%s %v%v", f.Type, orNone(f.Data["name"]), orNone(f.Data["process"])))
		}
		slices.Sort(seen)
		return slices.Compact(seen)
	}
	restart()
	if got, want := collect(1), []string{"log_message db", "process_event db", "process_status db"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	o.send(map[string]any{"type": "unsubscribe", "data": map[string]any{"events": []string{"process_status", "log_message"}}})
	o.ask("get_system", "settled", nil)
	restart()
	if got, want := collect(0), []string{"process_event db"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func orNone(value any) any {
	if value == nil {
		return ""
	}
	return value
}

// TestPoint5: a program that is killed from outside comes back, and that is told.
func TestPoint5(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	first := s.awaitOnline(t, "api").Data
	o := s.connect(t, "process_status", "process_event")
	if err := syscall.Kill(first.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	all := o.until("event restarted")
	for len(all) > 1 && all[0].String() != "event crashed" { // of the start, which a list tells before the events do
		all = all[1:]
	}
	if got, want := words(all), "event crashed, restarting after online, starting after restarting, online after starting, event restarted"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	online := all[3].Data
	if online.Pid == first.Pid || online.Pid == 0 || all[0].Data.Details["exit_code"] != -1.0 {
		t.Errorf("%+v after %+v", all, first)
	}
	if now := s.info(t, "api").Data; now.Restarts != 1 || now.Pid != online.Pid {
		t.Errorf("%+v", now)
	}
}

// TestPoint8: every command does what it says and is answered; what is wrong is named.
func TestPoint8(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	first := s.awaitOnline(t, "api").Data
	o := s.connect(t)
	does := func(action, status string) int {
		t.Helper()
		f := o.ask("command", action, map[string]any{"action": action, "process": "api"})
		if want := map[string]any{"action": action, "process": "api", "success": true}; f.Type != "command_result" || !reflect.DeepEqual(f.Data, want) {
			t.Errorf("%s: %+v", action, f)
		}
		now := s.info(t, "api").Data
		if now.Status != status {
			t.Errorf("after %s it is %s", action, now.Status)
		}
		return now.Pid
	}
	restarted := does("restart", "online")
	reloaded := does("reload", "online")
	if first.Pid == restarted || restarted == reloaded {
		t.Errorf("PIDs %d %d %d", first.Pid, restarted, reloaded)
	}
	o.ask("command", "1", map[string]any{"action": "start", "process": "api"}).isError(t, "OPERATION_FAILED", "api is already online")
	if pid := does("stop", "stopped"); pid != 0 || harness.Alive(reloaded) {
		t.Errorf("%d is still there", reloaded)
	}
	does("start", "online")
	if f := o.ask("command", "delete", map[string]any{"action": "delete", "process": "api"}); f.Type != "command_result" {
		t.Errorf("%+v", f)
	}
	o.ask("get_info", "2", map[string]any{"process": "api"}).isError(t, "PROCESS_NOT_FOUND", `"api"`)
	o.ask("command", "3", map[string]any{"action": "start", "process": "nobody"}).isError(t, "PROCESS_NOT_FOUND", `"nobody"`)
	o.ask("command", "4", map[string]any{"action": "explode", "process": "db"}).isError(t, "INVALID_ACTION", `"explode"`)
	o.ask("command", "5", map[string]any{"action": "start", "process": "new", "config": map[string]any{"script": "cat"}}).isError(t, "FORBIDDEN", "--adminexec")
	o.ask("subscribe", "6", map[string]any{"events": []string{"process_statuses"}}).isError(t, "INVALID_EVENT", `"process_statuses"`)
}

// TestPoint8Exec: with --adminexec a program that is not configured is started, and it is gone when
// it is deleted.
func TestPoint8Exec(t *testing.T) {
	t.Parallel()
	s := manage(t, "adminexec = true\n"+two)
	o := s.connect(t)
	start := map[string]any{"action": "start", "process": "new", "config": map[string]any{
		"script": "/bin/sh", "args": []string{"-c", "echo at $PORT; exec cat"}, "port": "3002"}}
	if f := o.ask("command", "1", start); f.Type != "command_result" {
		t.Fatalf("%+v", f)
	}
	now := s.info(t, "new").Data
	if now.Status != "online" || !harness.Alive(now.Pid) {
		t.Errorf("%+v", now)
	}
	c := s.ConnectTo(t, "/new")
	if first, err := c.Receive(); err != nil || string(first.Data) != "at 3002" {
		t.Errorf("%q %v", first.Data, err)
	}
	o.ask("command", "2", start).isError(t, "OPERATION_FAILED", "already online")
	o.ask("command", "3", map[string]any{"action": "start", "process": "bad", "config": map[string]any{"script": "no-such-file"}}).isError(t, "INVALID_CONFIGURATION", "no-such-file")
	if f := o.ask("command", "4", map[string]any{"action": "delete", "process": "new"}); f.Type != "command_result" || harness.Alive(now.Pid) {
		t.Errorf("%+v", f)
	}
	if status := s.Ask(t, harness.Handshake("/new")).Status(); status != 404 {
		t.Errorf("after delete: %d", status)
	}
}

// TestPoint10: a log_message for each line, with its stream, process and instance, in order.
func TestPoint10(t *testing.T) {
	t.Parallel()
	s := manage(t, `[program.p]
		command = ["/bin/sh", "-c", "while read -r n; do i=0; while [ $i -lt $n ]; do echo out $i; i=$((i+1)); done; echo err >&2; done"]
		lifetime = "supervised"
		instances = 2
	`)
	s.awaitOnline(t, "p-0")
	s.awaitOnline(t, "p-1")
	o := s.connect(t, "log_message")
	c := s.ConnectTo(t, "/p?instance=1")
	const lines = 3000
	c.Text(strconv.Itoa(lines))
	next := 0
	for errs := 0; next < lines || errs == 0; {
		f := o.next()
		if f.Type != "log_message" || f.Data["process"] != "p" || f.Data["instance"] != 1.0 {
			t.Fatalf("%+v", f)
		}
		switch f.Data["stream"] {
		case "stdout":
			if f.Data["message"] != fmt.Sprint("out ", next) || f.Data["level"] != "info" {
				t.Fatalf("line %d is %+v", next, f)
			}
			next++
		default:
			if errs++; f.Data["message"] != "err" || f.Data["level"] != "error" || f.Data["stream"] != "stderr" {
				t.Errorf("%+v", f)
			}
		}
	}
}

// TestPoint13: get_info and get_system are answered, with the ID of the request.
func TestPoint13(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	at := s.awaitOnline(t, "api").Data
	o := s.connect(t)
	f := o.ask("get_info", "a", map[string]any{"process": "api"})
	if f.Type != "get_info_result" || f.Data["pid"] != float64(at.Pid) || f.Data["status"] != "online" || f.Data["exit_code"] != nil || f.Data["instance"] != 0.0 {
		t.Errorf("%+v", f)
	}
	if f := o.ask("get_system", "b", map[string]any{}); f.Type != "get_system_result" || f.Data["cpu"] == nil || f.Data["memory"] == nil || f.Data["load"] == nil {
		t.Errorf("%+v", f)
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", f.Timestamp); err != nil || time.Since(at) > time.Hour {
		t.Errorf("timestamp %q", f.Timestamp)
	}
	o.ask("get_info", "c", nil).isError(t, "PROCESS_NOT_FOUND")
}

// TestVocabularies: a client of the hub sees nothing of the events, and one with events nothing of
// what the hub sends to all.
func TestVocabularies(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	s.awaitOnline(t, "api")
	hub, events := s.connect(t), s.connect(t, "process_event")
	hub.send(map[string]any{"type": "subscribe", "channel": "process:api"})
	if f := hub.next(); f.Type != "process_status" || f.Data["status"] != "running" {
		t.Errorf("%+v", f)
	}
	if f := events.ask("command", "1", map[string]any{"action": "stop", "process": "api"}); f.Type != "command_result" {
		t.Errorf("%+v", f)
	}
	if f := hub.next(); f.Type != "process_status" || f.Data["status"] != "killed" || f.Data["exitCode"] != -1.0 {
		t.Errorf("%+v", f)
	}
}
