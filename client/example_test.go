package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"websocketd/client"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// greeter is a server of one program, which greets whoever it is told of and then ends.
func greeter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		http.NotFound(w, r)
		return
	}
	c, err := ws.Upgrade(context.Background(), w, r, nil, ws.Options{MaxMessage: 1 << 20, Takes: bridge.Text, Log: slog.Default()})
	if err != nil {
		return
	}
	defer c.Close()
	batch, err := c.Receive()
	if err != nil {
		return
	}
	c.Send([]bridge.Message{{Kind: bridge.Text, Data: append([]byte("hello, "), batch[0].Data...)}})
	c.CloseSend(&bridge.CloseWith{Code: 4003, Reason: "exit status 3"})
	for err == nil {
		_, err = c.Receive()
	}
}

func Example() {
	server := httptest.NewServer(http.HandlerFunc(greeter))
	defer server.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, server.URL, &client.Options{
		Missed: func(m client.Missed) { log.Print(m) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Write(ctx, client.Message{Kind: client.Text, Data: []byte("world")}); err != nil {
		log.Fatal(err)
	}
	for m, err := range c.Messages(ctx) {
		if ending := new(client.Ending); errors.As(err, &ending) {
			fmt.Println("it has ended with status", ending.ExitStatus())
		} else if err != nil {
			log.Fatal(err)
		} else {
			fmt.Printf("%s\n", m.Data)
		}
	}
	// Output:
	// hello, world
	// it has ended with status 3
}

// counter is a server of calls, which counts the bytes of their input.
func counter(w http.ResponseWriter, r *http.Request) {
	c, err := ws.Upgrade(context.Background(), w, r, http.Header{"Sec-Websocket-Protocol": {"pow-1"}},
		ws.Options{MaxMessage: 1 << 20, Takes: bridge.Text | bridge.Binary, Log: slog.Default()})
	if err != nil {
		return
	}
	defer c.Close()
	bytes, signals := 0, 0
	for signals < 2 && err == nil { // the call, and the end of the input
		var batch []bridge.Message
		batch, err = c.Receive()
		for _, m := range batch {
			if m.Kind == bridge.Text {
				bytes += len(m.Data)
			} else {
				signals++
			}
		}
	}
	c.Send([]bridge.Message{
		{Kind: bridge.Text, Data: []byte("counted\n")},
		{Kind: bridge.Binary, Data: fmt.Appendf(nil, `{"status":"fulfilled","value":%d}`, bytes)},
	})
	c.CloseSend(&bridge.CloseWith{Code: 1000})
	for err == nil {
		_, err = c.Receive()
	}
}

func ExampleStartCall() {
	server := httptest.NewServer(http.HandlerFunc(counter))
	defer server.Close()

	c, err := client.StartCall(context.Background(), server.URL, "count", []string{"-c"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	io.WriteString(c, "hello")
	c.CloseInput()
	io.Copy(os.Stdout, c) // its output
	value, err := c.Result()
	if rejected := new(client.Rejected); errors.As(err, &rejected) {
		fmt.Println("it has failed:", rejected.Reason)
	} else if err != nil {
		log.Fatal(err)
	} else {
		fmt.Printf("%s bytes\n", value)
	}
	// Output:
	// counted
	// 5 bytes
}
