package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/manager"
)

const (
	// mostConfig is how long the settings of a program may be that is added.
	mostConfig = 64 << 10
	// defaultLogs and mostLogs are how many lines are answered.
	defaultLogs, mostLogs = 50, 10_000
)

// doneWords are what was done, for people.
var doneWords = map[string]string{"start": "started", "stop": "stopped", "restart": "restarted", "reload": "reloaded", "delete": "deleted"}

// operateProcess does something with a program, and answers when it is done.
func (c *Control) operateProcess(w http.ResponseWriter, r *http.Request) {
	name, action := r.PathValue("name"), r.PathValue("action")
	body, err := readBody(w, r)
	if err != nil {
		answerFailure(w, err)
		return
	}
	if action == "scale" {
		c.scaleProcess(w, r, name, body)
		return
	}
	if operations[action] == nil || action == "delete" {
		answerFailure(w, &manager.Error{Code: codeInvalidAction,
			Message: "there is no action " + text.Quote(action) + "; there are start, stop, restart, reload, scale"})
		return
	}
	if err := checkPort(body); err != nil {
		answerFailure(w, err)
		return
	}
	if action == "start" && c.isOnline(name) { // as PMDaemon answers it
		answer(w, failure{Error: name + " is already online", Message: name + " is already online", Code: manager.CodeOperation})
		return
	}
	c.finish(w, r, name+" was "+doneWords[action], func(ctx context.Context) error {
		return operations[action](c.Programs, ctx, name)
	})
}

// isOnline reports whether every instance of a program is online.
func (c *Control) isOnline(name string) bool {
	found, err := c.Programs.Find(name)
	for i := range found {
		if found[i].Status != manager.Online {
			return false
		}
	}
	return err == nil
}

// deleteProcess stops a program, and serves it no more.
func (c *Control) deleteProcess(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	c.finish(w, r, name+" was deleted", func(ctx context.Context) error { return c.Programs.Delete(ctx, name) })
}

// scaleProcess changes how many instances a program has.
func (c *Control) scaleProcess(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	var to struct {
		Instances int `json:"instances"`
	}
	if err := json.Unmarshal(body, &to); err != nil {
		answerFailure(w, &manager.Error{Code: manager.CodeInvalid, Message: `the body is {"instances": NUMBER}`})
		return
	}
	c.finish(w, r, fmt.Sprintf("%s has %d instances", name, to.Instances), func(ctx context.Context) error {
		return c.Programs.Scale(ctx, name, to.Instances)
	})
}

// addProcess serves a program that is not configured, and starts it.
func (c *Control) addProcess(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if err != nil {
		answerFailure(w, err)
		return
	}
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(body, &named); err != nil || named.Name == "" {
		answerFailure(w, &manager.Error{Code: manager.CodeInvalid, Message: `the body is {"name": "NAME", "script": "FILE", ..}`})
		return
	}
	c.finish(w, r, named.Name+" was started", func(ctx context.Context) error { return c.add(ctx, named.Name, body) })
}

// finish does something for a request, at most as long as a command may take, and answers.
func (c *Control) finish(w http.ResponseWriter, r *http.Request, message string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	defer context.AfterFunc(c.going, cancel)()
	http.NewResponseController(w).SetReadDeadline(time.Time{}) // the body has come; the client may leave
	if err := do(ctx); err != nil {
		answerFailure(w, err)
		return
	}
	answer(w, wrapped{Success: true, Message: message})
}

// readBody reads the body of a request.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(takeTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostConfig))
	if err != nil {
		return nil, &manager.Error{Code: manager.CodeInvalid, Message: fmt.Sprintf("the body cannot be read: %v", err)}
	}
	return bytes.TrimSpace(body), nil
}

// checkPort refuses a body that gives a program another port: what it has is in its settings.
func checkPort(body []byte) error {
	var wants struct {
		Port  any `json:"port"`
		Range any `json:"port_range"`
	}
	if len(body) > 0 && json.Unmarshal(body, &wants) != nil {
		return &manager.Error{Code: manager.CodeInvalid, Message: "the body is no object in JSON: leave it out, or send null"}
	}
	if wants.Port != nil || wants.Range != nil {
		return &manager.Error{Code: manager.CodeInvalid, Message: "a port is not changed by a restart: set port in the program's settings"}
	}
	return nil
}

// logRecord is a line in the answer about logs.
type logRecord struct {
	Timestamp time.Time `json:"timestamp"`
	Type      string    `json:"type"` // stdout or stderr
	Process   string    `json:"process"`
	Message   string    `json:"message"`
}

// serveLogs answers with the newest lines of a program.
func (c *Control) serveLogs(w http.ResponseWriter, r *http.Request) {
	n := defaultLogs
	if query := r.URL.Query(); query.Has("lines") {
		var err error
		if n, err = strconv.Atoi(query.Get("lines")); err != nil || n < 0 || n > mostLogs {
			answerFailure(w, &manager.Error{Code: manager.CodeInvalid, Message: fmt.Sprintf("lines is a number from 0 to %d", mostLogs)})
			return
		}
	}
	found, err := c.Programs.Tail(r.PathValue("name"), n)
	if err != nil {
		answerFailure(w, err)
		return
	}
	var blocks [2]strings.Builder
	records := []logRecord{}
	for _, line := range found {
		block := &blocks[0]
		if line.Stream == manager.Stderr {
			block = &blocks[1]
		}
		block.WriteString(line.Text)
		block.WriteByte('\n')
		records = append(records, logRecord{line.At.UTC(), string(line.Stream), line.Name, line.Text})
	}
	answer(w, wrapped{Success: true, Data: map[string]any{
		"logs": blocks[0].String() + blocks[1].String(), "lines": len(records), "process_id": r.PathValue("name"), "records": records,
	}})
}
