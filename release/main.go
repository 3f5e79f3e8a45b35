package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// step is one thing the command makes.
type step struct {
	name string
	make func(settings) error
}

// steps are all of them, each after those that it needs.
var steps = []step{
	{"binaries", buildBinaries},
	{"sboms", writeSBOMs},
	{"archives", writeArchives},
	{"packages", writePackages},
	{"scratch", writeScratch},
	{"slim", writeSlim},
	{"checksums", writeChecksums},
	{"manifests", writeManifests},
	{"provenance", writeProvenance},
	{"signatures", writeSignatures},
}

func main() {
	s := settings{}
	flag.StringVar(&s.Version, "version", "", "`version` of the release; without it the newest tag's, or 0.0.0-git")
	flag.StringVar(&s.URL, "url", defaultURL, "`URL` of the folder from which users load the files")
	flag.StringVar(&s.Homepage, "homepage", defaultURL, "`URL` of the project")
	flag.StringVar(&s.Maintainer, "maintainer", defaultMaintainer, "`NAME <ADDRESS>` of who answers for the packages")
	flag.StringVar(&s.Builder, "builder", defaultURL+"#by-hand", "`URI` of where the release is made, for the provenance")
	flag.StringVar(&s.SignKey, "signkey", "", "`file` with the secret key of minisign that signs; its password is in "+passwordVariable)
	flag.StringVar(&s.Out, "out", "../dist", "`folder` to write to")
	flag.StringVar(&s.Root, "root", "..", "`folder` of the source")
	flag.StringVar(&s.Only, "only", "", "the only `targets`, as linux/arm64, with commas")
	flag.Usage = usage
	flag.Parse()
	if err := run(s, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

// usage tells the steps and the flags.
func usage() {
	fmt.Fprintln(os.Stderr, "usage: release [flags] all | STEP...")
	fmt.Fprintf(os.Stderr, "steps: %s\n", strings.Join(stepNames(), " "))
	flag.PrintDefaults()
}

// stepNames returns the names of the steps in their order.
func stepNames() (names []string) {
	for _, step := range steps {
		names = append(names, step.name)
	}
	return names
}

// run takes the named steps, in the order of the law.
func run(s settings, names []string) error {
	if slices.Equal(names, []string{"all"}) {
		names = stepNames()
	}
	for _, name := range names {
		if !slices.Contains(stepNames(), name) {
			return fmt.Errorf("no step %q: there are all %s", name, strings.Join(stepNames(), " "))
		}
	}
	s, err := s.complete()
	if err != nil {
		return err
	}
	for _, step := range steps {
		if !slices.Contains(names, step.name) {
			continue
		}
		fmt.Printf("release: %s\n", step.name)
		if err := step.make(s); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}
