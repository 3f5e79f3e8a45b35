package manager

import (
	"os"
	"testing"
	"time"
)

// TestOwnProcess: what is told of this process is so.
func TestOwnProcess(t *testing.T) {
	for began := time.Now(); time.Since(began) < 30*time.Millisecond; { // so that some ticks of the clock are its
	}
	before := Own()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	now := Own()
	if now.Memory < 1<<20 || now.Memory > 4<<30 {
		t.Errorf("%d bytes", now.Memory)
	}
	if since := time.Since(now.Began); since < -time.Second || since > time.Hour || !now.Began.Equal(before.Began) {
		t.Errorf("began at %v, and %v", now.Began, before.Began)
	}
	if now.CPU <= 0 || now.CPU < before.CPU {
		t.Errorf("%v after %v", now.CPU, before.CPU)
	}
	if now.Files <= before.Files || now.MaxFiles < now.Files { // no test beside this one runs
		t.Errorf("%d descriptors after %d, %d at most", now.Files, before.Files, now.MaxFiles)
	}
}
