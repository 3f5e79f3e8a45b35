package libwebsocketd

import (
	"context"
	"net"
	"net/http"
)

// Server bridges WebSocket clients and processes.
type Server struct{ cfg Config }

// New checks cfg and makes a Server of it.
func New(cfg Config) (*Server, error) { return &Server{cfg}, nil }

// Listen opens every listener cfg asks for.
func Listen(cfg Config) ([]net.Listener, error) { return nil, nil }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Serve accepts connections on every listener until Shutdown. It returns nil
// after Shutdown, else the first listener's error.
func (s *Server) Serve(listeners ...net.Listener) error { return nil }

// Shutdown stops accepting, ends every process by the ladder, tells every
// client 1001, and waits until the last process group is gone or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error { return nil }
