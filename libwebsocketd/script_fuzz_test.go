package libwebsocketd

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/internal/testkit"
)

// FuzzScript compares findScript, and what cleans its path, with the oracle over
// a fixed tree.
func FuzzScript(f *testing.F) {
	for _, target := range []string{"/", "//", "/.", "/..", "/x/../hello.sh/", "/hello.sh/../..", "/%2e%2e/", "/a%2F..%2fsub", `\`, "/%00", "/%ff", "*", "//x/", "/./", "/.../", "x%20y", "/..%2fscripts-sibling/evil.sh"} {
		f.Add(target)
	}
	dir := scriptTree(f)
	files := everyFile(f, dir, dir, "", 4)
	if len(files) < 17 {
		f.Fatalf("only %d files: %v", len(files), files)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if len(target) > 300 {
			return
		}
		near := []string{target, "/" + target, "/.." + target, target + "/../hello.sh", "/scripts-sibling/evil.sh" + target}
		for _, file := range files {
			near = append(near, file.url+target, file.url+"/"+target, target+file.url, "/sub/.."+file.url+target)
		}
		for _, n := range near {
			checkScript(t, dir, files, n)
		}
	})
}

func checkScript(t *testing.T, dir string, files []treeFile, target string) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return
	}
	s := routing(t, Config{Dir: dir})
	to, refusal := s.route(&http.Request{URL: u})
	status, file := http.StatusOK, ""
	if refusal != nil {
		status = refusal.Status
	} else {
		file = to.argv[0]
	}
	clean := testkit.OracleClean(u.Path)
	wantStatus, wantFile, wantName, wantInfo := oracleScript(files, u.Path, clean)
	if status != wantStatus || file != wantFile || to.scriptName != wantName || to.pathInfo != wantInfo {
		t.Errorf("%q: %d %q SCRIPT_NAME %q PATH_INFO %q\nthe oracle: %d %q SCRIPT_NAME %q PATH_INFO %q",
			target, status, file, to.scriptName, to.pathInfo, wantStatus, wantFile, wantName, wantInfo)
	}
	if got := paths.Clean(u.Path); got != clean {
		t.Errorf("cleanPath(%q) = %q, the oracle says %q", u.Path, got, clean)
	}
	if status == http.StatusOK && !strings.HasPrefix(file, dir+string(filepath.Separator)) {
		t.Errorf("%q runs %s, which is not in %s", target, file, dir)
	}
}

// treeFile is a file by the URL it is reached by.
type treeFile struct {
	url      string
	resolved string
	inside   bool
	regular  bool
	runnable bool
}

// everyFile lists what is no directory, links followed, to a depth.
func everyFile(t testing.TB, dir, folder, prefix string, depth int) (files []treeFile) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil: // a link to nothing
		case entry.Name()[0] == '.' && entry.Name() != ".well-known": // is not seen
		case info.IsDir() && depth > 0:
			files = append(files, everyFile(t, dir, path, prefix+"/"+entry.Name(), depth-1)...)
		case !info.IsDir():
			resolved, err := filepath.EvalSymlinks(path)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, treeFile{
				url:      prefix + "/" + entry.Name(),
				resolved: resolved,
				inside:   strings.HasPrefix(resolved, dir+string(filepath.Separator)),
				regular:  info.Mode()&os.ModeType == 0,
				runnable: strings.Contains(info.Mode().String(), "x"),
			})
		}
	}
	return files
}

// oracleScript looks for the file whose URL is the path's beginning: the longest,
// should there be several.
func oracleScript(files []treeFile, path, clean string) (status int, file, name, info string) {
	var found treeFile
	for _, f := range files {
		if (clean == f.url || strings.HasPrefix(clean, f.url+"/")) && len(f.url) > len(found.url) {
			found = f
		}
	}
	switch {
	case strings.Contains(path, "\x00"):
		return http.StatusBadRequest, "", "", ""
	case found.url == "" || !found.inside || !found.regular:
		return http.StatusNotFound, "", "", ""
	case !found.runnable:
		return http.StatusForbidden, "", "", ""
	}
	return http.StatusOK, found.resolved, found.url, clean[len(found.url):]
}
