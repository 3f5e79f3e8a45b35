package pow

import (
	"errors"
	"io"
	"testing"

	"websocketd/client"
	"websocketd/test/harness"
)

// TestGoClientIsCut: wherever a connection breaks off, the Go client has the result, or an
// error that is not that of a call which was rejected.
func TestGoClientIsCut(t *testing.T) {
	t.Parallel()
	s := serve(t, `
[program.good]
command = ["sh", "-c", "echo hello; echo '[1]'"]
result = "lastline-json"

[program.bad]
command = ["sh", "-c", "echo hello; exit 3"]
`)
	for _, fault := range []harness.Fault{harness.Reset, harness.EndToClient} {
		for name, want := range map[string]struct{ output, value, reason string }{
			"good": {"hello\n[1]\n", "[1]", ""},
			"bad":  {"hello\n", "", "process returned error: exit status 3"},
		} {
			t.Run(fault.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				proxy := harness.NewProxy(t, s.Addr)
				for bytes := 0; ; bytes++ {
					proxy.After(bytes, fault)
					c, err := client.StartCall(t.Context(), "ws://"+proxy.Addr, name, nil, nil)
					var output, value []byte
					if err == nil {
						output, _ = io.ReadAll(c)
						value, err = c.Result()
					}
					rejected := new(client.Rejected)
					switch ended := err == nil || errors.As(err, &rejected); {
					case proxy.Struck() == bytes: // it never came to that
						if bytes < 100 || !ended || string(output) != want.output || string(value) != want.value || rejected.Reason != want.reason {
							t.Errorf("after %d bytes: %q, %s, %v", bytes, output, value, err)
						}
						return
					case ended:
						t.Fatalf("after %d bytes: %q, %s, %v", bytes, output, value, err)
					}
				}
			})
		}
	}
}
