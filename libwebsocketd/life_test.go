package libwebsocketd

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/process"
)

// TestForcedWait: what cannot be killed, a function of the caller's, is not waited for for ever.
func TestForcedWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{http: new(http.Server), programs: programs{launcher: new(process.Launcher)}}
		s.life.init()
		enough := make(chan bool)
		s.running.Go(func() { <-enough })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if err := s.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(begin); took != time.Minute+killedWait {
			t.Errorf("it took %v", took)
		}
		close(enough) // and nothing remains
	})
}
