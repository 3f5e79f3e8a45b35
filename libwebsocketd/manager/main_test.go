package manager

import (
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be a program that sends a datagram to NOTIFY_SOCKET.
func TestMain(m *testing.M) {
	if text := os.Getenv("MANAGER_TEST_NOTIFY"); text != "" {
		sendNotice(text)
		return
	}
	goleak.VerifyTestMain(m)
}

func sendNotice(text string) {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err == nil {
		_, err = conn.Write([]byte(text))
		conn.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
