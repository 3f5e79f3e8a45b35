# fish completion for websocketd. It is printed by: websocketd completion fish

# Whether a flag takes its value from the next word: the place, and the flag without hyphens.
function __websocketd_next
    switch $argv[1]
        case top
            contains -- $argv[2] port address unixsocket socketmode socketgroup redirport sslcert sslkey sslca acme acmedir acmeurl acmeca acmeemail host origin trustproxy forwardedheader maxforks maxconns maxheader maxmemory maxperip spawnrate authfile tokenfile groupfile authheader authcmd auth allow jwtkey jwtaudience jwtissuer jwtalg jwtuser oauthserver dir prefork passenv closems user group rlimit nice umask memorymax pidsmax cpumax sandboxread sandboxwrite start linger input slowclient history keepfirst restart isolate resume attach maxsessions mcpstart config name powexpiry powlines staticdir cgidir cgipath admintoken admintokenfile preset framing newlines stderr maxline maxframesize messagerate pingms protocol header header-ws header-http shutdown exitidle loglevel logformat logfile
        case connect
            contains -- $argv[2] pow protocol header H origin user u tokenfile unixsocket ca cert key framing newlines maxline maxframesize pingms eofwait
        case ctl
            contains -- $argv[2] admin admintokenfile lines n timeout
        case ctl/list
            contains -- $argv[2] admin admintokenfile
        case ctl/info
            contains -- $argv[2] admin admintokenfile
        case ctl/sessions
            contains -- $argv[2] admin admintokenfile
        case ctl/connections
            contains -- $argv[2] admin admintokenfile
        case ctl/kick
            contains -- $argv[2] admin admintokenfile
        case ctl/logs
            contains -- $argv[2] admin admintokenfile lines n
        case ctl/attach
            contains -- $argv[2] admin admintokenfile lines n
        case ctl/end
            contains -- $argv[2] admin admintokenfile
        case ctl/ps
            contains -- $argv[2] admin admintokenfile
        case ctl/start
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/stop
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/restart
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/reload
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/delete
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/upgrade
            contains -- $argv[2] admin admintokenfile timeout
        case ctl/scale
            contains -- $argv[2] admin admintokenfile timeout
        case '*'
            return 1
    end
end

# Whether a word is one of websocketd's own in a place.
function __websocketd_word
    switch $argv[1]
        case top
            contains -- $argv[2] connect ctl passwd completion help
        case ctl
            contains -- $argv[2] list info sessions connections kick logs attach end ps start stop restart reload delete upgrade scale
        case completion
            contains -- $argv[2] bash zsh fish
        case help
            contains -- $argv[2] connect ctl passwd completion
        case '*'
            return 1
    end
end

# Where the cursor is: top, a word of websocketd's as ctl/logs, or command, with the number of the word that is COMMAND.
# Then whether another word that is no flag stands before it.
function __websocketd_place
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
                __websocketd_next $place (string replace -r '^--?' '' -- $token); and set i (math $i + 1)
            case '*'
                if test $given = no -a \( $place != top -o $i = 2 \); and __websocketd_word $place $token
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
function __websocketd_in
    set -l place (__websocketd_place)
    test $place[1] = $argv[1]
end

# Whether a word of websocketd's may stand here.
function __websocketd_first
    set -l place (__websocketd_place)
    test $place[1] = $argv[1] -a "$place[2]" = no; or return 1
    test $argv[1] != top -o "$place[3]" = 1
end

# What completes COMMAND and its arguments.
function __websocketd_command
    set -l place (__websocketd_place)
    set -l tokens (commandline -opc) (commandline -ct)
    complete -C (string join -- ' ' (string escape -- $tokens[$place[2]..-2]) $tokens[-1])
end

# The programs that the newest server of this user serves.
function __websocketd_served
    websocketd ctl list --json=false 2>/dev/null | awk 'NR > 1 { print $1 }'
end

complete -c websocketd -e
complete -c websocketd -n '__websocketd_in command' -f -a '(__websocketd_command)'
complete -c websocketd -n '__websocketd_first top' -f -a connect -d 'Talk to a server, as its client'
complete -c websocketd -n '__websocketd_first top' -f -a ctl -d 'Ask what runs, show it, and end it'
complete -c websocketd -n '__websocketd_first top' -f -a passwd -d 'Set the password of a user, or make a token'
complete -c websocketd -n '__websocketd_first top' -f -a completion -d 'Print what makes a shell complete'
complete -c websocketd -n '__websocketd_first top' -f -a help -d 'Show every option'
complete -c websocketd -n '__websocketd_in top' -a '(__fish_complete_command)'
complete -c websocketd -n '__websocketd_in top' -l port -x -d 'TCP port to listen on'
complete -c websocketd -n '__websocketd_in top' -l address -x -d 'Address to listen on'
complete -c websocketd -n '__websocketd_in top' -l unixsocket -r -F -d 'Unix socket to listen on'
complete -c websocketd -n '__websocketd_in top' -l socketmode -x -d 'Who may connect to the file of --unixsocket, as chmod(1) ..'
complete -c websocketd -n '__websocketd_in top' -l socketgroup -x -d 'Group of the file of --unixsocket, as of a proxy that runs ..'
complete -c websocketd -n '__websocketd_in top' -l redirport -x -d 'Second TCP port, plain HTTP, that redirects everything to ..'
complete -c websocketd -n '__websocketd_in top' -l ssl -d 'Speak TLS (wss, https) on every listener'
complete -c websocketd -n '__websocketd_in top' -l sslcert -r -F -d 'Certificate of the server, PEM, with those that lead to its ..'
complete -c websocketd -n '__websocketd_in top' -l sslkey -r -F -d 'Private key of the certificate, PEM'
complete -c websocketd -n '__websocketd_in top' -l sslca -r -F -d 'Authority, PEM, that must have signed the certificate every ..'
complete -c websocketd -n '__websocketd_in top' -l acme -x -d 'Speak TLS with certificates for these host names, which an ..'
complete -c websocketd -n '__websocketd_in top' -l acmedir -x -a '(__fish_complete_directories (string replace -r -- "^-[^=]*=" "" (commandline -ct)))' -d 'Where the certificates and the key of the account are kept'
complete -c websocketd -n '__websocketd_in top' -l acmeurl -x -d 'Directory of the authority'
complete -c websocketd -n '__websocketd_in top' -l acmeca -r -F -d 'Certificates, PEM, of whom the certificate of the authority ..'
complete -c websocketd -n '__websocketd_in top' -l acmeemail -x -d 'Address that the authority may write to'
complete -c websocketd -n '__websocketd_in top' -l host -x -d 'Host names clients may use in the URL in addition to the ..'
complete -c websocketd -n '__websocketd_in top' -l origin -x -d 'Origins whose pages may connect'
complete -c websocketd -n '__websocketd_in top' -l sameorigin -d 'Only pages from exactly this server\'s host and port may ..'
complete -c websocketd -n '__websocketd_in top' -l trustproxy -x -d 'Proxies that are believed which client a request comes ..'
complete -c websocketd -n '__websocketd_in top' -l forwardedheader -x -d 'Header in which those proxies list the addresses a request ..'
complete -c websocketd -n '__websocketd_in top' -l maxforks -x -d 'Processes that may run for clients at once'
complete -c websocketd -n '__websocketd_in top' -l maxconns -x -d 'Connections at once'
complete -c websocketd -n '__websocketd_in top' -l maxheader -x -d 'Longest request line and headers together'
complete -c websocketd -n '__websocketd_in top' -l maxmemory -x -d 'Memory for all messages of clients together that are ..'
complete -c websocketd -n '__websocketd_in top' -l maxperip -x -d 'Conversations, and requests for a program, that one address ..'
complete -c websocketd -n '__websocketd_in top' -l spawnrate -x -d 'How often processes are started for the clients of one ..'
complete -c websocketd -n '__websocketd_in top' -l authfile -r -F -d 'Users and their passwords, as htpasswd(1) and websocketd ..'
complete -c websocketd -n '__websocketd_in top' -l tokenfile -r -F -d 'Bearer tokens of clients, one a line'
complete -c websocketd -n '__websocketd_in top' -l groupfile -r -F -d 'Groups of users, one a line, for --allow'
complete -c websocketd -n '__websocketd_in top' -l authheader -x -d 'Header in which a proxy of --trustproxy names the user whom ..'
complete -c websocketd -n '__websocketd_in top' -l authcmd -x -d 'Program that says who may come in, with its arguments after ..'
complete -c websocketd -n '__websocketd_in top' -l auth -x -a '(__fish_append , password token jwt header command certificate none)' -d 'Kinds of credentials of which a client needs one, instead ..'
complete -c websocketd -n '__websocketd_in top' -l allow -x -d 'Users who may come in, and groups of them as @GROUP ..'
complete -c websocketd -n '__websocketd_in top' -l jwtkey -r -F -d 'Keys that verify the JSON Web Tokens of clients'
complete -c websocketd -n '__websocketd_in top' -l jwtaudience -x -d 'Who this server is to those who make tokens'
complete -c websocketd -n '__websocketd_in top' -l jwtissuer -x -d 'Who must have made a token, its iss'
complete -c websocketd -n '__websocketd_in top' -l jwtalg -x -a '(__fish_append , RS256 ES256 ES384 EdDSA HS256)' -d 'Algorithms that are taken, of those that the keys are for'
complete -c websocketd -n '__websocketd_in top' -l jwtuser -x -d 'Claim that has the name of the user'
complete -c websocketd -n '__websocketd_in top' -l oauthserver -x -d 'OAuth server that makes the tokens, https://id.example.com'
complete -c websocketd -n '__websocketd_in top' -l dir -x -a '(__fish_complete_directories (string replace -r -- "^-[^=]*=" "" (commandline -ct)))' -d 'Serve every executable file below DIR, by its path in the ..'
complete -c websocketd -n '__websocketd_in top' -l prefork -x -d 'Processes of COMMAND to keep started ahead, so that a ..'
complete -c websocketd -n '__websocketd_in top' -l preforkrequest -d 'Write the variables of the request to every process as its ..'
complete -c websocketd -n '__websocketd_in top' -l passenv -x -d 'Environment variables of the server a process may see ..'
complete -c websocketd -n '__websocketd_in top' -l unbuffer -d 'Set the variables by which many programs write every line ..'
complete -c websocketd -n '__websocketd_in top' -l reverselookup -d 'Tell the process the client\'s name, looked up in DNS, as ..'
complete -c websocketd -n '__websocketd_in top' -l once -d 'Serve one client, then end with the exit status of its ..'
complete -c websocketd -n '__websocketd_in top' -l exitwithchild -d 'End when a client\'s process ends, with its exit status as ..'
complete -c websocketd -n '__websocketd_in top' -l closems -x -d 'Time added to each wait when a process is ended'
complete -c websocketd -n '__websocketd_in top' -l user -x -d 'User of the system that processes run as, with all of its ..'
complete -c websocketd -n '__websocketd_in top' -l group -x -d 'Group of the system that processes run as, instead of that ..'
complete -c websocketd -n '__websocketd_in top' -l rlimit -x -d 'Limit of each process, as ulimit sets it (setrlimit(2))'
complete -c websocketd -n '__websocketd_in top' -l nice -x -d 'How much processes stand back when others want the ..'
complete -c websocketd -n '__websocketd_in top' -l umask -x -d 'Permissions that files of processes do not get, as umask(1) ..'
complete -c websocketd -n '__websocketd_in top' -l cgroup -d 'Give each process a control group of its own (cgroup v2)'
complete -c websocketd -n '__websocketd_in top' -l memorymax -x -d 'Memory that a process may have together with all that it ..'
complete -c websocketd -n '__websocketd_in top' -l pidsmax -x -d 'Processes and threads that there may be of a process and ..'
complete -c websocketd -n '__websocketd_in top' -l cpumax -x -d 'Time of processors that a process may have together with ..'
complete -c websocketd -n '__websocketd_in top' -l sandbox -d 'Let processes read nothing but their program, the files ..'
complete -c websocketd -n '__websocketd_in top' -l sandboxread -r -F -d 'Files and directories, with all below these, that processes ..'
complete -c websocketd -n '__websocketd_in top' -l sandboxwrite -r -F -d 'Those that they may also write, make and remove'
complete -c websocketd -n '__websocketd_in top' -l shared -d 'One process for all clients of a URL instead of one for each'
complete -c websocketd -n '__websocketd_in top' -l start -x -a 'first eager' -d 'When a shared process is started'
complete -c websocketd -n '__websocketd_in top' -l linger -x -d 'How long a shared process is kept when the last client has ..'
complete -c websocketd -n '__websocketd_in top' -l input -x -a 'all first none' -d 'Whose messages reach a shared process'
complete -c websocketd -n '__websocketd_in top' -l slowclient -x -a 'close drop block' -d 'What happens to a client so slow that the next message for ..'
complete -c websocketd -n '__websocketd_in top' -l history -x -d 'Output of a shared process or a session to keep'
complete -c websocketd -n '__websocketd_in top' -l keepfirst -x -d 'How much of the beginning of the output of a shared process ..'
complete -c websocketd -n '__websocketd_in top' -l restart -x -a 'never on-failure always' -d 'After which endings of a shared process another one is ..'
complete -c websocketd -n '__websocketd_in top' -l isolate -x -a 'none user' -d 'Which clients of a URL have one shared process'
complete -c websocketd -n '__websocketd_in top' -l watch -d 'Restart a shared process, or that of a session, when its ..'
complete -c websocketd -n '__websocketd_in top' -l resume -x -d 'Each process outlives the connections of its client, who ..'
complete -c websocketd -n '__websocketd_in top' -l attach -x -a 'share takeover refuse' -d 'What happens when a client attaches to a session that has ..'
complete -c websocketd -n '__websocketd_in top' -l maxsessions -x -d 'Sessions at once, of all programs together, and calls over ..'
complete -c websocketd -n '__websocketd_in top' -l sessionurl -d 'Redirect the page of --staticdir at the program\'s path to ..'
complete -c websocketd -n '__websocketd_in top' -l mcp -d 'Serve a program that is a server of the Model Context ..'
complete -c websocketd -n '__websocketd_in top' -l mcpstart -x -d 'How long a process of --mcp may take to answer anything'
complete -c websocketd -n '__websocketd_in top' -l config -r -F -d 'File in TOML or JSON form with programs to serve, each at a ..'
complete -c websocketd -n '__websocketd_in top' -l name -x -d 'Serve only this program of that file, and those that it is ..'
complete -c websocketd -n '__websocketd_in top' -l checkconfig -d 'Say what is wrong with that file, or that nothing is, and ..'
complete -c websocketd -n '__websocketd_in top' -l showconfig -d 'Show all settings, with the flag, the variable or the line ..'
complete -c websocketd -n '__websocketd_in top' -l pow -d 'Let clients call the programs of --config and --dir by ..'
complete -c websocketd -n '__websocketd_in top' -l powexpiry -x -d 'How long a call over HTTP is kept after the last request ..'
complete -c websocketd -n '__websocketd_in top' -l powlines -x -d 'Lines of the output of a call over HTTP to keep, of ..'
complete -c websocketd -n '__websocketd_in top' -l staticdir -x -a '(__fish_complete_directories (string replace -r -- "^-[^=]*=" "" (commandline -ct)))' -d 'Serve the files of DIR to requests that are no WebSocket ..'
complete -c websocketd -n '__websocketd_in top' -l cgidir -x -a '(__fish_complete_directories (string replace -r -- "^-[^=]*=" "" (commandline -ct)))' -d 'Run the executable files of DIR as CGI scripts for such ..'
complete -c websocketd -n '__websocketd_in top' -l cgipath -x -d 'URL path of --cgidir, /cgi-bin for example'
complete -c websocketd -n '__websocketd_in top' -l devconsole -d 'Serve a page to try the program with, where there is no ..'
complete -c websocketd -n '__websocketd_in top' -l admin -d 'Listen for the operator'
complete -c websocketd -n '__websocketd_in top' -l admintoken -x -d 'none'
complete -c websocketd -n '__websocketd_in top' -l admintokenfile -r -F -d 'File whose first line is that token, or sha256:HEX'
complete -c websocketd -n '__websocketd_in top' -l adminpprof -d 'Let the operator take profiles of the server, below ..'
complete -c websocketd -n '__websocketd_in top' -l adminexec -d 'Let the operator start programs that are not configured'
complete -c websocketd -n '__websocketd_in top' -l preset -x -a 'none mcp lsp' -d 'Flags that go together, where they are not given'
complete -c websocketd -n '__websocketd_in top' -l framing -x -a 'line raw null length lsp ndjson' -d 'How messages are separated in what the process reads and ..'
complete -c websocketd -n '__websocketd_in top' -l newlines -x -a 'pass escape reject' -d 'What happens to newlines inside a client\'s message, with ..'
complete -c websocketd -n '__websocketd_in top' -l binary -d 'Pass bytes as they come, in binary messages, instead of ..'
complete -c websocketd -n '__websocketd_in top' -l stderr -x -a 'log tag merge discard' -d 'What happens to the process\'s standard error'
complete -c websocketd -n '__websocketd_in top' -l passstderr -d 'The same as --stderr=tag'
complete -c websocketd -n '__websocketd_in top' -l maxline -x -d 'Longest line a process may write in one piece'
complete -c websocketd -n '__websocketd_in top' -l maxframesize -x -d 'Largest message a client may send'
complete -c websocketd -n '__websocketd_in top' -l messagerate -x -d 'Messages that one client may send'
complete -c websocketd -n '__websocketd_in top' -l pingms -x -d 'Time between pings'
complete -c websocketd -n '__websocketd_in top' -l gzip -d 'Compress answers over plain HTTP for clients that accept ..'
complete -c websocketd -n '__websocketd_in top' -l protocol -x -d 'Subprotocols to accept'
complete -c websocketd -n '__websocketd_in top' -l header -x -d 'Header of every answer'
complete -c websocketd -n '__websocketd_in top' -l header-ws -x -d 'Header of successful WebSocket upgrades'
complete -c websocketd -n '__websocketd_in top' -l header-http -x -d 'Header of all answers to other requests'
complete -c websocketd -n '__websocketd_in top' -l shutdown -x -d 'How long clients may go on after SIGTERM or SIGINT'
complete -c websocketd -n '__websocketd_in top' -l exitidle -x -d 'Stop, with status 0, when for DUR nobody was connected, no ..'
complete -c websocketd -n '__websocketd_in top' -l loglevel -x -a 'debug trace access info error fatal none' -d 'What to log'
complete -c websocketd -n '__websocketd_in top' -l logformat -x -a 'auto text json journal' -d 'How to log'
complete -c websocketd -n '__websocketd_in top' -l logfile -r -F -d 'File to append the log to, instead of writing it to ..'
complete -c websocketd -n '__websocketd_in top' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in top' -l version -d 'Show the version'
complete -c websocketd -n '__websocketd_in top' -l license -d 'Show the licence'
complete -c websocketd -n '__websocketd_in connect' -f
complete -c websocketd -n '__websocketd_in connect' -l pow -x -d 'Call the program of this name, with the PARAMs, on a server ..'
complete -c websocketd -n '__websocketd_in connect' -l protocol -x -d 'Subprotocols to offer, the preferred one first'
complete -c websocketd -n '__websocketd_in connect' -l header -s H -x -d 'Header of the request, or a file with one a line, which ..'
complete -c websocketd -n '__websocketd_in connect' -l origin -x -d 'Origin to claim, as the page of a browser does'
complete -c websocketd -n '__websocketd_in connect' -l user -s u -x -d 'Name and password for a server, or a proxy before it, that ..'
complete -c websocketd -n '__websocketd_in connect' -l tokenfile -r -F -d 'File with a bearer token for a server that asks for one ..'
complete -c websocketd -n '__websocketd_in connect' -l unixsocket -r -F -d 'Unix socket to connect to'
complete -c websocketd -n '__websocketd_in connect' -l ca -r -F -d 'Authority, PEM, that must have signed the server\'s ..'
complete -c websocketd -n '__websocketd_in connect' -l cert -r -F -d 'Certificate to show to the server, PEM'
complete -c websocketd -n '__websocketd_in connect' -l key -r -F -d 'Its private key, PEM, if it is not in the same file'
complete -c websocketd -n '__websocketd_in connect' -l insecure -s k -d 'Accept any certificate'
complete -c websocketd -n '__websocketd_in connect' -l framing -x -a 'line raw null length lsp ndjson' -d 'How messages are separated on standard input and output, as ..'
complete -c websocketd -n '__websocketd_in connect' -l newlines -x -a 'pass escape reject' -d 'What happens to newlines inside a message that comes, with ..'
complete -c websocketd -n '__websocketd_in connect' -l binary -d 'Pass bytes as they come, in binary messages, instead of ..'
complete -c websocketd -n '__websocketd_in connect' -l maxline -x -d 'Longest line to send as one message'
complete -c websocketd -n '__websocketd_in connect' -l maxframesize -x -d 'With --resume, and with --framing=length, lsp and ndjson ..'
complete -c websocketd -n '__websocketd_in connect' -l pingms -x -d 'Time between pings'
complete -c websocketd -n '__websocketd_in connect' -l resume -d 'Go on after a lost connection where it was, with a program ..'
complete -c websocketd -n '__websocketd_in connect' -l eofwait -x -d 'Leave when standard input has ended and nothing of a ..'
complete -c websocketd -n '__websocketd_in connect' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_first ctl' -f -a list -d 'The programs that are served'
complete -c websocketd -n '__websocketd_first ctl' -f -a info -d 'What is known of the server, or of a program, session or ..'
complete -c websocketd -n '__websocketd_first ctl' -f -a sessions -d 'The processes that outlive their connections'
complete -c websocketd -n '__websocketd_first ctl' -f -a connections -d 'The clients that are connected'
complete -c websocketd -n '__websocketd_first ctl' -f -a kick -d 'End connections'
complete -c websocketd -n '__websocketd_first ctl' -f -a logs -d 'What a process has written, as far as it is kept'
complete -c websocketd -n '__websocketd_first ctl' -f -a attach -d 'What a process writes, and lines of standard input to it'
complete -c websocketd -n '__websocketd_first ctl' -f -a end -d 'End all processes of a program, that of a session, or that ..'
complete -c websocketd -n '__websocketd_first ctl' -f -a ps -d 'The instances of supervised programs, and how they are'
complete -c websocketd -n '__websocketd_first ctl' -f -a start -d 'Start supervised programs that are stopped or errored'
complete -c websocketd -n '__websocketd_first ctl' -f -a stop -d 'Stop supervised programs until they are started'
complete -c websocketd -n '__websocketd_first ctl' -f -a restart -d 'End the processes of supervised programs, and start others'
complete -c websocketd -n '__websocketd_first ctl' -f -a reload -d 'Restart without a gap'
complete -c websocketd -n '__websocketd_first ctl' -f -a delete -d 'Stop supervised programs, and serve them no more until the ..'
complete -c websocketd -n '__websocketd_first ctl' -f -a upgrade -d 'Replace the server by a new process of its executable, as ..'
complete -c websocketd -n '__websocketd_first ctl' -f -a scale -d 'Make it N instances of a supervised program, until the ..'
complete -c websocketd -n '__websocketd_in ctl' -f
complete -c websocketd -n '__websocketd_in ctl' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl' -l follow -s f -d 'Go on with what is written next, and through lost ..'
complete -c websocketd -n '__websocketd_in ctl' -l lines -s n -x -d 'Of what is kept the last N lines, in place of all'
complete -c websocketd -n '__websocketd_in ctl' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/list' -f
complete -c websocketd -n '__websocketd_in ctl/list' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/list' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/list' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/list' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/info' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/info' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/info' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/info' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/info' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/sessions' -f
complete -c websocketd -n '__websocketd_in ctl/sessions' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/sessions' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/sessions' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/sessions' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/connections' -f
complete -c websocketd -n '__websocketd_in ctl/connections' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/connections' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/connections' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/connections' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/kick' -f
complete -c websocketd -n '__websocketd_in ctl/kick' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/kick' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/kick' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/kick' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/logs' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/logs' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/logs' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/logs' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/logs' -l follow -s f -d 'Go on with what is written next, and through lost ..'
complete -c websocketd -n '__websocketd_in ctl/logs' -l lines -s n -x -d 'Of what is kept the last N lines, in place of all'
complete -c websocketd -n '__websocketd_in ctl/logs' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/attach' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/attach' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/attach' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/attach' -l lines -s n -x -d 'Of what is kept the last N lines, in place of all'
complete -c websocketd -n '__websocketd_in ctl/attach' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/end' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/end' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/end' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/end' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/end' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/ps' -f
complete -c websocketd -n '__websocketd_in ctl/ps' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/ps' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/ps' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/ps' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/start' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/start' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/start' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/start' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/start' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/start' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/stop' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/stop' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/stop' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/stop' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/stop' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/stop' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/restart' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/restart' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/restart' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/restart' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/restart' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/restart' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/reload' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/reload' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/reload' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/reload' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/reload' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/reload' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/delete' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/delete' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/delete' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/delete' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/delete' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/delete' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/upgrade' -f
complete -c websocketd -n '__websocketd_in ctl/upgrade' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/upgrade' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/upgrade' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/upgrade' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/upgrade' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in ctl/scale' -f -a '(__websocketd_served)'
complete -c websocketd -n '__websocketd_in ctl/scale' -l admin -x -d 'Management listener to ask, as in --admin of the server'
complete -c websocketd -n '__websocketd_in ctl/scale' -l admintokenfile -r -F -d 'File with the token that the server asks for, in its first ..'
complete -c websocketd -n '__websocketd_in ctl/scale' -l json -d 'Print JSON as the server has it'
complete -c websocketd -n '__websocketd_in ctl/scale' -l timeout -x -d 'How long each supervised program may take until it is as it ..'
complete -c websocketd -n '__websocketd_in ctl/scale' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in passwd' -F
complete -c websocketd -n '__websocketd_in passwd' -l token -d 'Make a token, print it once, and add its hash'
complete -c websocketd -n '__websocketd_in passwd' -l replace -d 'With --token'
complete -c websocketd -n '__websocketd_in passwd' -l delete -d 'Remove the lines of USER'
complete -c websocketd -n '__websocketd_in passwd' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_first completion' -f -a bash -d 'The script for bash'
complete -c websocketd -n '__websocketd_first completion' -f -a zsh -d 'The script for zsh'
complete -c websocketd -n '__websocketd_first completion' -f -a fish -d 'The script for fish'
complete -c websocketd -n '__websocketd_in completion' -f
complete -c websocketd -n '__websocketd_in completion' -l help -s h -d 'Show this text'
complete -c websocketd -n '__websocketd_in completion/bash' -f
complete -c websocketd -n '__websocketd_in completion/zsh' -f
complete -c websocketd -n '__websocketd_in completion/fish' -f
complete -c websocketd -n '__websocketd_first help' -f -a connect -d 'Talk to a server, as its client'
complete -c websocketd -n '__websocketd_first help' -f -a ctl -d 'Ask what runs, show it, and end it'
complete -c websocketd -n '__websocketd_first help' -f -a passwd -d 'Set the password of a user, or make a token'
complete -c websocketd -n '__websocketd_first help' -f -a completion -d 'Print what makes a shell complete'
complete -c websocketd -n '__websocketd_in help' -f
complete -c websocketd -n '__websocketd_in help/connect' -f
complete -c websocketd -n '__websocketd_in help/ctl' -f
complete -c websocketd -n '__websocketd_in help/passwd' -f
complete -c websocketd -n '__websocketd_in help/completion' -f
