package manager

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestMetrics: what a scrape says about supervised programs.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := manage(t, two+`[program.bad]
		command = ["/bin/sh", "-c", "exit 3"]
		lifetime = "supervised"
		max_restarts = 2
		min_uptime = "1h"
		health = { script = ["/bin/true"] }
	`)
	s.awaitOnline(t, "api")
	harness.Until(t, "bad is errored", func() bool { return s.info(t, "bad").Data.Status == "errored" })
	resp, err := http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`websocketd_supervised_status{instance="0",program="api",status="online"} 1`,
		`websocketd_supervised_status{instance="0",program="api",status="errored"} 0`,
		`websocketd_supervised_status{instance="0",program="bad",status="errored"} 1`,
		`websocketd_supervised_restarts_total{instance="0",program="bad"} 2`,
		`websocketd_processes_started_total{program="bad"} 3`,
		`websocketd_processes{program="bad"} 0`,
		`websocketd_processes{program="api"} 1`,
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if strings.Contains(string(text), `websocketd_supervised_memory_bytes{instance="0",program="api"} 0`) {
		t.Error("api has no memory")
	}
}
