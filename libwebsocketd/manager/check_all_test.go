package manager

import (
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// TestCheckAll: every fault of the dependencies is told at once, cycles by their path.
func TestCheckAll(t *testing.T) {
	t.Parallel()
	program := func(name string, app App, after ...Dependency) libwebsocketd.Program {
		app.After = after
		return libwebsocketd.Program{Name: name, Settings: libwebsocketd.Settings{Lifetime: Lifetime{App: app}}}
	}
	ready := func(on string) Dependency { return Dependency{on, ReadyTo} }
	plain := libwebsocketd.Program{Name: "web", Settings: libwebsocketd.Settings{Lifetime: shared.Lifetime{}}}
	for _, test := range []struct {
		what     string
		programs []libwebsocketd.Program
		want     string
	}{
		{"none", nil, ""},
		{"a diamond", []libwebsocketd.Program{
			program("a", App{}, ready("b"), ready("c")), program("b", App{}, ready("d")), program("c", App{}, ready("d")), program("d", App{}), plain}, ""},
		{"names of instances", []libwebsocketd.Program{
			program("a", App{Instances: 2}), program("a-1", App{}), program("we", App{Instances: 3}), {Name: "we-0"}, program("a-2", App{})},
			`program "a": its instance a-1 has the name of another program: give one of them another name` + "\n" +
				`program "we": its instance we-0 has the name of another program: give one of them another name`},
		{"it waits for itself", []libwebsocketd.Program{program("a", App{}, ready("a"))},
			"these programs wait for each other (after): a -> a"},
		{"a cycle behind others", []libwebsocketd.Program{
			program("x", App{}, ready("a")), program("a", App{}, ready("b")), program("b", App{}, ready("c")), program("c", App{}, ready("a"))},
			"these programs wait for each other (after): a -> b -> c -> a"},
		{"two cycles", []libwebsocketd.Program{
			program("a", App{}, ready("b")), program("b", App{}, ready("a")), program("c", App{}, ready("d")), program("d", App{}, ready("c"))},
			"these programs wait for each other (after): a -> b -> a\nthese programs wait for each other (after): c -> d -> c"},
		{"all other faults", []libwebsocketd.Program{
			program("a", App{}, ready("bb"), ready("web"), Dependency{"b", Completed}, Dependency{"b", Healthy}, ready("a")), program("b", App{}), plain},
			`program "a": after has "bb:ready": there is no such program` + "\n" +
				`program "a": after has "web:ready": that program is not supervised (lifetime)` + "\n" +
				`program "a": after has "b:completed": it never ends for good; set autorestart = false there` + "\n" +
				`program "a": after has "b:healthy": nothing says when it is healthy; set health there` + "\n" +
				"these programs wait for each other (after): a -> a"},
		{"what is so", []libwebsocketd.Program{
			program("a", App{}, Dependency{"task", Completed}, Dependency{"b", Healthy}, Dependency{"b", Started}),
			program("task", App{NoRestart: true}), program("b", App{Health: &Check{HTTP: "http://127.0.0.1/"}})}, ""},
	} {
		got := ""
		if err := CheckAll(test.programs); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.what, got, test.want)
		}
	}
}
