package static

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
)

// secret is in every file that must not be served, and in no other.
const secret = "SECRET "

// siteNode is one thing of siteTree, named by its path below the base. A name that
// ends with / is a directory.
type siteNode struct {
	name string
	link string // what the link says; "" is no link
	fifo bool
	mode os.FileMode
}

// siteTree is a static directory, site, with everything that may be in one, a private
// directory in it, and siblings of both whose names begin alike. BASE in a link is the
// directory that holds it all.
var siteTree = []siteNode{
	{name: "site/"}, {name: "site/sub/"}, {name: "site/sub/deep/"}, {name: "site/empty/"}, {name: "site/pages/"},
	{name: "site/.git/"}, {name: "site/.well-known/"}, {name: "site/a b%20ü/"}, {name: "site/piped/"},
	{name: "site/cgi/"}, {name: "site/cgi/lib/"}, {name: "site/cgi-docs/"}, {name: "site-sibling/"}, {name: "site/outpages/"},

	{name: "site/plain.txt"}, {name: "site/sub/inner.txt"}, {name: "site/sub/deep/last"}, {name: "site/pages/index.html"},
	{name: "site/pages/other.html"}, {name: "site/.well-known/token"}, {name: "site/a b%20ü/c d%2f.txt"},
	{name: `site/back\slash`}, {name: "site/semi;colon?query#hash"}, {name: "site/<b>&"}, {name: "site/cgi-docs/read.me"},
	{name: "site/two..dots"}, {name: "site/trailing."},

	{name: "site/.hidden"}, {name: "site/..."}, {name: "site/..x"}, {name: "site/.git/config"}, {name: "site/.well-known/.hidden"},
	{name: "site/.well-known-too"}, {name: "site/sub/.env"},
	{name: "site/cgi/run.sh", mode: 0o755}, {name: "site/cgi/lib/data.txt"}, {name: "site-sibling/evil.txt"}, {name: "outside.txt"},

	{name: "site/fifo", fifo: true}, {name: "site/piped/index.html", fifo: true},

	{name: "site/in", link: "plain.txt"}, {name: "site/in2", link: "sub/../in"}, {name: "site/indir", link: "sub"},
	{name: "site/abs", link: "BASE/site/sub/inner.txt"}, {name: "site/absdir", link: "BASE/site/sub"},
	{name: "site/there", link: "../site/plain.txt"}, // out and in again
	{name: "site/sub/up", link: "../plain.txt"}, {name: "site/sub/updir", link: ".."}, {name: "site/o", link: "."},
	{name: "site/pages/link.html", link: "index.html"},

	{name: "site/out", link: "../outside.txt"}, {name: "site/outdir", link: "../site-sibling"},
	{name: "site/absout", link: "BASE/outside.txt"}, {name: "site/absoutdir", link: "BASE/site-sibling/"},
	{name: "site/base", link: ".."}, {name: "site/root", link: "/"}, {name: "site/sub/out", link: "../../site-sibling/evil.txt"},
	{name: "site/outpages/index.html", link: "../../outside.txt"},
	{name: "site/script", link: "cgi/run.sh"}, {name: "site/scripts", link: "BASE/site/cgi"},
	{name: "site/none", link: "nothing"}, {name: "site/loop", link: "loop"}, {name: "site/loop1", link: "loop2/x"}, {name: "site/loop2", link: "loop1"},
}

// content returns the content of a file, which no other file has.
func (n siteNode) content() string {
	mark := "public "
	rest, inside := strings.CutPrefix(n.name, "site/")
	segments := strings.Split(rest, "/")
	hidden := slices.ContainsFunc(segments, func(s string) bool { return s[0] == '.' && s != ".well-known" })
	if !inside || hidden || segments[0] == "cgi" {
		mark = secret
	}
	return "<p>" + mark + n.name + "</p>\n"
}

// makeSite makes the tree, and returns the directory that holds it.
func makeSite(t testing.TB) (base string) {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range siteTree {
		path := filepath.Join(base, filepath.FromSlash(n.name))
		var err error
		switch {
		case n.fifo:
			testkit.MakeFifo(t, path)
		case n.link != "":
			err = os.Symlink(strings.Replace(n.link, "BASE", base, 1), path)
		case strings.HasSuffix(n.name, "/"):
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(n.content()), cmp.Or(n.mode, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return base
}

// siteOracle finds things in siteTree as it is written above, without looking at
// a file system: a link is put in front of what is left of the path.
type siteOracle struct {
	base  string
	nodes map[string]siteNode // by path below base, without a slash at the end
}

func newSiteOracle(base string) siteOracle {
	o := siteOracle{base, map[string]siteNode{"": {name: "/"}}}
	for _, n := range siteTree {
		o.nodes[strings.TrimSuffix(n.name, "/")] = n
	}
	return o
}

// follow walks from a directory of the tree. It returns where it ends; ok is
// false when it leaves the base or there is nothing.
func (o siteOracle) follow(at string, segments []string) (where string, ok bool) {
	for links := 0; len(segments) > 0; {
		segment := segments[0]
		segments = segments[1:]
		if segment == "" || segment == "." {
			continue
		}
		if !strings.HasSuffix(o.nodes[at].name, "/") {
			return "", false // a file is no directory
		}
		if segment == ".." {
			if at == "" {
				return "", false
			}
			at = strings.TrimSuffix(at[:strings.LastIndex("/"+at, "/")], "/")
			continue
		}
		next := strings.TrimPrefix(at+"/"+segment, "/")
		n, exists := o.nodes[next]
		if !exists {
			return "", false
		}
		if n.link == "" {
			at = next
			continue
		}
		if links++; links > 200 {
			return "", false
		}
		to := n.link
		if inBase, absolute := strings.CutPrefix(to, "BASE"); absolute {
			at, to = "", inBase
		} else if to[0] == '/' {
			return "", false
		}
		segments = append(strings.Split(to, "/"), segments...)
	}
	return at, true
}

// visible returns what a URL path, clean and without a slash at the end, leads to: a node
// that may be served, if ok.
func (o siteOracle) visible(clean string) (n siteNode, ok bool) {
	segments := strings.Split(clean, "/")
	for _, segment := range segments {
		if segment != "" && segment[0] == '.' && segment != ".well-known" {
			return n, false
		}
	}
	where, ok := o.follow("site", segments)
	if !ok || where != "site" && !strings.HasPrefix(where, "site/") || where == "site/cgi" || strings.HasPrefix(where, "site/cgi/") {
		return n, false
	}
	return o.nodes[where], true
}

// page is what a browser ends up with at a clean path: the content of a file, or
// the names in a directory, or neither.
type page struct {
	status  int
	content string
	names   []string
}

func (o siteOracle) page(clean string) page {
	clean = strings.TrimSuffix(clean, "/")
	n, ok := o.visible(clean)
	switch {
	case !ok || n.fifo:
		return page{status: 404}
	case !strings.HasSuffix(n.name, "/"):
		return page{status: 200, content: n.content()}
	}
	if index, ok := o.visible(clean + "/index.html"); ok && !index.fifo {
		return page{status: 200, content: index.content()}
	}
	p := page{status: 200, names: []string{}}
	for name, child := range o.nodes {
		entry, below := strings.CutPrefix(name, n.name)
		if !below || entry == "" || strings.Contains(entry, "/") {
			continue
		}
		if seen, ok := o.visible(clean + "/" + entry); !ok || seen.fifo {
			continue
		}
		if child.link == "" && strings.HasSuffix(child.name, "/") {
			entry += "/"
		}
		p.names = append(p.names, entry)
	}
	slices.Sort(p.names)
	return p
}
