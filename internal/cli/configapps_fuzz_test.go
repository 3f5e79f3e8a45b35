package cli

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
)

// FuzzApps: no file in JSON makes the command panic, and every fault has its place and a sentence.
// Of a file without a fault nothing was overlooked: encoding/json finds the same apps in it. What it
// finds, written as TOML, is the same programs, or has as many faults.
func FuzzApps(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"apps": []}`, `{"apps": [{"name": "a", "script": "cat"}]}`, strings.ReplaceAll(inJSON, "DIR", "/"),
		`{"apps": [{"name": "a", "script": "cat", "args": "x 'y z'", "env": {"A": 1e3, "B": -0.5, "C": null}}], "port": 1}`,
		`{"apps": [{"name": "a", "script": "cat", "args": [true, 1, "\u0000"]}, {"name": "a", "script": ""}, 7, null, [[]]]}`,
		`{"apps": [{"name": "é b", "script": "sh", "instances": 3, "port": "1-2", "health_check": {"url": "http://a", "enabled": false}}]}`,
		`{"program": {"x": {"command": ["cat"], "lifetime": "supervised", "after": ["a"]}}, "apps": [{"name": "a", "script": "cat", "path": "/y"}]}`,
		`{"apps": [{"name": "a", "script": "cat", "ready": {"line": "x"}, "every": "5m", "min_uptime": 0, "restart_delay": 9223372036854775807}]}`,
		`{"apps": [{"name": "a", "name": "b"}]}`, `{"a": 12345678901234567890, "b": [1, {"c": "\ud800"}]}`, "\ufeff{\"apps\": [\n{}\t]}", `[1]`, `{"a"`, `{"a":1,}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if !isJSON("f.toml", []byte(content)) {
			return
		}
		w, r := configured(t, content)
		checkFaults(t, content, w, r)
		var decoded map[string]any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(content, "\ufeff")), &decoded); err != nil {
			if r == nil {
				t.Fatalf("accepted though it is no JSON: %v", err)
			}
			return
		}
		if r == nil {
			checkApps(t, w, decoded)
		}
		if _, fault := parseJSON([]byte(content)); fault == nil {
			checkInTOML(t, w, r, content)
		}
	})
}

// checkApps compares the programs with what the decoder has found.
func checkApps(t *testing.T, w *options, decoded map[string]any) {
	t.Helper()
	apps, _ := decoded[appsTable].([]any)
	for _, item := range apps {
		app, _ := item.(map[string]any)
		i := slices.IndexFunc(w.programs, func(p libwebsocketd.Program) bool { return p.Name == app["name"] })
		if i < 0 {
			t.Errorf("the app %v is no program", app)
			continue
		}
		life, ok := w.programs[i].Lifetime.(manager.Lifetime)
		if n, set := app["instances"].(float64); !ok || set && n != float64(life.Instances) {
			t.Errorf("%+v is %+v", app, life)
		}
		args, _ := app["args"].([]any)
		if command := w.programs[i].Command; len(command) < 1+len(args) {
			t.Errorf("%+v runs %q", app, command)
		}
		env, _ := app["env"].(map[string]any)
		for name, value := range env {
			has := slices.ContainsFunc(w.programs[i].Env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
			if has != (value != nil) {
				t.Errorf("%s of %+v is in %q: %v", name, app, w.programs[i].Env, has)
			}
		}
		for key, value := range app {
			if value != nil && !slices.Contains(w.file.appNames(), key) {
				t.Errorf("the key %q of an app has no effect", key)
			}
		}
	}
}

// checkInTOML compares a file with the same one in TOML.
func checkInTOML(t *testing.T, w *options, r *refusal, content string) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(strings.TrimPrefix(content, "\ufeff")))
	decoder.UseNumber()
	var decoded map[string]any
	if decoder.Decode(&decoded) != nil {
		return
	}
	text, err := toml.Marshal(asTOML(decoded))
	if err != nil {
		return // what TOML cannot say
	}
	root, fault := parseTOML(text)
	if fault != nil || len(root.keys) == 0 {
		return // the library writes what it does not read
	}
	other, otherwise := configured(t, string(text))
	if (r == nil) != (otherwise == nil) || r == nil && !reflect.DeepEqual(byName(w.programs), byName(other.programs)) {
		t.Errorf("%s\nas TOML:\n%s\nis another file: %+v, %+v\n%+v\n%+v", content, text, r, otherwise, w.programs, other.programs)
	}
}

// byName returns programs in the order of their names. Their variables are sorted as well: the
// library writes tables in no order of ours.
func byName(programs []libwebsocketd.Program) []libwebsocketd.Program {
	sorted := slices.Clone(programs)
	for i := range sorted {
		sorted[i].Env = slices.Sorted(slices.Values(sorted[i].Env))
	}
	slices.SortFunc(sorted, func(a, b libwebsocketd.Program) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

// asTOML returns what is decoded of JSON as the library writes it: without null in tables, and with
// numbers of TOML's kinds.
func asTOML(v any) any {
	switch v := v.(type) {
	case map[string]any:
		table := map[string]any{}
		for key, value := range v {
			if value != nil {
				table[key] = asTOML(value)
			}
		}
		return table
	case []any:
		list := []any{}
		for _, item := range v {
			list = append(list, asTOML(item))
		}
		return list
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return v
}
