package completion

import (
	"fmt"
	"strings"
)

// fish returns the script for fish 3 and later.
func fish(c Command) string {
	var values, words, completes strings.Builder
	for _, p := range places(c) {
		if next := fishNext(p.Flags); next != "" {
			fmt.Fprintf(&values, "        case %s\n            contains -- $argv[2]%s\n", fishPlace(p.path), next)
		}
		if len(p.Words) > 0 {
			fmt.Fprintf(&words, "        case %s\n            contains -- $argv[2] %s\n", fishPlace(p.path), strings.Join(namesOf(p.Words), " "))
		}
		completes.WriteString(fishCompletes(c.Name, p))
	}
	script := strings.ReplaceAll(fishScript, "NAME", c.Name)
	return strings.NewReplacer("@VALUES@\n", values.String(), "@WORDS@\n", words.String(), "@COMPLETES@\n", completes.String()).Replace(script)
}

// fishPlace returns what the functions of the script call a place.
func fishPlace(path string) string {
	if path == "" {
		return "top"
	}
	return path
}

// fishNext returns the flags whose values may be the next word.
func fishNext(flags []Flag) string {
	var b strings.Builder
	for _, f := range flags {
		if f.takesNext() {
			b.WriteString(" " + strings.Join(f.names(), " "))
		}
	}
	return b.String()
}

// fishCompletes returns the calls of complete for a place.
func fishCompletes(name string, p place) string {
	var b strings.Builder
	head := fmt.Sprintf("complete -c %s -n '__%s_in %s'", name, name, fishPlace(p.path))
	for _, w := range p.Words {
		fmt.Fprintf(&b, "complete -c %s -n '__%s_first %s' -f -a %s -d %s\n", name, name, fishPlace(p.path), w.Name, fishQuote(w.Help))
	}
	switch p.Rest {
	case File:
		fmt.Fprintf(&b, "%s -F\n", head)
	case Served:
		fmt.Fprintf(&b, "%s -f -a '(__%s_served)'\n", head, name)
	case Program:
		fmt.Fprintf(&b, "%s -a '(__fish_complete_command)'\n", head)
	default:
		fmt.Fprintf(&b, "%s -f\n", head)
	}
	for _, f := range p.Flags {
		short := ""
		if f.Short != "" {
			short = " -s " + f.Short
		}
		fmt.Fprintf(&b, "%s -l %s%s%s -d %s\n", head, f.Name, short, fishValue(&f), fishQuote(f.Help))
	}
	return b.String()
}

// fishValue returns the options of complete for the value of a flag.
func fishValue(f *Flag) string {
	words := strings.Join(f.Words, " ")
	switch {
	case f.Value == None, f.Optional:
		return ""
	case f.Value == File:
		return " -r -F"
	case f.Value == Dir:
		return " -x -a '(__fish_complete_directories (string replace -r -- \"^-[^=]*=\" \"\" (commandline -ct)))'"
	case f.Value == Words:
		return " -x -a " + fishQuote(words)
	case f.Value == List:
		return " -x -a " + fishQuote("(__fish_append , "+words+")")
	}
	return " -x"
}

// fishQuote returns a text as one word of fish.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

const fishScript = `# fish completion for NAME. It is printed by: NAME completion fish

# Whether a flag takes its value from the next word: the place, and the flag without hyphens.
function __NAME_next
    switch $argv[1]
@VALUES@
        case '*'
            return 1
    end
end

# Whether a word is one of NAME's own in a place.
function __NAME_word
    switch $argv[1]
@WORDS@
        case '*'
            return 1
    end
end

# Where the cursor is: top, a word of NAME's as ctl/logs, or command, with the number of the word that is COMMAND.
# Then whether another word that is no flag stands before it.
function __NAME_place
    set -l tokens (commandline -opc)
    set -l place top
    set -l given no
    set -l i 2
    while test $i -le (count $tokens)
        set -l token $tokens[$i]
        switch $token
            case '--'
                test $place = top; and echo command; and echo (math $i + 1); and return
                set given yes
            case '-*=*'
            case '-?*'
                __NAME_next $place (string replace -r '^--?' '' -- $token); and set i (math $i + 1)
            case '*'
                if test $given = no -a \( $place != top -o $i = 2 \); and __NAME_word $place $token
                    test $place = top; and set place $token; or set place $place/$token
                else if test $place = top
                    echo command
                    echo $i
                    return
                else
                    set given yes
                end
        end
        set i (math $i + 1)
    end
    echo $place
    echo $given
    count $tokens
end

# Whether the cursor is in a place.
function __NAME_in
    set -l place (__NAME_place)
    test $place[1] = $argv[1]
end

# Whether a word of NAME's may stand here.
function __NAME_first
    set -l place (__NAME_place)
    test $place[1] = $argv[1] -a "$place[2]" = no; or return 1
    test $argv[1] != top -o "$place[3]" = 1
end

# What completes COMMAND and its arguments.
function __NAME_command
    set -l place (__NAME_place)
    set -l tokens (commandline -opc) (commandline -ct)
    complete -C (string join -- ' ' (string escape -- $tokens[$place[2]..-2]) $tokens[-1])
end

# The programs that the newest server of this user serves.
function __NAME_served
    NAME ctl list --json=false 2>/dev/null | awk 'NR > 1 { print $1 }'
end

complete -c NAME -e
complete -c NAME -n '__NAME_in command' -f -a '(__NAME_command)'
@COMPLETES@
`
