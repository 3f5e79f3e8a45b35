package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// call runs a tool. The mutex is held.
func (s *mcpServer) call(tool string, a mcpArguments, to mcpTarget) {
	switch tool {
	case "echo", "shaped", "ünïcode tool", " padded ", "=?base64?literal?=":
		s.reply(to, a.Payload)
	case "gather":
		s.gather(a, to)
	case "hang":
		for i := range a.N {
			s.tell(to, i+1, a.N)
		}
		s.parked = append(s.parked, parkedCall{to, tool, a.Payload})
	case "release":
		n := s.release("hang", "released")
		s.reply(to, []byte(strconv.Itoa(n)))
	case "parked":
		s.reply(to, []byte(strconv.Itoa(len(s.parked)+len(s.listens))))
	case "progress":
		go s.progress(a, to)
	case "say":
		s.say(a, to)
	case "twice":
		s.write(strings.Repeat(strings.Join(a.Before, ""), 2))
	case "ask":
		s.numbers++
		id := fmt.Sprintf("asked-%d", s.numbers)
		s.asked[id] = to
		s.write(fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"method":%q,"params":%s}`, id, a.Method, a.Params))
	case "publish":
		s.publish(a)
		s.reply(to, nil)
	case "seen":
		s.reply(to, marshal(s.seen))
	case "env":
		s.reply(to, marshal(os.Getenv(a.Name)))
	case "pid":
		s.reply(to, []byte(strconv.Itoa(os.Getpid())))
	case "retool":
		s.header = a.Name
		s.reply(to, nil)
	case "big":
		s.tell(to, 1, 1)
		s.reply(to, marshal(strings.Repeat("y", a.N)))
	case "crash":
		crash(a)
	default:
		s.fail(to, -32602, `"no such tool"`)
	}
}

// gather answers, in another order, once so many calls wait.
func (s *mcpServer) gather(a mcpArguments, to mcpTarget) {
	s.parked = append(s.parked, parkedCall{to, "gather", a.Payload})
	var waiting []parkedCall
	for _, c := range s.parked {
		if c.tool == "gather" {
			waiting = append(waiting, c)
		}
	}
	if len(waiting) < a.N {
		return
	}
	s.parked = slices.DeleteFunc(s.parked, func(c parkedCall) bool { return c.tool == "gather" })
	rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	for _, c := range waiting {
		s.reply(c.mcpTarget, c.payload)
	}
}

// release answers the parked calls of a tool, or of all, with their payloads, and those
// without one with word.
func (s *mcpServer) release(tool, word string) (n int) {
	var kept []parkedCall
	for _, c := range s.parked {
		if tool != "" && c.tool != tool {
			kept = append(kept, c)
			continue
		}
		if c.payload == nil {
			c.payload = marshal(word)
		}
		s.reply(c.mcpTarget, c.payload)
		n++
	}
	s.parked = kept
	return n
}

// progress tells how far it is, n times, and answers.
func (s *mcpServer) progress(a mcpArguments, to mcpTarget) {
	for i := range a.N {
		s.mu.Lock()
		s.tell(to, i+1, a.N)
		s.mu.Unlock()
		if a.Pause > 0 {
			<-time.After(time.Duration(a.Pause) * time.Millisecond) // paces the output; this does not synchronize anything
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply(to, a.Payload)
}

// tell tells how far a call is, if it has a token. The mutex is held.
func (s *mcpServer) tell(to mcpTarget, n, of int) {
	if to.token != "" {
		s.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%d,"total":%d}}`, to.token, n, of))
	}
}

// say writes any lines before and after its answer.
func (s *mcpServer) say(a mcpArguments, to mcpTarget) {
	replace := strings.NewReplacer("$ID", to.id, "$TOKEN", to.token)
	for _, line := range a.Before {
		s.write(replace.Replace(line))
	}
	s.reply(to, a.Payload)
	for _, line := range a.After {
		s.write(replace.Replace(line))
	}
}

// publish sends a notification to every subscription.
func (s *mcpServer) publish(a mcpArguments) {
	for id := range s.listens {
		params := map[string]json.RawMessage{}
		json.Unmarshal(a.Params, &params)
		params["_meta"] = json.RawMessage(`{"io.modelcontextprotocol/subscriptionId":` + id + `}`)
		s.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":%s}`, a.Method, marshal(params)))
	}
}

// crash ends the process with a status, for 0 by SIGKILL, or for less than that with status 0.
func crash(a mcpArguments) {
	if a.N != 0 {
		os.Exit(max(a.N, 0))
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
}
