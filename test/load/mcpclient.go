package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// mcpPath is where every target serves MCP.
const mcpPath = "/mcp"

// What is called, and what it says.
const (
	mcpTool = "test_simple_text"
	mcpText = "This is a simple text response for testing."
)

// An mcpClient is a client of MCP with one connection that is kept.
type mcpClient struct {
	net.Conn
	in      *bufio.Reader
	address string
	era     era
	name    string // its requests are numbered after it
	session string // its id
	calls   int
	request []byte
}

// dialMCP connects. The deadline for everything is patience from now.
func (b *bench) dialMCP(s *server, of era, name string) (*mcpClient, error) {
	conn, err := net.DialTimeout("tcp", s.address, b.patience())
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(b.patience()))
	return &mcpClient{Conn: conn, in: bufio.NewReader(conn), address: s.address, era: of, name: name}, nil
}

// An mcpAnswer is what a request was answered with.
type mcpAnswer struct {
	ID     json.RawMessage
	Result *struct {
		Content []struct{ Text string }
	}
	Error json.RawMessage
}

// callMessage returns the call of a tool, as it goes to a server of the era.
func callMessage(of era, id string) []byte {
	meta := ""
	if of == modern {
		meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"` + string(modern) +
			`","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"}}`
	}
	return []byte(`{"jsonrpc":"2.0","id":` + strconv.Quote(id) + `,"method":"tools/call","params":{"name":"` + mcpTool + `","arguments":{}` + meta + `}}`)
}

// initializeMessage opens a conversation with a server of the legacy era, and initialized
// follows its answer.
const (
	initializeMessage = `{"jsonrpc":"2.0","id":"open","method":"initialize","params":{"protocolVersion":"` + string(legacy) +
		`","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}`
	initializedMessage = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
)

// checkCall returns an error if message is not the answer to the call with this id.
func checkCall(message []byte, id string) error {
	var answer mcpAnswer
	err := json.Unmarshal(message, &answer)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %.200q", err, message)
	case string(answer.ID) != strconv.Quote(id) || answer.Result == nil ||
		len(answer.Result.Content) != 1 || answer.Result.Content[0].Text != mcpText:
		return errWrong
	}
	return nil
}

// call calls the tool, and waits for its answer.
func (c *mcpClient) call() (time.Duration, error) {
	c.calls++
	id := c.name + "-" + strconv.Itoa(c.calls)
	began := time.Now()
	resp, err := c.post(callMessage(c.era, id))
	if err != nil {
		return 0, err
	}
	message, err := readAnswer(resp)
	took := time.Since(began)
	switch {
	case err != nil:
		return 0, err
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("a call was answered with %s: %.200q", resp.Status, message)
	case message == nil:
		return 0, errLost
	}
	return took, checkCall(message, id)
}

// open makes a session.
func (c *mcpClient) open() error {
	for _, message := range []string{initializeMessage, initializedMessage} {
		resp, err := c.post([]byte(message))
		if err != nil {
			return err
		}
		said, err := readAnswer(resp)
		if err != nil {
			return err
		}
		if c.session == "" {
			c.session = resp.Header.Get("Mcp-Session-Id")
		}
		if resp.StatusCode >= 300 || c.session == "" {
			return fmt.Errorf("no session: %s: %.200q", resp.Status, said)
		}
	}
	return nil
}

// listen opens the stream of what the server says by itself, which is all that the connection
// is for from now on.
func (c *mcpClient) listen() error {
	resp, err := c.do(http.MethodGet, "Accept: text/event-stream\r\n", nil)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("no stream: %s", resp.Status)
	}
	return err
}

func (c *mcpClient) post(message []byte) (*http.Response, error) {
	header := "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n" +
		"Content-Length: " + strconv.Itoa(len(message)) + "\r\n"
	if c.era == modern {
		header += "Mcp-Method: tools/call\r\nMcp-Name: " + mcpTool + "\r\n"
	}
	return c.do(http.MethodPost, header, message)
}

// do sends a request, and returns the answer when its header has come.
func (c *mcpClient) do(method, header string, body []byte) (*http.Response, error) {
	r := append(c.request[:0], method+" "+mcpPath+" HTTP/1.1\r\nHost: "+c.address+"\r\n"+header...)
	if c.era == modern || c.session != "" {
		r = append(r, "MCP-Protocol-Version: "+string(c.era)+"\r\n"...)
	}
	if c.session != "" {
		r = append(r, "Mcp-Session-Id: "+c.session+"\r\n"...)
	}
	c.request = append(append(r, "\r\n"...), body...)
	if _, err := c.Write(c.request); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.in, nil)
}

// readAnswer returns the JSON that an answer consists of, or that its last event has. An answer
// without either is nil.
func readAnswer(resp *http.Response) ([]byte, error) {
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return bytes.TrimSpace(text), nil
	}
	var message []byte
	for line := range bytes.Lines(text) {
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok && len(bytes.TrimSpace(data)) > 0 {
			message = bytes.TrimSpace(data)
		}
	}
	return message, nil
}
