package gate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestForwardedCost: an element of many parameters costs no more than to read it. To compare each with
// each would take minutes.
func TestForwardedCost(t *testing.T) {
	var many strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&many, ";p%d=1", i)
	}
	began := time.Now()
	if h := parseForwarded("for=192.0.2.1" + many.String()); !h.addr.IsValid() {
		t.Error("it is not read")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if h := parseForwarded("for=192.0.2.1" + many.String() + ";P7=1"); h.addr.IsValid() {
		t.Error("it is read though one name is there twice")
	}
}
