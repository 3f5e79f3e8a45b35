package session

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	orphanTime = 10 * time.Millisecond
	goleak.VerifyTestMain(m)
}
