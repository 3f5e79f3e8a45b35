package mcp

import (
	"encoding/json"
	"time"
)

// Error codes of JSON-RPC 2.0, of MCP, and of this server.
const (
	codeParse       = -32700
	codeInvalid     = -32600
	codeNoMethod    = -32601
	codeParams      = -32602
	codeInternal    = -32603
	codeRefused     = -32000 // the HTTP status says why
	codeNoSession   = -32001
	codeHeader      = -32020
	codeCapability  = -32021
	codeUnsupported = -32022
)

// cancelTime is how long a process may take to read that a call is canceled.
const cancelTime = time.Second

// rpcError is the error of a response.
type rpcError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error returns what the process says of it.
func (e *rpcError) Error() string { return e.Message }

// errorText returns a response with an error, to a request with that id; nil is null.
func errorText(id []byte, e *rpcError) []byte {
	if id == nil {
		id = []byte("null")
	}
	text, err := json.Marshal(e)
	if err != nil {
		text = []byte(`{"code":-32603,"message":"the error cannot be told"}`)
	}
	return answerText(id, "error", text)
}

// resultText returns a response with a result.
func resultText(id, result []byte) []byte { return answerText(id, "result", result) }

func answerText(id []byte, name string, value []byte) []byte {
	text := append([]byte(`{"jsonrpc":"2.0","id":`), id...)
	text = append(text, `,"`+name+`":`...)
	return append(append(text, value...), '}')
}

// listenResult returns the response that ends a subscription.
func listenResult(id []byte) []byte {
	result := append([]byte(`{"_meta":{"`+metaSubscription+`":`), id...)
	return resultText(id, append(result, `},"resultType":"complete"}`...))
}
