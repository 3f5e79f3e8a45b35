package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// mcpServer is an MCP server whose tools do what a test asks for. It answers with the bytes
// it was given, in an order that a test chooses, and says more than a good server would.
type mcpServer struct {
	atEnd string // what is done with parked calls at the end of the input: "answer" or nothing

	mu      sync.Mutex // guards all below, and the output
	out     *bufio.Writer
	seen    []string             // every line that came
	parked  []parkedCall         // calls that wait for release, or for more of their kind
	listens map[string]string    // ids of open subscriptions, with what was asked for
	asked   map[string]mcpTarget // requests to the client, and the calls that wait for them
	header  string               // that the tool "shaped" wants its region in
	numbers int                  // of requests to the client
}

// mcpTarget is a call that an answer is for: the id it came with and its progress token.
type mcpTarget struct{ id, token string }

// parkedCall is a call that is not answered yet.
type parkedCall struct {
	mcpTarget
	tool    string
	payload json.RawMessage
}

// mcpMessage is what a test server needs of a message.
type mcpMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
	Params struct {
		Name            string          `json:"name"`
		ProtocolVersion string          `json:"protocolVersion"`
		RequestID       json.RawMessage `json:"requestId"`
		Notifications   json.RawMessage `json:"notifications"`
		Arguments       mcpArguments    `json:"arguments"`
		Meta            struct {
			Token   json.RawMessage `json:"progressToken"`
			Version string          `json:"io.modelcontextprotocol/protocolVersion"`
		} `json:"_meta"`
	} `json:"params"`
}

// mcpArguments are those of all tools.
type mcpArguments struct {
	Payload json.RawMessage `json:"payload"` // comes back byte for byte
	N       int             `json:"n"`       // progress, hang: how many; gather: for how many it waits; big: of how many bytes; crash: the status, less than 0 for 0
	Pause   int             `json:"pause"`   // progress: milliseconds between two
	Before  []string        `json:"before"`  // say: lines to write before the answer; $ID and $TOKEN are replaced. twice: what to write twice on a line
	After   []string        `json:"after"`   // say: lines to write after it
	Method  string          `json:"method"`  // ask: of the request; publish: of the notification
	Params  json.RawMessage `json:"params"`  // ask, publish
	Name    string          `json:"name"`    // env: of the variable; retool: of the header
}

// mcp runs the server until its input ends.
func mcp(args []string) {
	flags := flag.NewFlagSet("mcp", flag.ExitOnError)
	s := &mcpServer{out: bufio.NewWriter(os.Stdout), listens: map[string]string{}, asked: map[string]mcpTarget{}, header: "Region"}
	flags.StringVar(&s.atEnd, "end", "", "what is done at the end of the input: \"answer\" what is parked")
	wait := flags.String("wait", "", "say nothing until this file exists")
	mute := flags.Bool("mute", false, "never say anything")
	deaf := flags.Bool("deaf", false, "take no notice of SIGTERM")
	noise := flags.String("noise", "", "write this first, and a line end")
	poison := flags.String("poison", "", "end with status 7 when this was read, wherever on a line")
	note := flags.String("starts", "", "add a line to this file first")
	flags.Parse(args)
	if *note != "" {
		appendLine(*note)
	}
	if *deaf {
		signal.Ignore(syscall.SIGTERM)
	}
	awaitFile(*wait)
	if *mute {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	if *noise != "" {
		s.write(*noise)
	}
	go s.releaseOnSignal()
	s.read(&poisonable{os.Stdin, *poison})
	if s.atEnd == "answer" {
		s.mu.Lock()
		s.release("", "the end")
		s.mu.Unlock()
	}
	os.Exit(0)
}

// poisonable is an input on which a word ends the process.
type poisonable struct {
	io.Reader
	word string // "" is none
}

func (p *poisonable) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if p.word != "" && bytes.Contains(b[:n], []byte(p.word)) {
		os.Exit(7)
	}
	return n, err
}

// releaseOnSignal answers what hangs at SIGUSR1: for tests whose server cannot ask any more.
func (s *mcpServer) releaseOnSignal() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	for range asked {
		s.mu.Lock()
		s.release("hang", "released")
		s.mu.Unlock()
	}
}

func appendLine(file string) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, os.Getpid())
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// awaitFile returns when the file exists; at once without a name.
func awaitFile(name string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; name != ""; <-tick.C {
		if _, err := os.Stat(name); err == nil {
			return
		}
	}
}

// read handles each line that comes.
func (s *mcpServer) read(from io.Reader) {
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		s.handle(strings.TrimSuffix(line, "\n"))
	}
}

func (s *mcpServer) handle(line string) {
	var m mcpMessage
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		fmt.Fprintf(os.Stderr, "not a message: %v: %.200q\n", err, line)
		os.Exit(3)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, line)
	to := mcpTarget{string(m.ID), string(m.Params.Meta.Token)}
	switch {
	case m.Method == "":
		s.answered(m)
	case to.id == "":
		s.notified(m)
	case m.Params.Meta.Version > "2026-07-28":
		s.fail(to, -32022, `{"supported":["2026-07-28"],"requested":"`+m.Params.Meta.Version+`"}`)
	default:
		s.request(m, to)
	}
}

// answered passes on the client's answer to the call that asked for it.
func (s *mcpServer) answered(m mcpMessage) {
	var id string
	json.Unmarshal(m.ID, &id)
	to, ok := s.asked[id]
	if !ok {
		fmt.Fprintf(os.Stderr, "an answer to nothing: %s\n", m.ID)
		return
	}
	delete(s.asked, id)
	payload := m.Result
	if payload == nil {
		payload = m.Error
	}
	s.reply(to, payload)
}

func (s *mcpServer) notified(m mcpMessage) {
	if m.Method != "notifications/cancelled" {
		return
	}
	delete(s.listens, string(m.Params.RequestID))
	for i, c := range s.parked {
		if c.id == string(m.Params.RequestID) {
			s.parked = append(s.parked[:i:i], s.parked[i+1:]...)
			return
		}
	}
}

func (s *mcpServer) request(m mcpMessage, to mcpTarget) {
	switch m.Method {
	case "initialize":
		s.result(to, fmt.Sprintf(`{"protocolVersion":%q,"capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"scripted","version":"1"}}`, m.Params.ProtocolVersion))
	case "server/discover":
		s.result(to, `{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"scripted","version":"1"}}`)
	case "ping":
		s.result(to, `{}`)
	case "resources/read", "prompts/get":
		s.reply(to, []byte(strconv.Quote(m.Method)))
	case "tools/list":
		s.result(to, s.toolsList())
	case "tools/call":
		s.call(m.Params.Name, m.Params.Arguments, to)
	case "subscriptions/listen":
		s.listens[to.id] = string(m.Params.Notifications)
		s.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":%s}}`, to.id, m.Params.Notifications))
	default:
		s.fail(to, -32601, "")
	}
}

// toolsList has one tool whose arguments stand in headers.
func (s *mcpServer) toolsList() string {
	property := func(kind, header string) string {
		return fmt.Sprintf(`{"type":%q,"x-mcp-header":%q}`, kind, header)
	}
	return `{"resultType":"complete","tools":[{"name":"echo","inputSchema":{"type":"object"}},` +
		`{"name":"shaped","inputSchema":{"type":"object","properties":{"payload":{},` +
		`"region":` + property("string", s.header) + `,"count":` + property("integer", "Count") + `,"dry":` + property("boolean", "Dry-Run") +
		`,"deep":{"type":"object","properties":{"zone":` + property("string", "Zone") + `}}}}}],"ttlMs":0,"cacheScope":"private"}`
}

// reply answers with a payload, byte for byte.
func (s *mcpServer) reply(to mcpTarget, payload []byte) {
	if len(payload) == 0 {
		payload = []byte("null")
	}
	s.result(to, `{"resultType":"complete","content":[],"structuredContent":{"payload":`+string(payload)+`}}`)
}

func (s *mcpServer) result(to mcpTarget, result string) {
	s.write(`{"jsonrpc":"2.0","id":` + to.id + `,"result":` + result + `}`)
}

func (s *mcpServer) fail(to mcpTarget, code int, data string) {
	if data == "" {
		data = "null"
	}
	s.write(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":"scripted","data":%s}}`, to.id, code, data))
}

// write writes a line at once. The mutex is held.
func (s *mcpServer) write(line string) {
	s.out.WriteString(line)
	s.out.WriteByte('\n')
	s.out.Flush()
}

// marshal returns v as JSON on one line, in which < and > stand as they are.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
