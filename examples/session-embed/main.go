// Command session-embed serves a page with a counter that outlives the page: each browser
// has a process of its own, which goes on for a minute without a client.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
)

//go:embed page
var files embed.FS

func main() {
	port := flag.Int("port", 8080, "where to listen on the loopback; 0 is a free port")
	flag.Parse()
	if err := serve(*port); err != nil {
		log.Fatal(err)
	}
}

func serve(port int) error {
	page, err := fs.Sub(files, "page")
	if err != nil {
		return err
	}
	a := &app{sessions: session.NewRegistry(100), clicks: map[string]*int{}}
	server, err := libwebsocketd.New(libwebsocketd.Config{
		Command: []string{"./counter.sh"},
		Static:  page,
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Settings: libwebsocketd.Settings{
			Lifetime: session.Lifetime{Resume: time.Minute, Registry: a.sessions, Hooks: a.hooks()},
		},
	})
	if err != nil {
		return err
	}
	server.Mount("GET /sessions", http.HandlerFunc(a.list))
	server.Mount("POST /bell", http.HandlerFunc(a.ring))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	url, err := server.StartAsync(port)
	if err == nil {
		fmt.Println("open", url)
		<-ctx.Done()
	}
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if ended := server.Shutdown(ending); err == nil {
		err = ended
	}
	return err
}

// app is what this program adds to the server.
type app struct {
	sessions *session.Registry

	mu     sync.Mutex
	clicks map[string]*int // by the ids of the sessions
}

// hooks returns what the app wants to know of sessions.
func (a *app) hooks() *session.Hooks {
	return &session.Hooks{
		Created: func(x *session.Session) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.clicks[x.ID] = new(int)
			return nil
		},
		Destroyed: func(x *session.Session) {
			a.mu.Lock()
			defer a.mu.Unlock()
			delete(a.clicks, x.ID)
			slog.Info("its time is over", "session", x.Number)
		},
		OnAttach: func(c *session.Attachment) {
			slog.Info("a page is there", "session", c.Session.Number, "page", c.Number)
		},
		OnDetach: func(c *session.Attachment) {
			slog.Info("a page has left", "session", c.Session.Number, "page", c.Number)
		},
		AfterBatch: func(x *session.Session) { *a.clicksOf(x)++ },
	}
}

// clicksOf returns where the clicks of a session are counted. That needs no lock within
// AfterBatch and Session.Do, which never run at the same time.
func (a *app) clicksOf(x *session.Session) *int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.clicks[x.ID]; n != nil {
		return n
	}
	return new(int) // it has just been destroyed
}

// list answers with the sessions there are.
func (a *app) list(w http.ResponseWriter, _ *http.Request) {
	for x := range a.sessions.All() {
		clicks := 0
		if err := x.Do(func() { clicks = *a.clicksOf(x) }); err != nil {
			continue // its process has ended meanwhile
		}
		pages := len(slices.Collect(x.Attachments()))
		fmt.Fprintf(w, "session %d: pages %d, clicks %d\n", x.Number, pages, clicks)
	}
}

// ring tells all pages of all sessions.
func (a *app) ring(http.ResponseWriter, *http.Request) {
	for x := range a.sessions.All() {
		x.Say(libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte("bell")})
	}
}
