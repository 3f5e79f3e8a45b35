// Command sdkserver is an MCP server made with the Go SDK, for clients that others wrote: its
// tools ask the client, tell of progress, wait to be cancelled, and change a resource. It
// speaks both eras on stdin and stdout, or over the SDK's own HTTP with -http.
//
//lint:file-ignore SA1019 a client may be asked for its model as long as clients have one
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// noteURI is the resource that the tool touch changes.
const noteURI = "note://1"

func main() {
	addr := flag.String("http", "", "serve the SDK's own HTTP on this `address`")
	stateless := flag.Bool("stateless", true, "with -http: the revision without sessions")
	flag.Parse()
	server := newServer()
	if *addr == "" {
		if err := server.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
			log.Fatal(err)
		}
		return
	}
	one := func(*http.Request) *mcp.Server { return server }
	log.Fatal(http.ListenAndServe(*addr, mcp.NewStreamableHTTPHandler(one, &mcp.StreamableHTTPOptions{Stateless: *stateless})))
}

func newServer() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "sdkserver", Version: "1"}, &mcp.ServerOptions{
		SubscribeHandler:   func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
	})
	mcp.AddTool(server, &mcp.Tool{Name: "echo", Description: "says what it was told"}, echo)
	mcp.AddTool(server, &mcp.Tool{Name: "ask_model", Description: "asks the client's model"}, askModel)
	mcp.AddTool(server, &mcp.Tool{Name: "ask_user", Description: "asks the client's user"}, askUser)
	mcp.AddTool(server, &mcp.Tool{Name: "steps", Description: "tells of three steps"}, steps)
	mcp.AddTool(server, &mcp.Tool{Name: "wait", Description: "tells that it has begun, and waits to be cancelled"}, wait)
	mcp.AddTool(server, &mcp.Tool{Name: "touch", Description: "changes " + noteURI},
		func(ctx context.Context, _ *mcp.CallToolRequest, _ text) (*mcp.CallToolResult, any, error) {
			err := server.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: noteURI})
			return says("touched"), nil, err
		})
	server.AddResource(&mcp.Resource{URI: noteURI, Name: "note"}, readNote)
	return server
}

// text is the argument of every tool.
type text struct {
	Text string `json:"text,omitempty"`
}

func says(what string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: what}}}
}

func echo(_ context.Context, _ *mcp.CallToolRequest, in text) (*mcp.CallToolResult, any, error) {
	return says(in.Text), nil, nil
}

// askModel asks by a result without sessions, and by a request of the server's within one:
// the SDK makes the latter of the former.
func askModel(_ context.Context, req *mcp.CallToolRequest, in text) (*mcp.CallToolResult, any, error) {
	answer, ok := req.Params.InputResponses["model"].(*mcp.CreateMessageWithToolsResult)
	if !ok {
		message := &mcp.SamplingMessage{Role: "user", Content: &mcp.TextContent{Text: in.Text}}
		return asks("model", &mcp.CreateMessageParams{MaxTokens: 10, Messages: []*mcp.SamplingMessage{message}}), nil, nil
	}
	for _, part := range answer.Content {
		if part, ok := part.(*mcp.TextContent); ok {
			return says("the model says " + part.Text), nil, nil
		}
	}
	return nil, nil, errors.New("the model says nothing")
}

func askUser(_ context.Context, req *mcp.CallToolRequest, in text) (*mcp.CallToolResult, any, error) {
	answer, ok := req.Params.InputResponses["user"].(*mcp.ElicitResult)
	if ok {
		return says(fmt.Sprintf("the user says %s, %v", answer.Action, answer.Content["name"])), nil, nil
	}
	name := map[string]any{"name": map[string]any{"type": "string"}}
	return asks("user", &mcp.ElicitParams{Message: in.Text, RequestedSchema: map[string]any{"type": "object", "properties": name}}), nil, nil
}

func asks(whom string, what mcp.InputRequest) *mcp.CallToolResult {
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{whom: what}}
}

func steps(ctx context.Context, req *mcp.CallToolRequest, _ text) (*mcp.CallToolResult, any, error) {
	for i := range 3 {
		if err := progress(ctx, req, i+1); err != nil {
			return nil, nil, err
		}
	}
	return says("stepped"), nil, nil
}

// wait writes to stderr what became of the call.
func wait(ctx context.Context, req *mcp.CallToolRequest, in text) (*mcp.CallToolResult, any, error) {
	if err := progress(ctx, req, 1); err != nil {
		return nil, nil, err
	}
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "cancelled:", in.Text)
	return nil, nil, ctx.Err()
}

func progress(ctx context.Context, req *mcp.CallToolRequest, n int) error {
	return req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
		ProgressToken: req.Params.GetProgressToken(), Progress: float64(n), Total: 3})
}

func readNote(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: noteURI, Text: "a note"}}}, nil
}
