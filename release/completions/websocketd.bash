# bash completion for websocketd. It is printed by: websocketd completion bash

# The flags of a place, which is '' before COMMAND, and else a word of websocketd's, as ctl/logs.
_websocketd_flags() {
    case $1 in
    '') echo '--port=
--address=
--unixsocket=
--socketmode=
--socketgroup=
--redirport=
--ssl
--sslcert=
--sslkey=
--sslca=
--acme=
--acmedir=
--acmeurl=
--acmeca=
--acmeemail=
--host=
--origin=
--sameorigin
--trustproxy=
--forwardedheader=
--maxforks=
--maxconns=
--maxheader=
--maxmemory=
--maxperip=
--spawnrate=
--authfile=
--tokenfile=
--groupfile=
--authheader=
--authcmd=
--auth=
--allow=
--jwtkey=
--jwtaudience=
--jwtissuer=
--jwtalg=
--jwtuser=
--oauthserver=
--dir=
--prefork=
--preforkrequest
--passenv=
--unbuffer
--reverselookup
--once
--exitwithchild
--closems=
--user=
--group=
--rlimit=
--nice=
--umask=
--cgroup
--memorymax=
--pidsmax=
--cpumax=
--sandbox
--sandboxread=
--sandboxwrite=
--shared
--start=
--linger=
--input=
--slowclient=
--history=
--keepfirst=
--restart=
--isolate=
--watch
--resume=
--attach=
--maxsessions=
--sessionurl
--mcp
--mcpstart=
--config=
--name=
--checkconfig
--showconfig
--pow
--pow=
--powexpiry=
--powlines=
--staticdir=
--cgidir=
--cgipath=
--devconsole
--admin
--admin=
--admintoken=
--admintokenfile=
--adminpprof
--adminexec
--preset=
--framing=
--newlines=
--binary
--stderr=
--passstderr
--maxline=
--maxframesize=
--messagerate=
--pingms=
--gzip
--protocol=
--header=
--header-ws=
--header-http=
--shutdown=
--exitidle=
--loglevel=
--logformat=
--logfile=
--help
--version
--version=
--license' ;;
    'connect') echo '--pow=
--protocol=
--header=
--origin=
--user=
--tokenfile=
--unixsocket=
--ca=
--cert=
--key=
--insecure
--framing=
--newlines=
--binary
--maxline=
--maxframesize=
--pingms=
--resume
--eofwait=
--help' ;;
    'ctl') echo '--admin=
--admintokenfile=
--json
--follow
--lines=
--timeout=
--help' ;;
    'ctl/list') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/info') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/sessions') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/connections') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/kick') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/logs') echo '--admin=
--admintokenfile=
--json
--follow
--lines=
--help' ;;
    'ctl/attach') echo '--admin=
--admintokenfile=
--lines=
--help' ;;
    'ctl/end') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/ps') echo '--admin=
--admintokenfile=
--json
--help' ;;
    'ctl/start') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/stop') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/restart') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/reload') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/delete') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/upgrade') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'ctl/scale') echo '--admin=
--admintokenfile=
--json
--timeout=
--help' ;;
    'passwd') echo '--token
--replace
--delete
--help' ;;
    'completion') echo '--help' ;;
    esac
}

# The value of a flag of a place, PLACE:FLAG: where it stands, in the next word or only beside =, and what it is.
_websocketd_value() {
    case $1 in
    ':pow'|\
    ':admin') echo 'beside text' ;;
    ':version') echo 'beside words json' ;;
    ':acmedir'|\
    ':dir'|\
    ':staticdir'|\
    ':cgidir') echo 'next dir' ;;
    ':unixsocket'|\
    ':sslcert'|\
    ':sslkey'|\
    ':sslca'|\
    ':acmeca'|\
    ':authfile'|\
    ':tokenfile'|\
    ':groupfile'|\
    ':jwtkey'|\
    ':sandboxread'|\
    ':sandboxwrite'|\
    ':config'|\
    ':admintokenfile'|\
    ':logfile') echo 'next file' ;;
    ':jwtalg') echo 'next list RS256 ES256 ES384 EdDSA HS256' ;;
    ':auth') echo 'next list password token jwt header command certificate none' ;;
    ':port'|\
    ':address'|\
    ':socketmode'|\
    ':socketgroup'|\
    ':redirport'|\
    ':acme'|\
    ':acmeurl'|\
    ':acmeemail'|\
    ':host'|\
    ':origin'|\
    ':trustproxy'|\
    ':forwardedheader'|\
    ':maxforks'|\
    ':maxconns'|\
    ':maxheader'|\
    ':maxmemory'|\
    ':maxperip'|\
    ':spawnrate'|\
    ':authheader'|\
    ':authcmd'|\
    ':allow'|\
    ':jwtaudience'|\
    ':jwtissuer'|\
    ':jwtuser'|\
    ':oauthserver'|\
    ':prefork'|\
    ':passenv'|\
    ':closems'|\
    ':user'|\
    ':group'|\
    ':rlimit'|\
    ':nice'|\
    ':umask'|\
    ':memorymax'|\
    ':pidsmax'|\
    ':cpumax'|\
    ':linger'|\
    ':history'|\
    ':keepfirst'|\
    ':resume'|\
    ':maxsessions'|\
    ':mcpstart'|\
    ':name'|\
    ':powexpiry'|\
    ':powlines'|\
    ':cgipath'|\
    ':admintoken'|\
    ':maxline'|\
    ':maxframesize'|\
    ':messagerate'|\
    ':pingms'|\
    ':protocol'|\
    ':header'|\
    ':header-ws'|\
    ':header-http'|\
    ':shutdown'|\
    ':exitidle') echo 'next text' ;;
    ':input') echo 'next words all first none' ;;
    ':logformat') echo 'next words auto text json journal' ;;
    ':slowclient') echo 'next words close drop block' ;;
    ':loglevel') echo 'next words debug trace access info error fatal none' ;;
    ':start') echo 'next words first eager' ;;
    ':framing') echo 'next words line raw null length lsp ndjson' ;;
    ':stderr') echo 'next words log tag merge discard' ;;
    ':restart') echo 'next words never on-failure always' ;;
    ':preset') echo 'next words none mcp lsp' ;;
    ':isolate') echo 'next words none user' ;;
    ':newlines') echo 'next words pass escape reject' ;;
    ':attach') echo 'next words share takeover refuse' ;;
    'connect:tokenfile'|\
    'connect:unixsocket'|\
    'connect:ca'|\
    'connect:cert'|\
    'connect:key') echo 'next file' ;;
    'connect:pow'|\
    'connect:protocol'|\
    'connect:header'|\
    'connect:H'|\
    'connect:origin'|\
    'connect:user'|\
    'connect:u'|\
    'connect:maxline'|\
    'connect:maxframesize'|\
    'connect:pingms'|\
    'connect:eofwait') echo 'next text' ;;
    'connect:framing') echo 'next words line raw null length lsp ndjson' ;;
    'connect:newlines') echo 'next words pass escape reject' ;;
    'ctl:admintokenfile') echo 'next file' ;;
    'ctl:admin'|\
    'ctl:lines'|\
    'ctl:n'|\
    'ctl:timeout') echo 'next text' ;;
    'ctl/list:admintokenfile') echo 'next file' ;;
    'ctl/list:admin') echo 'next text' ;;
    'ctl/info:admintokenfile') echo 'next file' ;;
    'ctl/info:admin') echo 'next text' ;;
    'ctl/sessions:admintokenfile') echo 'next file' ;;
    'ctl/sessions:admin') echo 'next text' ;;
    'ctl/connections:admintokenfile') echo 'next file' ;;
    'ctl/connections:admin') echo 'next text' ;;
    'ctl/kick:admintokenfile') echo 'next file' ;;
    'ctl/kick:admin') echo 'next text' ;;
    'ctl/logs:admintokenfile') echo 'next file' ;;
    'ctl/logs:admin'|\
    'ctl/logs:lines'|\
    'ctl/logs:n') echo 'next text' ;;
    'ctl/attach:admintokenfile') echo 'next file' ;;
    'ctl/attach:admin'|\
    'ctl/attach:lines'|\
    'ctl/attach:n') echo 'next text' ;;
    'ctl/end:admintokenfile') echo 'next file' ;;
    'ctl/end:admin') echo 'next text' ;;
    'ctl/ps:admintokenfile') echo 'next file' ;;
    'ctl/ps:admin') echo 'next text' ;;
    'ctl/start:admintokenfile') echo 'next file' ;;
    'ctl/start:admin'|\
    'ctl/start:timeout') echo 'next text' ;;
    'ctl/stop:admintokenfile') echo 'next file' ;;
    'ctl/stop:admin'|\
    'ctl/stop:timeout') echo 'next text' ;;
    'ctl/restart:admintokenfile') echo 'next file' ;;
    'ctl/restart:admin'|\
    'ctl/restart:timeout') echo 'next text' ;;
    'ctl/reload:admintokenfile') echo 'next file' ;;
    'ctl/reload:admin'|\
    'ctl/reload:timeout') echo 'next text' ;;
    'ctl/delete:admintokenfile') echo 'next file' ;;
    'ctl/delete:admin'|\
    'ctl/delete:timeout') echo 'next text' ;;
    'ctl/upgrade:admintokenfile') echo 'next file' ;;
    'ctl/upgrade:admin'|\
    'ctl/upgrade:timeout') echo 'next text' ;;
    'ctl/scale:admintokenfile') echo 'next file' ;;
    'ctl/scale:admin'|\
    'ctl/scale:timeout') echo 'next text' ;;
    esac
}

# The words of websocketd's that may stand in a place.
_websocketd_words() {
    case $1 in
    '') echo 'connect ctl passwd completion help' ;;
    'ctl') echo 'list info sessions connections kick logs attach end ps start stop restart reload delete upgrade scale' ;;
    'completion') echo 'bash zsh fish' ;;
    'help') echo 'connect ctl passwd completion' ;;
    esac
}

# What the other words of a place are.
_websocketd_rest() {
    case $1 in
    '') echo program ;;
    'ctl/info') echo served ;;
    'ctl/logs') echo served ;;
    'ctl/attach') echo served ;;
    'ctl/end') echo served ;;
    'ctl/start') echo served ;;
    'ctl/stop') echo served ;;
    'ctl/restart') echo served ;;
    'ctl/reload') echo served ;;
    'ctl/delete') echo served ;;
    'ctl/scale') echo served ;;
    'passwd') echo file ;;
    esac
}

# _websocketd_add adds the lines it reads to the answers, with what was typed before the value.
_websocketd_add() {
    local line
    while IFS= read -r line; do COMPREPLY+=("$1$line"); done
}

# _websocketd_served adds the names of what a server has that begin with a value. They are somebody else's: neither
# compgen -W, which expands them, nor the line may run what they say.
_websocketd_served() {
    local name
    while IFS= read -r name; do
        [[ $name != "$2"* ]] || COMPREPLY+=("$1$(printf %q "$name")")
    done < <("${words[0]}" ctl list --json=false 2>/dev/null | awk 'NR > 1 { print $1 }')
}

# _websocketd_complete completes a value: what is before it, itself, its kind, and the words it may be.
_websocketd_complete() {
    local before=$1 value=$2 kind=$3
    shift 3
    case $kind in
    file) compopt -o filenames 2>/dev/null; _websocketd_add "$before" < <(compgen -f -- "$value") ;;
    dir) compopt -o filenames 2>/dev/null; _websocketd_add "$before" < <(compgen -d -- "$value") ;;
    words) _websocketd_add "$before" < <(compgen -W "$*" -- "$value") ;;
    list)
        case $value in *,*) before=$before${value%,*},; value=${value##*,} ;; esac
        compopt -o nospace 2>/dev/null
        _websocketd_add "$before" < <(compgen -W "$*" -- "$value") ;;
    served) _websocketd_served "$before" "$value" ;;
    program)
        compopt -o filenames 2>/dev/null
        [[ -z $value || $value == */* ]] || _websocketd_add "$before" < <(compgen -c -- "$value")
        _websocketd_add "$before" < <(compgen -f -- "$value") ;;
    esac
}

# _websocketd_split divides the line into words, of which readline has cut some at = and :, and notes where each began.
_websocketd_split() {
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

_websocketd() {
    local -a words at
    local place='' name say cur i=1 last given=0 plain=0
    COMPREPLY=()
    _websocketd_split
    last=$((${#words[@]} - 1)) cur=${words[${#words[@]} - 1]}
    while ((i < last)); do
        case ${words[i]} in
        --)
            [[ -n $place ]] || { _websocketd_command $((i + 1)); return; }
            plain=1 ;;
        -?*=*) ;;
        -?*)
            name=${words[i]#-} name=${name#-}
            say=$(_websocketd_value "$place:$name")
            if [[ $plain == 0 && $say == next* ]]; then
                i=$((i + 1))
                ((i < last)) || { _websocketd_complete '' "$cur" ${say#next }; _websocketd_trim; return; }
            fi ;;
        *)
            if [[ " $(_websocketd_words "$place") " == *" ${words[i]} "* && $given == 0 && ($place != '' || $i == 1) ]]; then
                place=${place:+$place/}${words[i]}
            elif [[ -z $place ]]; then
                _websocketd_command "$i"
                return
            else
                given=1
            fi ;;
        esac
        i=$((i + 1))
    done
    if [[ $plain == 0 && $cur == -*=* ]]; then
        name=${cur%%=*} name=${name#-} name=${name#-}
        say=$(_websocketd_value "$place:$name")
        [[ -z $say ]] || _websocketd_complete "${cur%%=*}=" "${cur#*=}" ${say#* }
    elif [[ $plain == 0 && $cur == -* ]]; then
        _websocketd_add '' < <(compgen -W "$(_websocketd_flags "$place")" -- "$cur")
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
    else
        [[ $given == 1 || -z $place && $last != 1 ]] || _websocketd_add '' < <(compgen -W "$(_websocketd_words "$place")" -- "$cur")
        say=$(_websocketd_rest "$place")
        [[ -z $say ]] || _websocketd_complete '' "$cur" "$say"
    fi
    _websocketd_trim
}

# _websocketd_trim takes off the answers what readline takes for words before this one.
_websocketd_trim() {
    local i cut= mark upto
    for mark in : =; do
        [[ $cur == *$mark* && $COMP_WORDBREAKS == *$mark* ]] || continue
        upto=${cur%"${cur##*$mark}"}
        ((${#upto} <= ${#cut})) || cut=$upto
    done
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do COMPREPLY[i]=${COMPREPLY[i]#"$cut"}; done
}

# _websocketd_command completes COMMAND, which begins with the word of a number, and its arguments.
_websocketd_command() {
    if (($1 == last)); then
        _websocketd_complete '' "$cur" program
    elif declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "${at[$1]}"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "${at[$1]}"
    else
        _websocketd_complete '' "$cur" file
    fi
}

complete -F _websocketd websocketd
