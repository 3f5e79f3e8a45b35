package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// gorillaMain runs the limit of everything that needs no child: gorilla/websocket
// sending back what comes. It understands the flags of the servers as far as
// necessary.
func gorillaMain(args []string) error {
	port := ""
	for _, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--port="); ok {
			port = value
		}
	}
	if port == "" {
		return fmt.Errorf("usage: load gorilla --port=N")
	}
	return http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(sendBack))
}

func sendBack(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, message, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// gorilla returns this server as a target.
func (b *bench) gorilla() target {
	return target{Name: "limit", Command: []string{b.self, "gorilla"}}
}
