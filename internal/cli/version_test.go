package cli

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for _, test := range []struct {
		build Build
		want  string
	}{
		{Build{}, "DEVBUILD ("},
		{Build{Version: "1", Info: "x"}, "1 ("},
	} {
		if got := test.build.String(); !strings.HasPrefix(got, test.want) {
			t.Errorf("version %q, want %q in front", got, test.want)
		}
	}
	if got := (Build{}).String(); !strings.HasSuffix(got, ") --") {
		t.Errorf("version without build information is %q", got)
	}
	_, version, _ := invoke(nil, "--version")
	_, both, _ := invoke(nil, "--license", "--version")
	if want := version + "\nthe licence\n"; both != want {
		t.Errorf("--license prints %q, want %q", both, want)
	}
}

// The version of a module counts where it is one of a release.
func TestReleased(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "1.2.3", "v0.10.0": "0.10.0", "(devel)": "", "": "",
		"v0.0.0-20261128120000-0123456789ab": "", "v1.2.4-0.20261128120000-0123456789ab": "", "v1.2.3+dirty": "",
	} {
		if got := released(version); got != want {
			t.Errorf("%s is the release %q, expected %q", version, got, want)
		}
	}
}

// Programs get the version as one object, whose keys are known.
func TestVersionJSON(t *testing.T) {
	status, out, errs := invoke(nil, "--version=json")
	var d versionDocument
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil || status != 0 || errs != "" {
		t.Fatalf("%d, %q, %q: %v", status, out, errs, err)
	}
	if d.Version != "1.2.3" || d.Go != runtime.Version() || d.OS != runtime.GOOS || d.Arch != runtime.GOARCH || strings.Count(out, "\n") != 1 {
		t.Errorf("%q", out)
	}
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-28T12:00:00Z"}, {Key: "vcs.modified", Value: "true"}}}
	text, err := json.Marshal(Build{Version: "2", Info: "by hand"}.document(info))
	want := `{"version":"2","build":"by hand","commit":"abc","date":"2026-11-28T12:00:00Z","modified":true,"go":"` + runtime.Version() + `","os":"` + runtime.GOOS + `","arch":"` + runtime.GOARCH + `"}`
	if string(text) != want || err != nil {
		t.Errorf("%s, expected %s: %v", text, want, err)
	}
	if _, text, _ := invoke(nil, "--version=false", "--version"); !strings.HasPrefix(text, "websocketd 1.2.3 (") {
		t.Errorf("%q", text)
	}
}
