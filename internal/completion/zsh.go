package completion

import (
	"fmt"
	"strings"
)

// zsh returns the script for zsh, which is found as _NAME in its fpath, or read by eval.
func zsh(c Command) string {
	var functions strings.Builder
	for _, p := range places(c)[1:] {
		functions.WriteString("\n" + zshPlace(c.Name, p))
	}
	script := strings.ReplaceAll(zshScript, "NAME", c.Name)
	return strings.NewReplacer("@FLAGS@\n", zshFlags(c.Name, c.Flags), "@WORDS@\n", zshWords(c.Words),
		"@CASES@\n", zshCases(c.Name, "", c.Words), "@PLACES@\n", functions.String()).Replace(script)
}

// zshFunction returns the name of the function of a place.
func zshFunction(name, path string) string {
	return "_" + name + "_" + strings.ReplaceAll(path, "/", "_")
}

// zshPlace returns the function that completes what follows a word.
func zshPlace(name string, p place) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s() {\n", zshFunction(name, p.path))
	if len(p.Words) > 0 {
		b.WriteString("    local curcontext=$curcontext state line ret=1\n    typeset -A opt_args\n    local -a words_here\n    words_here=(\n" +
			zshWords(p.Words) + "    )\n    _arguments -C \\\n" + zshFlags(name, p.Flags) +
			"        '1: :->first' \\\n        '*:: :->rest' && ret=0\n    case $state in\n" +
			"    first) _describe -t words word words_here && ret=0 ;;\n    rest)\n        case $words[1] in\n" +
			zshCases(name, p.path, p.Words) + "        esac ;;\n    esac\n    return ret\n}\n")
		return b.String()
	}
	b.WriteString("    _arguments \\\n" + zshFlags(name, p.Flags))
	switch p.Rest {
	case File:
		b.WriteString("        '*:file:_files'\n")
	case Served:
		fmt.Fprintf(&b, "        '*:program:_%s_served'\n", name)
	default:
		b.WriteString("        '*:word:( )'\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// zshWords returns the elements of an array for _describe.
func zshWords(words []Command) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "        %s\n", quote(w.Name+":"+strings.ReplaceAll(w.Help, ":", `\:`)))
	}
	return b.String()
}

// zshCases returns the lines of a case that call the functions of words.
func zshCases(name, path string, words []Command) string {
	var b strings.Builder
	for _, w := range words {
		below := strings.TrimPrefix(path+"/"+w.Name, "/")
		fmt.Fprintf(&b, "        %s) %s && ret=0 ;;\n", w.Name, zshFunction(name, below))
	}
	return b.String()
}

// zshFlags returns the arguments of _arguments for flags.
func zshFlags(name string, flags []Flag) string {
	var b strings.Builder
	for _, f := range flags {
		for i, spelled := range f.names() {
			hyphens := "--"
			if i > 0 {
				hyphens = "-"
			}
			fmt.Fprintf(&b, "        %s \\\n", quote(zshFlag(name, hyphens+spelled, &f)))
		}
	}
	return b.String()
}

// zshFlag returns one of these arguments.
func zshFlag(name, spelled string, f *Flag) string {
	spec := spelled
	if f.Repeats {
		spec = "*" + spec
	}
	switch {
	case f.Optional:
		spec += "=-"
	case f.Value != None && strings.HasPrefix(spelled, "--"):
		spec += "="
	}
	spec += "[" + strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace(f.Help) + "]"
	if f.Value == None {
		return spec
	}
	colon := ":"
	if f.Optional {
		colon = "::"
	}
	return spec + colon + strings.ReplaceAll(f.Shows, ":", `\:`) + ":" + zshAction(name, f)
}

// zshAction returns what completes the value of a flag.
func zshAction(name string, f *Flag) string {
	words := strings.Join(f.Words, " ")
	switch f.Value {
	case File:
		return "_files"
	case Dir:
		return "_directories"
	case Words:
		return "(" + words + ")"
	case List:
		return "_values -s , value " + words
	case Served:
		return "_" + name + "_served"
	}
	return " "
}

const zshScript = `#compdef NAME
# zsh completion for NAME. It is printed by: NAME completion zsh

# COMMAND, its arguments, and the words that may stand first.
_NAME() {
    local curcontext=$curcontext state line ret=1 first=$words[2] at=$CURRENT
    typeset -A opt_args
    local -a words_here
    words_here=(
@WORDS@
    )
    _arguments -C -S -A '-*' \
@FLAGS@
        '1: :->first' \
        '*:: :->rest' && ret=0
    case $state in
    first)
        (( at > 2 )) || { _describe -t words word words_here && ret=0 }
        [[ -z $PREFIX || $PREFIX == */* ]] || { _command_names -e && ret=0 }
        _files && ret=0 ;;
    rest)
        [[ $words[1] == $first ]] || { _normal && ret=0; return ret }
        case $first in
@CASES@
        *) _normal && ret=0 ;;
        esac ;;
    esac
    return ret
}
@PLACES@

# The programs that the newest server of this user serves.
_NAME_served() {
    local -a names
    names=(${(f)"$(_call_program programs NAME ctl list --json=false 2>/dev/null | awk 'NR > 1 { print $1 }')"})
    _wanted programs expl program compadd -a names
}

if [[ $funcstack[1] == _NAME ]]; then
    _NAME "$@"
else
    compdef _NAME NAME
fi
`
