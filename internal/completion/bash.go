package completion

import (
	"fmt"
	"slices"
	"strings"
)

// bash returns the script for bash 3.2 and later. It needs nothing of the package bash-completion,
// and uses it for the arguments of COMMAND where it is there.
func bash(c Command) string {
	all := places(c)
	var flags, values, words, rests strings.Builder
	for _, p := range all {
		if len(p.Flags) > 0 {
			fmt.Fprintf(&flags, "    %s) echo %s ;;\n", quote(p.path), quote(strings.Join(bashFlags(p.Flags), "\n")))
		}
		values.WriteString(bashValues(p))
		if len(p.Words) > 0 {
			fmt.Fprintf(&words, "    %s) echo %s ;;\n", quote(p.path), quote(strings.Join(namesOf(p.Words), " ")))
		}
		if p.Rest != None {
			fmt.Fprintf(&rests, "    %s) echo %s ;;\n", quote(p.path), p.Rest)
		}
	}
	script := strings.ReplaceAll(bashScript, "NAME", c.Name)
	return strings.NewReplacer("@FLAGS@\n", flags.String(), "@VALUES@\n", values.String(),
		"@WORDS@\n", words.String(), "@RESTS@\n", rests.String()).Replace(script)
}

func namesOf(words []Command) (names []string) {
	for _, w := range words {
		names = append(names, w.Name)
	}
	return names
}

// bashFlags returns flags as they are typed, with = where a value follows.
func bashFlags(flags []Flag) (typed []string) {
	for _, f := range flags {
		if !f.takesNext() {
			typed = append(typed, "--"+f.Name)
		}
		if f.Value != None {
			typed = append(typed, "--"+f.Name+"=")
		}
	}
	return typed
}

// bashValues returns the lines of a case that tell the values of the flags of a place. Those with
// the same kind of value share one.
func bashValues(p place) string {
	var says []string
	of := map[string][]string{}
	for _, f := range p.Flags {
		if f.Value == None {
			continue
		}
		when := "next"
		if f.Optional {
			when = "beside"
		}
		say := strings.TrimSpace(when + " " + string(f.Value) + " " + strings.Join(f.Words, " "))
		if of[say] == nil {
			says = append(says, say)
		}
		for _, name := range f.names() {
			of[say] = append(of[say], quote(p.path+":"+name))
		}
	}
	slices.Sort(says)
	var b strings.Builder
	for _, say := range says {
		fmt.Fprintf(&b, "    %s) echo %s ;;\n", strings.Join(of[say], "|\\\n    "), quote(say))
	}
	return b.String()
}

const bashScript = `# bash completion for NAME. It is printed by: NAME completion bash

# The flags of a place, which is '' before COMMAND, and else a word of NAME's, as ctl/logs.
_NAME_flags() {
    case $1 in
@FLAGS@
    esac
}

# The value of a flag of a place, PLACE:FLAG: where it stands, in the next word or only beside =, and what it is.
_NAME_value() {
    case $1 in
@VALUES@
    esac
}

# The words of NAME's that may stand in a place.
_NAME_words() {
    case $1 in
@WORDS@
    esac
}

# What the other words of a place are.
_NAME_rest() {
    case $1 in
@RESTS@
    esac
}

# _NAME_add adds the lines it reads to the answers, with what was typed before the value.
_NAME_add() {
    local line
    while IFS= read -r line; do COMPREPLY+=("$1$line"); done
}

# _NAME_served adds the names of what a server has that begin with a value. They are somebody else's: neither
# compgen -W, which expands them, nor the line may run what they say.
_NAME_served() {
    local name
    while IFS= read -r name; do
        [[ $name != "$2"* ]] || COMPREPLY+=("$1$(printf %q "$name")")
    done < <("${words[0]}" ctl list --json=false 2>/dev/null | awk 'NR > 1 { print $1 }')
}

# _NAME_complete completes a value: what is before it, itself, its kind, and the words it may be.
_NAME_complete() {
    local before=$1 value=$2 kind=$3
    shift 3
    case $kind in
    file) compopt -o filenames 2>/dev/null; _NAME_add "$before" < <(compgen -f -- "$value") ;;
    dir) compopt -o filenames 2>/dev/null; _NAME_add "$before" < <(compgen -d -- "$value") ;;
    words) _NAME_add "$before" < <(compgen -W "$*" -- "$value") ;;
    list)
        case $value in *,*) before=$before${value%,*},; value=${value##*,} ;; esac
        compopt -o nospace 2>/dev/null
        _NAME_add "$before" < <(compgen -W "$*" -- "$value") ;;
    served) _NAME_served "$before" "$value" ;;
    program)
        compopt -o filenames 2>/dev/null
        [[ -z $value || $value == */* ]] || _NAME_add "$before" < <(compgen -c -- "$value")
        _NAME_add "$before" < <(compgen -f -- "$value") ;;
    esac
}

# _NAME_split divides the line into words, of which readline has cut some at = and :, and notes where each began.
_NAME_split() {
    local line=${COMP_LINE:0:COMP_POINT} blank word i
    words=() at=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${line%%[![:space:]]*}
        line=${line#"$blank"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$line
        if ((i > 0)) && [[ -z $blank ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word") at+=("$i")
        fi
        line=${line#"$word"}
    done
}

_NAME() {
    local -a words at
    local place='' name say cur i=1 last given=0 plain=0
    COMPREPLY=()
    _NAME_split
    last=$((${#words[@]} - 1)) cur=${words[${#words[@]} - 1]}
    while ((i < last)); do
        case ${words[i]} in
        --)
            [[ -n $place ]] || { _NAME_command $((i + 1)); return; }
            plain=1 ;;
        -?*=*) ;;
        -?*)
            name=${words[i]#-} name=${name#-}
            say=$(_NAME_value "$place:$name")
            if [[ $plain == 0 && $say == next* ]]; then
                i=$((i + 1))
                ((i < last)) || { _NAME_complete '' "$cur" ${say#next }; _NAME_trim; return; }
            fi ;;
        *)
            if [[ " $(_NAME_words "$place") " == *" ${words[i]} "* && $given == 0 && ($place != '' || $i == 1) ]]; then
                place=${place:+$place/}${words[i]}
            elif [[ -z $place ]]; then
                _NAME_command "$i"
                return
            else
                given=1
            fi ;;
        esac
        i=$((i + 1))
    done
    if [[ $plain == 0 && $cur == -*=* ]]; then
        name=${cur%%=*} name=${name#-} name=${name#-}
        say=$(_NAME_value "$place:$name")
        [[ -z $say ]] || _NAME_complete "${cur%%=*}=" "${cur#*=}" ${say#* }
    elif [[ $plain == 0 && $cur == -* ]]; then
        _NAME_add '' < <(compgen -W "$(_NAME_flags "$place")" -- "$cur")
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
    else
        [[ $given == 1 || -z $place && $last != 1 ]] || _NAME_add '' < <(compgen -W "$(_NAME_words "$place")" -- "$cur")
        say=$(_NAME_rest "$place")
        [[ -z $say ]] || _NAME_complete '' "$cur" "$say"
    fi
    _NAME_trim
}

# _NAME_trim takes off the answers what readline takes for words before this one.
_NAME_trim() {
    local i cut= mark upto
    for mark in : =; do
        [[ $cur == *$mark* && $COMP_WORDBREAKS == *$mark* ]] || continue
        upto=${cur%"${cur##*$mark}"}
        ((${#upto} <= ${#cut})) || cut=$upto
    done
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do COMPREPLY[i]=${COMPREPLY[i]#"$cut"}; done
}

# _NAME_command completes COMMAND, which begins with the word of a number, and its arguments.
_NAME_command() {
    if (($1 == last)); then
        _NAME_complete '' "$cur" program
    elif declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "${at[$1]}"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "${at[$1]}"
    else
        _NAME_complete '' "$cur" file
    fi
}

complete -F _NAME NAME
`
