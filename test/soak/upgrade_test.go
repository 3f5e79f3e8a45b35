package soak

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"websocketd/test/harness"
)

// upgrades returns whether servers take over from one another.
func upgrades(long bool) bool {
	if asked := os.Getenv("UPGRADES"); asked != "" {
		return asked != "0"
	}
	return long
}

// moved is the close code of a client that is sent to another server.
const moved = 1012

// errMoving is why there is nothing to be had for a moment.
var errMoving = errors.New("another server is taking over")

// isMoving reports whether an answer says that another server is taking over.
func (v visit) isMoving(status int, text string) bool {
	moving := status == http.StatusServiceUnavailable && strings.Contains(text, "a new server goes on")
	if moving {
		v.tally.cut.Add(1)
	}
	return moving
}

// upgrade has a new server take over. What lives for a connection goes on with the old one, and all
// else with the new one.
func upgrade(h *house, _ *rand.Rand) bool {
	out, err := exec.CommandContext(harness.Context(h.T), h.server.Exe, "ctl", "upgrade", "--admin="+h.admin).CombinedOutput()
	if err != nil {
		h.Errorf("ctl upgrade: %v: %s", err, out)
		return false
	}
	return true
}
