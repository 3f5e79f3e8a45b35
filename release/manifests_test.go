package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// filledIn returns a folder with the manifests of a version, made from sums of the test's.
func filledIn(t *testing.T) (settings, []sum) {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1795861068")
	s, err := settings{Out: t.TempDir(), Root: "..", Version: "1.2.3", URL: "https://files.example/ws", Homepage: "https://home.example"}.complete()
	if err != nil {
		t.Fatal(err)
	}
	var sums []sum
	var list strings.Builder
	for i, target := range s.Targets {
		one := sum{s.archive(target), strings.Repeat(string("0123456789abcdef"[i]), 64)}
		sums = append(sums, one)
		list.WriteString(one.SHA256 + "  " + one.Name + "\n")
	}
	put(t, filepath.Join(s.Out, sumsFile), list.String())
	if err := writeManifests(s); err != nil {
		t.Fatal(err)
	}
	return s, sums
}

func manifestText(t *testing.T, s settings, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Out, "manifests", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestManifestsHaveTheSums looks in each manifest for the sums of the archives it is about, and for
// no others.
func TestManifestsHaveTheSums(t *testing.T) {
	s, sums := filledIn(t)
	about := map[string]*regexp.Regexp{
		"websocketd.rb":   regexp.MustCompile(`_(darwin|linux)_(amd64|arm64)\.`),
		"websocketd.json": regexp.MustCompile(`_windows_(amd64|arm64)\.`),
		"websocketd.yaml": regexp.MustCompile(`_windows_(amd64|arm64)\.`),
		"flake.nix":       regexp.MustCompile(`_(darwin|linux)_(amd64|arm64)\.`),
	}
	for name, archives := range about {
		text := manifestText(t, s, name)
		var want []string
		for _, one := range sums {
			if archives.MatchString(one.Name) {
				want = append(want, one.SHA256)
			}
		}
		got := regexp.MustCompile(`[0-9a-fA-F]{64}`).FindAllString(text, -1)
		for i := range got {
			got[i] = strings.ToLower(got[i])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the sums %v, want %v", name, got, want)
		}
		if !strings.Contains(text, "https://files.example/ws/v1.2.3/") || strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
			t.Errorf("%s is not filled in:\n%s", name, text)
		}
	}
}

// TestScoop follows the manifest's words to the binary.
func TestScoop(t *testing.T) {
	s, sums := filledIn(t)
	var scoop struct {
		Version      string
		Bin          string
		Architecture map[string]struct {
			URL, Hash string
			Folder    string `json:"extract_dir"`
		}
	}
	if err := json.Unmarshal([]byte(manifestText(t, s, "websocketd.json")), &scoop); err != nil {
		t.Fatal(err)
	}
	for name, arch := range map[string]string{"64bit": "amd64", "arm64": "arm64"} {
		got, file := scoop.Architecture[name], "websocketd_1.2.3_windows_"+arch
		i := slices.IndexFunc(sums, func(s sum) bool { return s.Name == file+".zip" })
		if got.URL != "https://files.example/ws/v1.2.3/"+file+".zip" || got.Hash != sums[i].SHA256 || got.Folder != file {
			t.Errorf("%s is %+v", name, got)
		}
	}
	if scoop.Bin != "websocketd.exe" || scoop.Version != "1.2.3" {
		t.Errorf("the manifest is %+v", scoop)
	}
}

// TestHomebrewIsRuby has Ruby read the cask.
func TestHomebrewIsRuby(t *testing.T) {
	ruby := need(t, "ruby")
	s, _ := filledIn(t)
	if out, err := exec.Command(ruby, "-c", filepath.Join(s.Out, "manifests", "websocketd.rb")).CombinedOutput(); err != nil {
		t.Errorf("ruby -c: %v: %s", err, out)
	}
}

// TestManifestsNeedEveryArchive leaves one out.
func TestManifestsNeedEveryArchive(t *testing.T) {
	s, sums := filledIn(t)
	put(t, filepath.Join(s.Out, sumsFile), sums[0].SHA256+"  "+sums[0].Name+"\n")
	if err := writeManifests(s); err == nil || !strings.Contains(err.Error(), sumsFile+" has no websocketd_1.2.3_") {
		t.Errorf("with one sum: %v", err)
	}
}
