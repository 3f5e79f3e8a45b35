package shared

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	crowd = func() float64 { return 1 }
	goleak.VerifyTestMain(m)
}
