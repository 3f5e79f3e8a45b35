package manager

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// restful is a server with a token.
type restful struct {
	*managed
	t     *testing.T
	token string
}

// rest serves a config file, with a token.
func rest(t *testing.T, config string) *restful {
	t.Helper()
	dir := t.TempDir()
	token := strings.Repeat("secret", 6)
	harness.WriteFile(t, filepath.Join(dir, "token"), token+"\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "config.toml"), config, 0o600)
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	o := harness.Options{Bin: harness.Binary(t), Args: []string{
		"--admin=" + admin, "--admintokenfile=" + filepath.Join(dir, "token"), "--config=" + filepath.Join(dir, "config.toml")}}
	return &restful{startManaged(t, o, admin), t, token}
}

// do makes a request, with headers NAME: VALUE, and returns the status and the document.
func (r *restful) do(method, path, body string, headers ...string) (status int, answer map[string]any) {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+r.admin+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(text, &answer); err != nil {
			r.t.Fatalf("%v: %s", err, text)
		}
	}
	return resp.StatusCode, answer
}

// ask makes a request with the token, and demands its status and whether it was successful.
func (r *restful) ask(method, path, body string, status int, success bool) map[string]any {
	r.t.Helper()
	got, answer := r.do(method, path, body, "X-API-Key: "+r.token)
	if got != status || answer["success"] != success {
		r.t.Errorf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

// status returns the status of a program's only instance.
func (r *restful) status(name string) any {
	r.t.Helper()
	data, _ := r.ask("GET", "/api/processes/"+name, "", 200, true)["data"].(map[string]any)
	return data["status"]
}

func (r *restful) await(name, status string) {
	r.t.Helper()
	harness.Until(r.t, name+" is "+status, func() bool { return r.status(name) == status })
}

// TestPoint17: each row of the table of requests, with a start that really starts; the key is taken
// in all three headers, and nothing is answered without it.
func TestPoint17(t *testing.T) {
	t.Parallel()
	r := rest(t, two+"[program.task]\ncommand = [\"/bin/sh\", \"-c\", \"echo out; echo err >&2; exit 3\"]\nlifetime = \"supervised\"\nautorestart = false\nnamespace = \"jobs\"\n")
	for _, path := range []string{"/api/processes", "/api/processes/api", "/api/system", "/api/status", "/api/processes/api/logs", "/ws"} {
		if status, _ := r.do("GET", path, ""); status != 401 {
			t.Errorf("%s without a key: %d", path, status)
		}
	}
	for _, header := range []string{"Authorization: Bearer ", "Authorization: ApiKey ", "X-API-Key: "} {
		if status, _ := r.do("GET", "/api/processes", "", header+r.token); status != 200 {
			t.Errorf("%s: %d", header, status)
		}
		if status, _ := r.do("GET", "/api/processes", "", header+"wrong"); status != 401 {
			t.Errorf("%s wrong: %d", header, status)
		}
	}
	r.await("api", "online")
	r.await("db", "online")
	r.await("task", "stopped")

	list := func(query string, want int) {
		t.Helper()
		answer := r.ask("GET", "/api/processes"+query, "", 200, true)
		all, _ := answer["data"].([]any)
		meta, _ := answer["meta"].(map[string]any)
		if len(all) != want || meta["total"] != float64(want) {
			t.Errorf("%s: %v", query, answer)
		}
		for _, each := range all {
			p := each.(map[string]any)
			for _, key := range []string{"pm_id", "name", "namespace", "exec_mode", "pid", "uptime", "created_at", "status", "restart_time", "cpu", "memory",
				"instance_id", "exit_code", "port", "monit", "pm2_env", "id", "cpu_usage", "memory_usage", "restarts", "health_status"} {
				if _, ok := p[key]; !ok {
					t.Errorf("no %s in %v", key, p)
				}
			}
		}
	}
	list("", 3)
	list("?namespace=jobs", 1)
	list("?status=online", 2)
	list("?name=db&status=online", 1)
	list("?name=nobody", 0)

	r.ask("GET", "/api/processes/nobody", "", 404, false)
	if answer := r.ask("POST", "/api/processes/api/start", "", 200, false); !strings.Contains(fmt.Sprint(answer["message"]), "already online") {
		t.Errorf("%v", answer)
	}
	r.ask("POST", "/api/processes/api/stop", "", 200, true)
	if r.status("api") != "stopped" {
		t.Error("it is not stopped")
	}
	r.ask("POST", "/api/processes/api/start", "null", 200, true)
	if r.status("api") != "online" {
		t.Error("it was not started")
	}
	r.ask("POST", "/api/processes/api/restart", "null", 200, true)
	r.ask("POST", "/api/processes/api/reload", "{}", 200, true)
	r.ask("POST", "/api/processes/api/restart", `{"port":3001}`, 400, false)
	r.ask("POST", "/api/processes/api/explode", "", 404, false)
	r.ask("POST", "/api/processes/nobody/stop", "", 404, false)
	r.ask("POST", "/api/processes/api/scale", `{"instances":3}`, 200, true)
	list("?name=api", 3)
	r.ask("DELETE", "/api/processes/db", "", 200, true)
	r.ask("DELETE", "/api/processes/db", "", 404, false)

	logs, _ := r.ask("GET", "/api/processes/task/logs?lines=50", "", 200, true)["data"].(map[string]any)
	if text := logs["logs"]; text != "out\nerr\n" && text != "err\nout\n" || logs["lines"] != 2.0 || logs["process_id"] != "task" || len(logs["records"].([]any)) != 2 {
		t.Errorf("%v", logs)
	}
	r.ask("GET", "/api/processes/nobody/logs", "", 404, false)
	system, _ := r.ask("GET", "/api/system", "", 200, true)["data"].(map[string]any)
	machine, _ := system["system"].(map[string]any)
	for _, key := range []string{"cpu", "memory", "load_average", "uptime", "timestamp"} {
		if machine[key] == nil {
			t.Errorf("no %s in %v", key, machine)
		}
	}
	whole, _ := r.ask("GET", "/api/status", "", 200, true)["data"].(map[string]any)
	if whole["processes"] == nil || whole["system"] == nil || whole["ports"] == nil {
		t.Errorf("%v", whole)
	}
	if answer := r.ask("POST", "/api/processes", `{"name":"x","script":"cat"}`, 403, false); answer["code"] != "FORBIDDEN" {
		t.Errorf("%v", answer)
	}
}

// TestPoint17Exec: with --adminexec a program is added over HTTP, once.
func TestPoint17Exec(t *testing.T) {
	t.Parallel()
	r := rest(t, "adminexec = true\n"+two)
	r.ask("POST", "/api/processes", `{"name":"x","script":"cat"}`, 200, true)
	if r.status("x") != "online" {
		t.Error("it does not run")
	}
	for _, body := range []string{`{"name":"x","script":"cat"}`, `{"name":"api","script":"cat"}`} {
		if answer := r.ask("POST", "/api/processes", body, 409, false); answer["code"] != "PROCESS_ALREADY_EXISTS" {
			t.Errorf("%v", answer)
		}
	}
	for _, body := range []string{`{"name":"y"}`, `{"name":"y","script":"cat","instances":0}`, `{`, `{"script":"cat"}`, `[]`} {
		if answer := r.ask("POST", "/api/processes", body, 400, false); answer["code"] != "INVALID_CONFIGURATION" {
			t.Errorf("%v", answer)
		}
	}
}
