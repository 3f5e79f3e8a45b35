module websocketd

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
