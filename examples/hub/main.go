// Command hub runs a command when it is asked to, and shows what it prints to every page that
// wants to see it: package hub in a program that starts its processes by itself.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/hub"
)

//go:embed page
var files embed.FS

func main() {
	address := flag.String("address", "localhost:8080", "where to listen")
	flag.Parse()
	command := flag.Args()
	if len(command) == 0 {
		command = []string{"./build.sh"}
	}
	if err := serve(*address, command); err != nil {
		log.Fatal(err)
	}
}

func serve(address string, command []string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	channels := hub.New(hub.Options{CheckOrigin: isOwnPage, Limits: hub.Limits{Bytes: 8 << 20}, Log: slog.Default()})
	jobs := newJobs(channels, command)

	mux := http.NewServeMux()
	mux.Handle("GET /ws", channels.Handler())
	mux.HandleFunc("GET /run", jobs.serve)
	mux.HandleFunc("POST /run", jobs.serve)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { answer(w, channels.Stats()) })
	mux.Handle("GET /", page())
	site := &http.Server{Addr: address, Handler: meant(gate.NewHosts([]string{host}, nil, nil), mux), ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	running, end := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- channels.Run(running) }()
	<-channels.Running()
	failed := make(chan error, 1)
	go func() { failed <- site.ListenAndServe() }()
	fmt.Println("open http://" + address)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}

	// First the processes, whose endings the clients get; then the clients, who are told that the
	// server goes away; then what is left of HTTP.
	jobs.end()
	end()
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, <-over, site.Shutdown(ending))
}

// isOwnPage reports whether a request comes from a page of this server, or from no page at all.
// Any page may open a WebSocket to any server, or make it answer a GET: that it cannot read.
func isOwnPage(r *http.Request) bool { return gate.CheckOwnPage(r) == nil }

// meant returns a handler that answers nobody who means another host, as the page of one does
// that gives its name our address.
func meant(hosts *gate.Hosts, to http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hosts.Check(r) != nil {
			http.Error(w, "this server has another name", http.StatusMisdirectedRequest)
			return
		}
		to.ServeHTTP(w, r)
	})
}

// page returns the handler of the page, which loads nothing from elsewhere.
func page() http.Handler {
	dir, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // the name is right
	}
	static := http.FileServerFS(dir)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		static.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(document)
}
