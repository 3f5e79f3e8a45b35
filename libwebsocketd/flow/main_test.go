package flow

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package when a goroutine remains.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
