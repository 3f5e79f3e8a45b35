package harness

import (
	"os"
	"path/filepath"
	"strings"
)

// secretFlags name the files whose secrets stand in nothing that a server writes.
var secretFlags = []string{"--tokenfile=", "--authfile=", "--jwtkey="}

// secretFiles returns the files of secrets that the flags of a server name.
func (o Options) secretFiles() (files []string) {
	for _, arg := range o.Args {
		for _, flag := range secretFlags {
			if file, ok := strings.CutPrefix(arg, flag); ok && filepath.IsAbs(file) {
				files = append(files, file)
			} else if ok && file != "" {
				files = append(files, filepath.Join(o.Dir, file))
			}
		}
	}
	return files
}

// secretsIn returns the tokens, hashes of passwords and shared secrets of files, as they are now.
// Public keys are none.
func secretsIn(files []string) (secrets []string) {
	const shortest = 12 // what is shorter may be a word
	for _, file := range files {
		text, _ := os.ReadFile(file) // a server may be started without
		if strings.Contains(string(text), "-----BEGIN PUBLIC") || strings.HasPrefix(string(text), "{") {
			continue
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if _, secret, found := strings.Cut(line, ":"); found {
				line = secret
			}
			if len(line) >= shortest && !strings.HasPrefix(line, "#") {
				secrets = append(secrets, line)
			}
		}
	}
	return secrets
}

// checkSecrets demands that the server has written no secret of its files, neither of those it
// was started with nor of those they have now.
func (s *Server) checkSecrets(t T) {
	t.Helper()
	for _, secret := range append(s.secrets, secretsIn(s.secretFiles)...) {
		if s.Out.Has(secret) || s.Err.Has(secret) {
			t.Errorf("the server has written the secret %q", secret)
		}
	}
}
