package ctl

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// supervise answers for supervised programs, of which bad can do nothing and slow takes for ever; meet.N waits for others.
func (f *fake) supervise(m *http.ServeMux) {
	m.HandleFunc("GET /api/processes", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"success":true,"data":%s}`, f.processes)
	})
	done := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.took = append(f.took, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.EscapedPath(), "/api/processes/")+" "+string(body)))
		f.mu.Unlock()
		switch name, _, _ := strings.Cut(r.PathValue("name"), "."); name {
		case "bad":
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"success":false,"error":"bad is errored: exit status 1","code":"OPERATION_FAILED"}`)
		case "worse": // as PMDaemon has it
			io.WriteString(w, `{"success":false,"message":"worse is already online","error":"worse is already online"}`)
		case "slow":
			<-r.Context().Done()
		case "meet":
			f.meet()
			fallthrough
		default:
			io.WriteString(w, `{"success":true,"message":"done"}`)
		}
	}
	m.HandleFunc("GET /api/processes/web-1/logs", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"success":true,"data":{"records":[{"type":"stdout","message":"one %s"},{"type":"stderr","message":"two\u001b"}]}}`, r.URL.Query().Get("lines"))
	})
	m.HandleFunc("POST /api/processes/{name}/{action}", done)
	m.HandleFunc("DELETE /api/processes/{name}", done)
}

// meet waits until mostAtOnce requests have come to it, and counts how many are there together.
func (f *fake) meet() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.met++
	f.present++
	f.together = max(f.together, f.present)
	f.changed.Broadcast()
	for due := (f.met + mostAtOnce - 1) / mostAtOnce * mostAtOnce; f.met < due; {
		f.changed.Wait()
	}
	f.present--
}

// supervised are documents of instances: web needs api, which needs db.
const supervised = `[{"id":0,"name":"web-0","program":"web","status":"online","pid":7,"port":3000,"uptime":192000,"restarts":2,"cpu":1.25,"memory":1048576,"health_status":"healthy","after":["api:ready"],"waits":[],"viewers":3,"notice":"ready"},
{"id":1,"name":"web-1","program":"web","status":"starting","pid":null,"port":null,"uptime":0,"restarts":0,"cpu":0,"memory":0,"health_status":"unknown","after":["api:ready"],"waits":["api:ready"],"why":"x"},
{"id":2,"name":"db","program":"db","status":"stopped","exit_code":3,"health_status":"unknown"},
{"id":3,"name":"api","program":"api","status":"errored","why":"it has ended\u001b too often","after":["db:healthy"]}]`

// TestPs: a row for each instance, and what is to be said of it.
func TestPs(t *testing.T) {
	f := newFake(t)
	f.processes = supervised
	runs(t, f.options("ps"), "", 0, ""+
		"ID  NAME   STATUS    PID  PORT  UPTIME  RESTARTS   CPU   MEMORY  HEALTH   VIEWERS  NOTE\n"+
		" 0  web-0  online      7  3000   3m12s         2  1.2%  1.00MiB  healthy        3  ready\n"+
		" 1  web-1  starting    -     -       -         0     -        -  -              0  waits for api:ready\n"+
		" 2  db     stopped     -     -       -         0     -        -  -              0  exit status 3\n"+
		" 3  api    errored     -     -       -         0     -        -  -              0  it has ended\\x1b too often\n", "")
	f.processes = `[{"id":2,"name":"db"}]`
	o := f.options("ps")
	o.JSON = true
	runs(t, o, "", 0, f.processes+"\n", "")
}

// TestInfoSupervised: the program and its instances.
func TestInfoSupervised(t *testing.T) {
	f := newFake(t)
	f.programs = `[{"name":"web","lifetime":"supervised","channel":"process:web","instances":[{"pid":7},{"pid":0}]},{"name":"db","lifetime":"supervised","processes":0,"maxforks":9,"instances":[{"pid":0}]}]`
	f.processes = `[{"id":0,"name":"web-0","program":"web","uptime":61000,"memory":2048},{"id":1,"name":"web-1","program":"web"},{"id":2,"name":"db","program":"db","port":null,"pm_id":2}]`
	runs(t, f.options("info", "db"), "", 0, "program db\nname      db\nlifetime  supervised\n\ninstance db\nid       2\nname     db\nprogram  db\nport     -\n", "")
	runs(t, f.options("list"), "", 0, "NAME  PATH  LIFETIME    FRAMING  PROCESSES  CONNECTIONS  SESSIONS  COMMAND\n"+
		"web   -     supervised  -              1/2            0         0  -\ndb    -     supervised  -              0/1            0         0  -\n", "")
	runs(t, f.options("info", "web-0"), "", 0, "instance web-0\nid       0\nname     web-0\nprogram  web\nuptime   1m1s\nmemory   2.00KiB\n", "")
	f2 := newFiles(t, "")
	if status := Run(f.options("info", "web"), f2.Streams); status != 0 || !strings.Contains(f2.read("out"), "\n\nID  NAME   STATUS") || strings.Count(f2.read("out"), "web-") != 2 {
		t.Errorf("exit status %d, %s", status, f2.read("out"))
	}
	o := f.options("info", "db")
	o.JSON = true
	runs(t, o, "", 0, `{"name":"db","lifetime":"supervised","processes":0,"maxforks":9,"instances":[{"pid":0}]}`+"\n", "")
	runs(t, f.options("info", "web-7"), "", 1, "", `websocketd ctl: there is no program, session or connection "web-7": list, sessions and connections show what there is`+"\n")
	runs(t, f.options("kick", "web-0"), "", 1, "", "websocketd ctl: this is instance web-0, and no connection: websocketd ctl stop stops it\n")
	runs(t, f.options("end", "web-0"), "", 1, "", "websocketd ctl: this is instance web-0 of a supervised program: websocketd ctl stop stops it, and restart gives it another process\n")
}

// TestLogsOfInstance: its newest lines are printed; what goes on is the channel of its program.
func TestLogsOfInstance(t *testing.T) {
	f := newFake(t)
	f.programs = `[{"name":"web","lifetime":"supervised","channel":"process:web"}]`
	f.processes = `[{"id":0,"name":"web-0","program":"web"},{"id":1,"name":"web-1","program":"web"}]`
	runs(t, f.options("logs", "web-1"), "", 0, "one 10000\ntwo\x1b\n", "")
	o := f.options("logs", "web-1")
	o.Lines, o.JSON = 7, true
	runs(t, o, "", 0, `{"type":"stdout","message":"one 7"}`+"\n"+`{"type":"stderr","message":"two\u001b"}`+"\n", "")
	refusal := "websocketd ctl: web-0 is one instance of several, which have one channel: name web\n"
	o = f.options("logs", "web-0")
	o.Follow = true
	runs(t, o, "", 1, "", refusal)
	runs(t, f.options("attach", "web-0"), "", 1, "", refusal)
}

// TestOperations: each verb is one request a program, and its answer is waited for.
func TestOperations(t *testing.T) {
	f := newFake(t)
	f.processes = supervised
	for verb, want := range map[string]string{"start": "POST db/start", "stop": "POST db/stop", "restart": "POST db/restart", "reload": "POST db/reload", "delete": "DELETE db"} {
		f.took = nil
		runs(t, f.options(verb, "db"), "", 0, "db: "+operations[verb].done+"\n", "")
		if !slices.Equal(f.took, []string{want}) {
			t.Errorf("%s: %q, want %q", verb, f.took, want)
		}
	}
	f.took = nil
	runs(t, f.options("scale", "web", "4"), "", 0, "web: scaled to 4 instances\n", "")
	o := f.options("stop", "web-1", "3")
	o.JSON = true
	runs(t, o, "", 0, `{"name":"web-1","done":"stopped"}`+"\n"+`{"name":"3","done":"stopped"}`+"\n", "")
	if want := []string{`POST web/scale {"instances":4}`, "POST web-1/stop", "POST 3/stop"}; !slices.Equal(f.took, want) {
		t.Errorf("%q, want %q", f.took, want)
	}
	runs(t, f.options("scale", "web", "1"), "", 0, "web: scaled to 1 instance\n", "")
}

// TestOrder: what is started after another program is started behind it, and stopped before it.
func TestOrder(t *testing.T) {
	f := newFake(t)
	f.processes = `[{"id":0,"name":"web","program":"web","status":"stopped","after":["api:ready"]},{"id":1,"name":"db","program":"db","status":"stopped"},{"id":2,"name":"api","program":"api","status":"errored","after":["db"]}]`
	for verb, want := range map[string]string{"start": "db api web", "restart": "db api web", "reload": "db api web", "stop": "web api db", "delete": "web api db"} {
		for _, names := range [][]string{{"all"}, {"db", "web", "api"}, {"api", "db", "all"}} {
			f.took = nil
			runs(t, f.options(verb, names...), "", 0, strings.ReplaceAll(want+" ", " ", ": "+operations[verb].done+"\n"), "")
			for i, name := range strings.Fields(want) {
				if !strings.Contains(f.took[i]+" ", " "+name+"/") && !strings.HasSuffix(f.took[i], " "+name) {
					t.Errorf("%s %s: %q, want %s", verb, names, f.took, want)
				}
			}
		}
	}
}

// TestAll: the word all is every supervised program, and those that run are not started.
func TestAll(t *testing.T) {
	f := newFake(t)
	runs(t, f.options("stop", "all"), "", 1, "", "websocketd ctl: there are no supervised programs\n")
	f.processes = `[{"id":0,"name":"a","program":"a","status":"online"},{"id":1,"name":"b","program":"b","status":"stopped"},{"id":2,"name":"bad","program":"bad","status":"errored"}]`
	runs(t, f.options("start", "all"), "", 1, "b: started\n", "websocketd ctl: bad: bad is errored: exit status 1\n")
	f.processes = `[{"id":0,"name":"a","program":"a","status":"online"}]`
	runs(t, f.options("start", "all"), "", 0, "", "websocketd ctl: nothing is stopped: there is nothing to start\n")
	f.processes = `[{"id":0,"name":"all","program":"all","status":"online"}]`
	runs(t, f.options("stop", "all"), "", 1, "", `websocketd ctl: "all" is ambiguous: a program has that name; its id, which websocketd ctl ps shows, stands for it alone`+"\n")
	runs(t, f.options("stop", "0"), "", 0, "0: stopped\n", "")
}

// TestRefusedOperations: what is refused is told with the way out, and does not keep it from the
// others, but for what is started after it.
func TestRefusedOperations(t *testing.T) {
	f := newFake(t)
	f.programs, f.connections = chat, `[{"id":"17"}]`
	f.processes = `[{"id":0,"name":"bad","program":"bad","status":"stopped"},{"id":1,"name":"worse","program":"worse","status":"stopped"},{"id":2,"name":"good","program":"good","status":"stopped","after":["bad:ready"]},{"id":3,"name":"last","program":"last","status":"stopped","after":["good:ready"]}]`
	runs(t, f.options("stop", "gone"), "", 1, "", `websocketd ctl: there is no supervised program "gone": websocketd ctl ps shows which there are`+"\n")
	runs(t, f.options("scale", "gone", "2"), "", 1, "", `websocketd ctl: there is no supervised program "gone": websocketd ctl ps shows which there are`+"\n")
	runs(t, f.options("stop", "chat"), "", 1, "", "websocketd ctl: this is program chat, which is not supervised: websocketd ctl end ends its processes\n")
	runs(t, f.options("scale", "bad", "2"), "", 1, "", "websocketd ctl: bad is errored: exit status 1\n")
	runs(t, f.options("start", "worse"), "", 1, "", "websocketd ctl: worse is already online\n")
	runs(t, f.options("start", "17", "bad", "good", "last"), "", 1, "", ""+
		"websocketd ctl: 17: this is connection 17, which is not supervised: websocketd ctl end ends its processes\n"+
		"websocketd ctl: bad: bad is errored: exit status 1\n"+
		"websocketd ctl: good: not started, because it is started after bad\n"+
		"websocketd ctl: last: not started, because it is started after good\n")
	runs(t, f.options("restart", "bad", "good"), "", 1, "good: restarted\n", "websocketd ctl: bad: bad is errored: exit status 1\n")
	f.http.Close()
	if f := newFiles(t, ""); Run(Options{Verb: "stop", Names: []string{"a", "b"}, Address: Address{URL: "http://127.0.0.1:1"}}, f.Streams) != 1 || strings.Count(f.read("err"), "\n") != 1 {
		t.Errorf("%s", f.read("err"))
	}
}

// TestAtOnce: programs that do not wait for each other are asked for together, but not too many.
func TestAtOnce(t *testing.T) {
	f := newFake(t)
	var documents, want []string
	for i := range 2 * mostAtOnce {
		name := fmt.Sprintf("meet.%02d", i)
		documents = append(documents, fmt.Sprintf(`{"id":%d,"name":%q,"program":%[2]q,"status":"online"}`, i, name))
		want = append(want, name+": restarted\n")
	}
	f.processes = "[" + strings.Join(documents, ",") + "]"
	runs(t, f.options("restart", "all"), "", 0, strings.Join(want, ""), "")
	if f.together != mostAtOnce {
		t.Errorf("%d at once, want %d", f.together, mostAtOnce)
	}
}

// TestTimeout: a deed that takes too long is told with the way out; others are waited for.
func TestTimeout(t *testing.T) {
	f := newFake(t)
	f.processes = `[{"id":0,"name":"slow","program":"slow","status":"stopped"},{"id":1,"name":"quick","program":"quick","status":"stopped"}]`
	o := f.options("start", "slow", "quick")
	o.Timeout = 2 * time.Second // quick needs some of it
	runs(t, o, "", 1, "quick: started\n", "websocketd ctl: slow: not started after 2s: websocketd ctl ps shows how it is, and --timeout=DURATION waits longer\n")
}
