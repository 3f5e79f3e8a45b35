package manager

import (
	"fmt"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// TestTogether: operators who ask for metrics and others who steer do not hold each other up.
func TestTogether(t *testing.T) {
	t.Parallel()
	s := manage(t, two)
	s.awaitOnline(t, "api")
	stop := make(chan struct{})
	var asking sync.WaitGroup
	defer asking.Wait()
	defer close(stop)
	for range 4 {
		o := s.connect(t)
		asking.Go(func() {
			subscribe := `{"type":"subscribe","data":{"events":["process_metrics","system_metrics","process_status"],"interval":100}}`
			for o.Text(subscribe) == nil {
				if _, err := o.Receive(); err != nil {
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	o := s.connect(t)
	for n := range 100 {
		if f := o.ask("command", fmt.Sprint(n), map[string]any{"action": "restart", "process": "api"}); f.Type != "command_result" {
			t.Fatalf("%+v", f)
		}
	}
}

// TestSameNames: no program has the name of another one's instance.
func TestSameNames(t *testing.T) {
	t.Parallel()
	s := manage(t, "adminexec = true\n"+two)
	s.awaitOnline(t, "api")
	o := s.connect(t)
	add := func(id, name string) frame {
		return o.ask("command", id, map[string]any{"action": "start", "process": name, "config": map[string]any{"script": "cat"}})
	}
	if f := add("1", "api-1"); f.Type != "command_result" {
		t.Fatalf("%+v", f)
	}
	r := &restful{s, t, ""}
	if status, answer := r.do("POST", "/api/processes/api/scale", `{"instances":2}`); status != 400 || answer["code"] != "OPERATION_FAILED" {
		t.Errorf("%d %v", status, answer)
	}
	if status, _ := r.do("POST", "/api/processes/db/scale", `{"instances":2}`); status != 200 {
		t.Errorf("%d", status)
	}
	if status, answer := r.do("POST", "/api/processes", `{"name":"db-1","script":"cat"}`); status != 409 {
		t.Errorf("%d %v", status, answer)
	}
	harness.Until(t, "the instance is online", func() bool { return s.info(t, "db-1").Data.Status == "online" })
}
