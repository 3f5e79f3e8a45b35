package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
)

// serveMCP is a child that is an MCP server with the tool that is called, in both eras.
func serveMCP() error {
	for in := bufio.NewReader(os.Stdin); ; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var request struct {
			ID     json.RawMessage
			Method string
		}
		if err := json.Unmarshal(line, &request); err != nil {
			return err
		}
		if request.ID == nil {
			continue // a notification
		}
		answer := append([]byte(`{"jsonrpc":"2.0","id":`), request.ID...)
		if err := writeAll(append(append(append(answer, ','), mcpSays(request.Method)...), "}\n"...)); err != nil {
			return err
		}
	}
}

// mcpSays returns the member of an answer that has what it says.
func mcpSays(method string) string {
	switch method {
	case "initialize":
		return `"result":{"protocolVersion":"` + string(legacy) + `","capabilities":{"tools":{}},"serverInfo":{"name":"load","version":"1"}}`
	case "tools/list":
		return `"result":{"tools":[{"name":"` + mcpTool + `","inputSchema":{"type":"object"}}],"resultType":"complete","ttlMs":0,"cacheScope":"public"}`
	case "tools/call":
		return `"result":{"content":[{"type":"text","text":"` + mcpText + `"}],"resultType":"complete"}`
	}
	return `"error":{"code":-32601,"message":"unknown method"}`
}
