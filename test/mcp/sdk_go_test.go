//lint:file-ignore SA1019 a client may be asked for its model as long as clients have one

package mcp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"websocketd/test/harness"
)

// The client of the Go SDK has all it asks for.
func TestGoClient(t *testing.T) {
	t.Parallel()
	for _, era := range []string{legacy, modern} {
		t.Run(era, func(t *testing.T) {
			t.Parallel()
			everyWay(t, era, func(t *testing.T, s served) {
				var seen conversation
				c := newGoClient(t, s.url, era, false)
				c.talk(t, &seen)
				c.cancel(t, &seen, era)
				quiet := newGoClient(t, s.url, era, true)
				quiet.call(t, "steps", "", "t")
				harness.Until(t, "three steps are told", func() bool { return len(quiet.told()) >= 3 })
				seen.Progress = quiet.told()
				if got, want := seen.String(), whole(era, false); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
				s.awaitCancelled(t, "go "+era)
			})
		})
	}
}

// goClient is a session of the Go SDK's client.
type goClient struct {
	*mcp.ClientSession
	ctx     context.Context
	updated chan string

	mu       sync.Mutex
	progress []float64 // of all calls
}

// newGoClient connects a client. Without the stream of its session it has those of its calls
// only.
func newGoClient(t *testing.T, url, era string, alone bool) *goClient {
	t.Helper()
	c := &goClient{ctx: harness.Context(t), updated: make(chan string, 1)}
	client := mcp.NewClient(&mcp.Implementation{Name: "go", Version: "1"}, &mcp.ClientOptions{
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			return &mcp.CreateMessageResult{Model: "m", Role: "assistant", Content: &mcp.TextContent{Text: "forty-two"}}, nil
		},
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"name": "Zoë"}}, nil
		},
		ResourceUpdatedHandler: func(_ context.Context, req *mcp.ResourceUpdatedNotificationRequest) {
			c.updated <- req.Params.URI
		},
		ProgressNotificationHandler: c.progressed,
	})
	version := "2026-07-28"
	if era == legacy {
		version = "2025-11-25"
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	session, err := client.Connect(c.ctx, &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: transport}, DisableStandaloneSSE: alone,
	}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	c.ClientSession = session
	return c
}

func (c *goClient) progressed(_ context.Context, req *mcp.ProgressNotificationClientRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress = append(c.progress, req.Params.Progress)
}

// told returns the progress that c was told of so far: notifications may come later than the
// answer does.
func (c *goClient) told() []float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.progress)
}

// callTool returns the text that a tool answers with.
func (c *goClient) callTool(ctx context.Context, name, text string, token any) (string, error) {
	params := &mcp.CallToolParams{Name: name, Arguments: map[string]any{"text": text}}
	if token != nil {
		params.SetProgressToken(token)
	}
	result, err := c.CallTool(ctx, params)
	if err != nil {
		return "", err
	}
	return textOf(result), nil
}

// textOf returns the text of a result; "" if it has none.
func textOf(result *mcp.CallToolResult) string {
	if len(result.Content) > 0 {
		if content, ok := result.Content[0].(*mcp.TextContent); ok {
			return content.Text
		}
	}
	return ""
}

func (c *goClient) call(t *testing.T, name, text string, token any) string {
	t.Helper()
	answer, err := c.callTool(c.ctx, name, text, token)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return answer
}

// talk does what needs a client with every stream.
func (c *goClient) talk(t *testing.T, seen *conversation) {
	t.Helper()
	seen.Version = c.InitializeResult().ProtocolVersion
	list, err := c.ListTools(c.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		seen.Tools = append(seen.Tools, tool.Name)
	}
	slices.Sort(seen.Tools)
	seen.Echoes = c.echoes(t, 100)
	seen.Session = c.ID() != ""
	seen.Model = c.call(t, "ask_model", "what is it?", nil)
	seen.User = c.call(t, "ask_user", "who is it?", nil)
	if err := c.Subscribe(c.ctx, &mcp.SubscribeParams{URI: "note://1"}); err != nil {
		t.Fatal(err)
	}
	c.call(t, "touch", "", nil)
	select {
	case seen.Updated = <-c.updated:
	case <-c.ctx.Done():
		t.Fatal("not told of the change")
	}
}

// echoes makes n calls at once, and returns how many were answered with their own text.
func (c *goClient) echoes(t *testing.T, n int) (own int) {
	t.Helper()
	var calls sync.WaitGroup
	answers := make([]string, n)
	for i := range answers {
		calls.Go(func() { answers[i] = c.call(t, "echo", fmt.Sprint("text ", i), nil) })
	}
	calls.Wait()
	for i, answer := range answers {
		if answer == fmt.Sprint("text ", i) {
			own++
		}
	}
	return own
}

// cancel gives up a call that has begun.
func (c *goClient) cancel(t *testing.T, seen *conversation, era string) {
	t.Helper()
	ctx, giveUp := context.WithCancel(c.ctx)
	var waits sync.WaitGroup
	waits.Go(func() {
		_, err := c.callTool(ctx, "wait", "go "+era, "w")
		seen.Cancelled = err != nil && ctx.Err() != nil
	})
	harness.Until(t, "the call has begun", func() bool { return len(c.told()) > 0 })
	giveUp()
	waits.Wait()
	seen.After = c.call(t, "echo", "after", nil)
}
