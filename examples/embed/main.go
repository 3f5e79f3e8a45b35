// Command embed serves a page of its own, and next to it a WebSocket that
// counts: websocketd as a library, mounted in a program's mux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"websocketd/libwebsocketd"
)

func main() {
	address := flag.String("address", "localhost:8080", "where to listen")
	flag.Parse()
	if err := serve(*address); err != nil {
		log.Fatal(err)
	}
}

func serve(address string) error {
	counter, err := libwebsocketd.New(libwebsocketd.Config{
		Command: []string{"../bash/count.sh"},
		Logger:  slog.Default(),
	})
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/count", counter)
	mux.HandleFunc("/{$}", page)
	site := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- site.ListenAndServe() }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}

	// First no more requests, then the conversations: net/http does not know
	// connections that have become WebSockets.
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, site.Shutdown(ending), counter.Shutdown(ending))
}

func page(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, `<!DOCTYPE html>
<title>Count</title>
<h1></h1>
<script>
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/count')
  socket.onmessage = event => document.querySelector('h1').textContent = event.data
  socket.onclose = event => document.title = 'closed with ' + event.code
</script>
`)
}
