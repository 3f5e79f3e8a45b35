package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"websocketd/libwebsocketd/hub"
)

// mostJobs is how many processes run at once.
const mostJobs = 8

// jobs are the processes. Each has an ID, which its client chooses, and the channel of that ID.
type jobs struct {
	hub     *hub.Hub
	command []string
	running sync.WaitGroup
	ctx     context.Context // done when all are to end
	cancel  context.CancelFunc

	mu  sync.Mutex
	ids map[string]bool // of those that run
}

func newJobs(to *hub.Hub, command []string) *jobs {
	j := &jobs{hub: to, command: command, ids: map[string]bool{}}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	return j
}

// end ends all processes, and waits for that.
func (j *jobs) end() {
	j.mu.Lock() // none begins any more
	j.cancel()
	j.mu.Unlock()
	j.running.Wait()
}

// serve starts the command under the id of the query.
func (j *jobs) serve(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	switch err := hub.CheckProcessID(id); {
	case !isOwnPage(r):
		http.Error(w, "a page of another site may not start anything", http.StatusForbidden)
	case id == "":
		http.Error(w, "missing id parameter", http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		j.begin(w, id)
	}
}

// begin starts the command, if it may, and answers.
func (j *jobs) begin(w http.ResponseWriter, id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.ctx.Err() != nil:
		http.Error(w, "the server goes away", http.StatusServiceUnavailable)
	case j.ids[id]:
		http.Error(w, id+" is running", http.StatusConflict)
	case len(j.ids) >= mostJobs:
		http.Error(w, fmt.Sprintf("%d processes run, which is as many as may", mostJobs), http.StatusTooManyRequests)
	default:
		j.ids[id] = true
		j.running.Go(func() {
			defer j.forget(id)
			j.run(id)
		})
		w.WriteHeader(http.StatusAccepted)
	}
}

func (j *jobs) forget(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.ids, id)
}

// run runs the command to its end: its channel has "running", every line of both streams, and
// then how it has ended.
func (j *jobs) run(id string) {
	cmd := exec.CommandContext(j.ctx, j.command[0], j.command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second // for what it has to say, and for its children, which have its output too
	started := make(chan struct{})
	stdout, stderr := &lines{to: j.hub, id: id, after: started}, &lines{to: j.hub, id: id, after: started}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		j.hub.SendProcessStatus(id, "failed", -1)
		j.hub.SendError(fmt.Sprintf("failed to start process %s: %v", id, err))
		return
	}
	j.hub.SendProcessStatus(id, "running", 0)
	close(started)
	cmd.Wait() // for both streams, too; what is wrong is in the status
	stdout.end()
	stderr.end()
	status, code := "exited", cmd.ProcessState.ExitCode()
	if code < 0 { // by a signal
		status = "killed"
	}
	j.hub.SendProcessStatus(id, status, code)
}

// mostLine is how much of a line without an end is kept. A longer one comes in pieces.
const mostLine = 64 << 10

// lines is a stream of a process: what is written to it goes to the process's channel, line by
// line.
type lines struct {
	to    *hub.Hub
	id    string
	after chan struct{} // closed when lines may come
	open  []byte        // what has not ended yet
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	<-l.after
	for line := range bytes.Lines(b) {
		l.open = append(l.open, line...)
		if bytes.HasSuffix(line, []byte("\n")) || len(l.open) >= mostLine {
			l.send()
		}
	}
	return len(b), nil
}

// end sends a line that has no end.
func (l *lines) end() {
	if len(l.open) > 0 {
		l.send()
	}
}

func (l *lines) send() {
	line := bytes.TrimSuffix(bytes.TrimSuffix(l.open, []byte("\n")), []byte("\r"))
	l.to.SendProcessOutput(l.id, string(line)) // the id was checked
	l.open = l.open[:0]
}
