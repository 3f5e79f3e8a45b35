package soak

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"websocketd/client"
	"websocketd/test/harness"
)

// call calls a program by its name over WebSocket, with input, and takes its output and result.
func call(v visit) {
	c, err := client.StartCall(v.talking, "ws://"+v.address, "talk", nil, nil)
	if err != nil {
		v.broken("call", err)
		return
	}
	sent, l := 1+v.random.IntN(50), v.listen(false)
	for i := range sent {
		if _, err := fmt.Fprintln(c, "hello", i); err != nil {
			break // Result says why
		}
		v.tally.sent.Add(1)
	}
	if c.CloseInput(); v.chance(10) {
		c.Cancel()
	}
	answers := 0
	in := bufio.NewScanner(c)
	in.Split(wholeLines)
	for in.Scan() {
		l.take(in.Text())
		if strings.Contains(in.Text(), " heard hello ") {
			answers++
		}
	}
	_, err = c.Result()
	rejected := new(client.Rejected)
	switch {
	case err == nil:
		v.over(l, 1000, "", sent-answers)
	case errors.As(err, &rejected) && (strings.Contains(rejected.Reason, "cancellation") || rejected.Reason == "timeout expired"):
		v.tally.cut.Add(1) // by the client, who was held up before it has called
	case errors.As(err, &rejected):
		v.over(l, codeOf(rejected.ExitStatus()), rejected.Reason, sent-answers)
	default:
		v.broken("call", err)
	}
}

// codeOf returns the close code for an exit status as a shell has it.
func codeOf(status int) int {
	switch {
	case status == 0:
		return 1000
	case status == 137:
		return sigkilled
	}
	return 4000 + status
}

// callByHTTP does the same over plain HTTP.
func callByHTTP(v visit) {
	v = v.uncut() // who is cut off from an answer does not know whether it counts
	id := v.text("POST", "/pow/new", `{"call":"talk"}`)
	if json.Unmarshal([]byte(id), &id) != nil {
		return
	}
	sent, input := v.random.IntN(50), ""
	for i := range sent {
		input += fmt.Sprintln("hello", i)
	}
	v.tally.sent.Add(uint64(sent))
	v.try("POST", "/pow/input/"+id, input)
	v.try("POST", "/pow/closeInput/"+id, "")
	var s callState
	done := func() bool {
		answered := json.Unmarshal([]byte(v.text("GET", "/pow/status/"+id, "")), &s) == nil
		return answered && s.Result.Status != "pending"
	}
	if !harness.Within(longest, done) {
		v.tally.fault("call %s does not end", id)
		return
	}
	l, answers := v.listen(false), 0
	for line := range strings.Lines(s.Buffer) {
		l.take(line)
		if strings.Contains(line, " heard hello ") {
			answers++
		}
	}
	v.over(l, s.code(), s.Result.Reason, sent-answers)
}

// callState is the answer about a call.
type callState struct {
	Buffer string
	Result struct{ Status, Reason string }
}

// code returns the close code for the result.
func (s *callState) code() (code int) {
	if _, err := fmt.Sscanf(s.Result.Reason, "exit status %d", &code); err == nil {
		return 4000 + code
	}
	if s.Result.Reason == "signal: SIGKILL" {
		return sigkilled
	}
	return 1000
}

// text sends a request and returns the answer.
func (v visit) text(method, path, body string) string {
	resp := v.do(method, path, body, http.StatusOK)
	if resp == nil {
		return ""
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		v.broken(path, err)
	}
	return string(answer)
}

// try sends a request that fails if the process has been killed meanwhile.
func (v visit) try(method, path, body string) {
	for moving := true; moving; {
		r, err := http.NewRequestWithContext(v.talking, method, "http://"+v.address+path, strings.NewReader(body))
		var resp *http.Response
		if err == nil {
			resp, err = v.http.Do(r)
		}
		if err != nil {
			v.broken(path, err)
			return
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		moving = v.isMoving(resp.StatusCode, string(text)) // then nothing was taken
	}
}

// forgotten is how long the server remembers a call over HTTP that nobody asks about.
const forgotten = 70 * time.Second
