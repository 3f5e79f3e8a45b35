package cli

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// mostShebang is how much of the first line of a script counts (BINPRM_BUF_SIZE).
const mostShebang = 256

// shebang returns the interpreter that the first line of a script names after #!, and its argument.
// It returns nothing if there is no such line.
func shebang(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, mostShebang)).ReadString('\n')
	rest, is := strings.CutPrefix(line, "#!")
	path, argument, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch argument = strings.TrimSpace(argument); {
	case !is || path == "":
		return nil
	case argument == "":
		return []string{path}
	}
	return []string{path, argument}
}
