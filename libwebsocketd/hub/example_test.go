package hub_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/hub"
)

// A server whose clients watch what it does in channels of their choice.
func ExampleHub() {
	h := hub.New(hub.Options{
		Authenticate: hub.BearerKeys(map[string]string{"s3cret": "ann"}),
		Authorize: func(c *hub.Client, channel string) error {
			fmt.Println(c.Identity.User, "subscribes to", channel)
			return nil
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(ended)
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", h.Handler())
	mux.Handle("/channels/{name}", h.ChannelHandler(nil)) // for clients that cannot upgrade
	server := httptest.NewServer(mux)
	defer server.Close()

	// What a page does: it subscribes, and gets what is published from then on.
	url := "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
	page, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer s3cret"}})
	for err != nil { // Run has not begun yet
		page, _, err = websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer s3cret"}})
	}
	defer page.Close()
	page.WriteJSON(map[string]string{"type": "subscribe", "data": "process:build-1"})
	page.WriteJSON(map[string]string{"type": "ping"})
	var message struct {
		Type, Channel string
		Data          any
	}
	page.ReadJSON(&message)
	fmt.Println(message.Type)

	h.SendProcessStatus("build-1", "running", 0)
	h.SendProcessOutput("build-1", "compiling...")
	h.SendProcessOutput("test-5", "PASS") // the page is not subscribed to that
	h.SendProcessStatus("build-1", "exited", 0)
	for range 3 {
		page.ReadJSON(&message)
		fmt.Println(message.Type, message.Channel, message.Data)
	}
	stop() // closes every client with 1001
	_, _, err = page.ReadMessage()
	fmt.Println(err)
	page.Close()
	<-ended
	// Output:
	// ann subscribes to process:build-1
	// pong
	// process_status process:build-1 map[exitCode:0 status:running]
	// process_output process:build-1 compiling...
	// process_status process:build-1 map[exitCode:0 status:exited]
	// websocket: close 1001 (going away): server is going away
}
