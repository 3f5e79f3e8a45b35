package session

import (
	"testing"

	"websocketd/libwebsocketd/gate"
)

// TestMostSecrets: a session has so many secrets; a further one replaces the oldest, but
// never that of whoever made it. What it keeps does not grow.
func TestMostSecrets(t *testing.T) {
	t.Parallel()
	var k keys
	maker, first, last := gate.NewSecret(), gate.NewSecret(), gate.NewSecret()
	k.add(maker)
	k.add(first)
	for range 10 * mostSecrets {
		k.add(gate.NewSecret())
	}
	k.add(last)
	if !k.opens(maker) || k.opens(first) || !k.opens(last) || k.opens("") || k.opens(maker+"x") {
		t.Error("wrong secrets are good")
	}
	if len(k.secrets) != mostSecrets || cap(k.secrets) > 2*mostSecrets {
		t.Errorf("%d are kept, in room for %d", len(k.secrets), cap(k.secrets))
	}
	if maker == first || len(maker) != 43 {
		t.Errorf("a secret is %q", maker)
	}
}
