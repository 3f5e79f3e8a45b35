package testkit

import "strings"

// OracleClean returns what paths.Clean should: it keeps a stack of segments, of which ..
// removes one. A slash at the end stays, unless nothing else remains.
func OracleClean(path string) string {
	var pile []string
	for _, segment := range strings.Split(path, "/") {
		switch {
		case segment == ".." && len(pile) > 0:
			pile = pile[:len(pile)-1]
		case segment != "" && segment != "." && segment != "..":
			pile = append(pile, segment)
		}
	}
	clean := ""
	for _, segment := range pile {
		clean += "/" + segment
	}
	if clean == "" || path[len(path)-1] == '/' {
		clean += "/"
	}
	return clean
}
