package cli

import (
	"reflect"
	"strings"
	"testing"

	"websocketd/libwebsocketd/manager"
)

// TestNewProgram: a program that is not of the file is an app of one, with the flags as its
// defaults.
func TestNewProgram(t *testing.T) {
	w, r := configuredBy(t, keptA, "--history=64K", "--pingms=500")
	if r != nil {
		t.Fatal(r.message)
	}
	supervised := manager.New(manager.Options{})
	add := w.newProgram(supervised)
	got, err := add("b", []byte(`{"script": "cat", "args": ["-u"], "port": "3000", "env": {"A": 1}}`))
	if err != nil {
		t.Fatal(err)
	}
	manage(w.programs, supervised)
	want := w.programs[0]
	life := want.Lifetime.(manager.Lifetime)
	life.Ports = manager.Ports{First: 3000, Last: 3000}
	want.Name, want.Path, want.Lifetime, want.Env = "b", "/b", life, []string{"A=1"}
	want.Command = []string{want.Command[0], "-u"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if named, err := add("", []byte(`{"name": "c", "script": "cat"}`)); err != nil || named.Name != "c" {
		t.Errorf("%+v, %v", named, err)
	}
	for config, want := range map[string]string{
		`{"script": "cat"`: "config:1:17: the file ends too soon",
		`[]`:               "config:1:1: the file is an array",
		`{"script": "cat", "instances": 0, "port": "x"}`:         `app b: instances = 0: must be a number from 1 to 256; port = "x": "x" is no port`,
		`{"script": "cat", "instances": 3, "port": "3000-3001"}`: `app b: program b: lifetime supervised: the ports 3000-3001 are 2, too few for 3 instances`,
		`{"script": "cat", "maxframesize": 0}`:                   `app b: program b: maxframesize = 0 is no limit`,
		`{}`:                                                     `app b: script is missing`,
	} {
		if _, err := add("b", []byte(config)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v; want %s", config, err, want)
		}
	}
}
