//go:build unix

package control

import (
	"net/http/httptest"
	"testing"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/logging"
)

// TestLevelOf: of the requests that follow a channel only the first is an access.
func TestLevelOf(t *testing.T) {
	c, _ := guardOf(t, nil)
	ch, err := c.hub.Open("process:x", hub.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	epoch := c.hub.Epoch("process:x")
	for path, isGoingOn := range map[string]bool{
		"process:x": false, "process:x?wait=1s": false, "process:x?after=" + epoch + ":7&wait=1s": true, "process:x?after=" + epoch + "%3A7": true,
		"process:x?after=AAAA:7": false, "process:x?after=:7": false, "process:y?after=" + epoch + ":7": false, "process:y?after=:7": false, "process:x?after=" + epoch: false,
	} {
		want := logging.LevelAccess
		if isGoingOn {
			want = logging.LevelTrace
		}
		if got := c.levelOf(httptest.NewRequest("GET", "/api/channels/"+path, nil)); got != want || epoch == "" {
			t.Errorf("%s: level %d, want %d", path, got, want)
		}
	}
	if got := c.levelOf(httptest.NewRequest("POST", "/api/channels/process:x?after="+epoch+":7", nil)); got != logging.LevelAccess {
		t.Errorf("POST: level %d", got)
	}
}
