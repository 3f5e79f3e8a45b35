package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const mcpHeaders = "application/json, text/event-stream"

// stateless calls a tool of the MCP server, whose process all clients of 2026-07-28 have together.
func stateless(v visit) {
	meta := `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	for i := range 1 + v.random.IntN(20) {
		if !v.tool(i, meta, "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: echo") {
			return
		}
	}
	v.tally.whole.Add(1)
}

// session opens a session with a process of its own, as clients before 2026-07-28 do, and calls a tool.
func mcpSession(v visit) {
	initialize := `{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"soak","version":"1"}}}`
	resp := v.do("POST", "/mcp", initialize, http.StatusOK, "Content-Type: application/json", "Accept: "+mcpHeaders)
	if resp == nil {
		return
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	id := resp.Header.Get("Mcp-Session-Id")
	if err != nil {
		v.broken("initialize", err)
		return
	}
	if id == "" {
		v.tally.cut.Add(1) // the process was killed
		if !bytes.Contains(body, []byte(`"error"`)) {
			v.tally.fault("initialize: %.200s", body)
		}
		return
	}
	for i := range 1 + v.random.IntN(20) {
		if !v.tool(i, "", "MCP-Protocol-Version: 2025-11-25", "Mcp-Session-Id: "+id) {
			break
		}
	}
	if v.long && v.chance(30) {
		v.tally.cut.Add(1)
		return // it is over when nothing has been asked for some time
	}
	v.uncut().end(id)
}

// end ends a session, which may have ended with its process.
func (v visit) end(id string) {
	r, err := http.NewRequestWithContext(v.talking, "DELETE", "http://"+v.address+"/mcp", nil)
	if err != nil {
		v.tally.fault("%v", err)
		return
	}
	r.Header.Set("MCP-Protocol-Version", "2025-11-25")
	r.Header.Set("Mcp-Session-Id", id)
	resp, err := v.http.Do(r)
	if err != nil {
		v.broken("DELETE", err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusNotFound {
		v.tally.fault("DELETE: %s", resp.Status)
	}
	v.tally.whole.Add(1)
}

// tool calls a tool that returns what it is given. It reports whether it has. Where the process was
// killed, the answer is an error.
func (v visit) tool(i int, meta string, header ...string) bool {
	payload := strconv.FormatUint(v.random.Uint64()>>16, 10)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"payload":%s}%s}}`, i, payload, meta)
	r, err := http.NewRequestWithContext(v.talking, "POST", "http://"+v.address+"/mcp", bytes.NewBufferString(body))
	if err != nil {
		v.tally.fault("%v", err)
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", mcpHeaders)
	for _, h := range header {
		setHeader(r, h)
	}
	v.tally.sent.Add(1)
	resp, err := v.http.Do(r)
	if err != nil {
		v.broken("call", err)
		return false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.broken("call", err)
		return false
	}
	return v.answered(i, payload, text)
}

// answered takes the answer to a call, which is JSON or the data of events.
func (v visit) answered(i int, payload string, text []byte) bool {
	for line := range bytes.Lines(text) {
		var a struct {
			ID     json.RawMessage
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if json.Unmarshal(bytes.TrimPrefix(line, []byte("data:")), &a) != nil {
			continue
		}
		switch {
		case a.Error != nil: // the process was killed
			return false
		case string(a.ID) == strconv.Itoa(i) && bytes.Contains(a.Result, []byte(payload)):
			v.tally.heard.Add(1)
			return true
		}
	}
	if v.cut && len(text) == 0 {
		v.tally.cut.Add(1)
		return false
	}
	v.tally.lose(1, "call %d with %s has the answer %.300q", i, payload, text)
	return false
}
