package mcp

import (
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// Clients of the older era share one process with --shared, without sessions: each has its own
// answers and its own progress. What the program asks is for nobody.
func TestSharedProcess(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node22:mcp")
	s := through(t, []string{sdkServer(t)}, "--shared")
	var clients sync.WaitGroup
	for _, generation := range []string{"1", "2"} {
		clients.Go(func() { nodeClient(t, s, generation, shared) })
	}
	one, other := newGoClient(t, s.url, legacy, true), newGoClient(t, s.url, legacy, true)
	clients.Go(func() {
		if n := one.echoes(t, 100); n != 100 {
			t.Errorf("%d of 100 answers are for whom they were sent to", n)
		}
	})
	other.call(t, "steps", "", 1)
	harness.Until(t, "three steps are told", func() bool { return len(other.told()) == 3 })
	clients.Wait()
	if told := one.told(); len(told) > 0 || one.ID() != "" {
		t.Errorf("another client is told of %v, in the session %q", told, one.ID())
	}
	if answer, err := one.callTool(one.ctx, "ask_model", "", nil); err == nil || !strings.Contains(err.Error(), "method not found") {
		t.Errorf("a program that asks for a model gets %q, %v", answer, err)
	}
	s.checkProcesses(t, shared)
}
