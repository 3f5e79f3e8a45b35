// Package cli implements the command: its grammar, the layers its settings come from,
// and the wiring of a server. Only this package uses the kong library.
package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// grammar has a field for every flag of the command. Help, the flag table, the
// environment variables and the parser are all derived from its tags:
//
//	help         the text of --help
//	default      the value of a flag that is not set
//	placeholder  what stands after the = in --help
//	enum         the only values allowed
//	words        all values of a text, if it is not those of enum; of a list elements that are known
//	min, max     the smallest and the largest number, size in bytes, or time, allowed
//	sep          none: a value of a repeatable flag is one element
//	variable     "none": no environment variable sets this flag
//	check        the entry of formChecks, if it is not that of the flag's name
//	of           the verbs of websocketd ctl that take the flag; all, without it
//	program      what the flag is to the programs of a file: "key", a key of theirs as
//	             well, which wins; "own", a key with a meaning of its own; "default",
//	             no key, but a default for them
type grammar struct {
	Listen     listenFlags     `embed:"" group:"Where to listen"`
	TLS        tlsFlags        `embed:"" group:"Encryption"`
	ACME       acmeFlags       `embed:"" group:"Encryption"`
	Admit      admitFlags      `embed:"" group:"Who may come in"`
	Address    addressFlags    `embed:"" group:"Who may come in"`
	Credential credentialFlags `embed:"" group:"Who a client is"`
	JWT        jwtFlags        `embed:"" group:"JSON Web Tokens"`
	Program    programFlags    `embed:"" group:"What runs"`
	Confine    confineFlags    `embed:"" group:"What a process may have and do"`
	Shared     sharedFlags     `embed:"" group:"One process for many"`
	Session    sessionFlags    `embed:"" group:"A process that outlives its connection"`
	MCP        mcpFlags        `embed:"" group:"Model Context Protocol"`
	Config     configFlags     `embed:"" group:"Many programs"`
	Pow        powFlags        `embed:"" group:"Programs called by name"`
	Beside     besideFlags     `embed:"" group:"Beside the program"`
	Admin      adminFlags      `embed:"" group:"Management"`
	Messages   messageFlags    `embed:"" group:"What travels"`
	Headers    headerFlags     `embed:"" group:"Headers of answers"`
	Stop       stopFlags       `embed:"" group:"When it stops"`
	Log        logFlags        `embed:"" group:"The log"`
	About      aboutFlags      `embed:"" group:"About websocketd"`
}

type listenFlags struct {
	Port        int      `placeholder:"PORT" default:"0" min:"0" max:"65535" help:"TCP port to listen on; 0 is 80, or 443 with --ssl."`
	Address     []string `placeholder:"ADDRESS" sep:"none" help:"Address to listen on: a name, an IPv4 or an IPv6 address, the last with or without brackets. May be given more than once. Without it only this machine can connect (127.0.0.1 and ::1); 0.0.0.0 serves every interface."`
	Unixsocket  string   `placeholder:"PATH" help:"Unix socket to listen on. Alone, without --port and --address, no TCP port is opened. A socket file on which no process listens any more is replaced; it is removed when the server stops, and so is PATH.lock, which keeps other servers away."`
	Socketmode  string   `placeholder:"OCTAL" help:"Who may connect to the file of --unixsocket, as chmod(1) has it: 0666 is every user. Without it 0600, this user, or 0660 with --socketgroup."`
	Socketgroup string   `placeholder:"NAME|GID" help:"Group of the file of --unixsocket, as of a proxy that runs as another user. The server must be in it, or root's."`
	Redirport   int      `placeholder:"PORT" default:"0" min:"0" max:"65535" help:"Second TCP port, plain HTTP, that redirects everything to --port; 0 is none."`
}

type tlsFlags struct {
	SSL     bool   `help:"Speak TLS (wss, https) on every listener. Needs --sslcert and --sslkey, or --acme."`
	Sslcert string `placeholder:"FILE" help:"Certificate of the server, PEM, with those that lead to its authority. A changed file is taken up without a restart."`
	Sslkey  string `placeholder:"FILE" help:"Private key of the certificate, PEM."`
	Sslca   string `placeholder:"FILE" help:"Authority, PEM, that must have signed the certificate every client then has to show."`
}

type acmeFlags struct {
	ACME      names  `name:"acme" placeholder:"NAME,.." help:"Speak TLS with certificates for these host names, which an authority issues and renews by itself (ACME, RFC 8555). It looks whether they are this server's: port 443 of them must lead here, or port 80 with --redirport. Whoever uses it agrees to the terms of the authority."`
	Acmedir   string `name:"acmedir" placeholder:"DIR" help:"Where the certificates and the key of the account are kept. Without it the directory acme in that of the service (STATE_DIRECTORY, which systemd sets) or of the user: /var/lib/websocketd of root, $XDG_STATE_HOME/websocketd or ~/.local/state/websocketd of others."`
	Acmeurl   string `name:"acmeurl" placeholder:"URL" help:"Directory of the authority. Without it Let's Encrypt, https://acme-v02.api.letsencrypt.org/directory."`
	Acmeca    string `name:"acmeca" placeholder:"FILE" help:"Certificates, PEM, of whom the certificate of the authority itself is believed, instead of the system's: for an authority of one's own."`
	Acmeemail string `name:"acmeemail" placeholder:"ADDRESS" help:"Address that the authority may write to."`
}

type admitFlags struct {
	Host            names  `placeholder:"NAME,.." help:"Host names clients may use in the URL in addition to the bound addresses; *.example.com is every name below example.com, * is any."`
	Origin          names  `placeholder:"[SCHEME://]HOST[:PORT],.." program:"key" help:"Origins whose pages may connect. Without a port, or with :*, any port matches, without a scheme any scheme does; *.example.com is every name below example.com, * is any. Without this flag a page may connect if its host name is the server's."`
	Sameorigin      bool   `program:"key" help:"Only pages from exactly this server's host and port may connect."`
	Trustproxy      names  `placeholder:"ADDRESS|NET|unix,.." help:"Proxies that are believed which client a request comes from, by address or network (10.0.0.0/8); unix is whoever connects to --unixsocket. The client is then the right-most address of --forwardedheader that is none of these, and speaks TLS if X-Forwarded-Proto says https. Without this flag such headers change nothing."`
	Forwardedheader string `placeholder:"NAME" default:"X-Forwarded-For" help:"Header in which those proxies list the addresses a request has come from: X-Forwarded-For, another one of that form, or Forwarded (RFC 7239), which also has the protocol. No other is believed."`
	Maxforks        int    `placeholder:"N" default:"1024" min:"0" program:"own" help:"Processes that may run for clients at once; a client beyond that is answered 429. 0 is no limit."`
	Maxconns        int    `placeholder:"N" default:"0" min:"0" help:"Connections at once; one beyond that is answered 503. 0 is three quarters of the descriptors the server may have (ulimit -n), less a few kept back."`
	Maxheader       size   `placeholder:"SIZE" default:"32KiB" min:"4096" help:"Longest request line and headers together; more is answered 431, which does not name this flag. 4K is the least."`
	Maxmemory       size   `placeholder:"SIZE" default:"256MiB" min:"65536" help:"Memory for all messages of clients together that are incomplete, or that no program has read yet, and for answers over 64 KiB to long polls, calls and MCP, and large listings of directories, that their clients have not taken. When it is used up, the server stops reading from clients with an unfinished message until there is room, but never from the one that has come furthest. While one waits, those that have sent nothing for ten seconds, or almost nothing, are closed with 1008 or answered 408; when it has waited for ten seconds, two seconds of silence are enough. Incomplete request headers may take another quarter as much, at least 8 MiB: over that the oldest one is answered 503, under TLS closed. 64K is the least."`
}

type addressFlags struct {
	Maxperip  int    `placeholder:"N" default:"0" min:"0" help:"Conversations, and requests for a program, that one address may have at once; one beyond that is answered 429. An IPv6 address counts with all others of its /64; clients of --unixsocket are not counted. 0 is no limit."`
	Spawnrate string `placeholder:"RATE[,RATE]" default:"0" help:"How often processes are started for the clients of one address and, after a comma, for all clients together; a client beyond that is answered 429. RATE is a number a second, or N/s, N/m, N/h; as many may be started at once after a pause. 0 is no limit."`
}

type credentialFlags struct {
	Authfile   string   `placeholder:"FILE" help:"Users and their passwords, as htpasswd(1) and websocketd passwd write them: USER:HASH, of bcrypt or SHA-crypt. A client needs one of them then, or another credential that is configured. A changed file is taken up without a restart."`
	Tokenfile  string   `placeholder:"FILE" help:"Bearer tokens of clients, one a line: USER:TOKEN, or USER:sha256:HEX, which websocketd passwd --token writes."`
	Groupfile  string   `placeholder:"FILE" help:"Groups of users, one a line, for --allow: GROUP: USER USER."`
	Authheader string   `placeholder:"NAME" help:"Header in which a proxy of --trustproxy names the user whom it has let in. The proxy must remove it from what clients send. From anyone else it proves nothing, and no program sees it."`
	Authcmd    []string `placeholder:"CMD" sep:"none" help:"Program that says who may come in, with its arguments after blanks: it reads the user and the password, or an empty line and the token, from standard input. Exit status 0 lets the client in, as the user of the first line that it prints."`
	Auth       names    `placeholder:"KIND,.." program:"key" words:"password,token,jwt,header,command,certificate,none" help:"Kinds of credentials of which a client needs one, instead of any that is configured: password (--authfile), token (--tokenfile), jwt (--jwtkey), header (--authheader), command (--authcmd), certificate (--sslca; the others make it count only if it is named here). none lets everyone in."`
	Allow      users    `placeholder:"USER,.." program:"key" help:"Users who may come in, and groups of them as @GROUP, instead of everyone who is known."`
}

type jwtFlags struct {
	Jwtkey      string `placeholder:"FILE" help:"Keys that verify the JSON Web Tokens of clients: public keys or certificates in PEM form, a JSON Web Key Set, or, with --jwtalg=HS256, a shared secret: one line of 32 bytes at least. A client needs such a token then, as bearer token, or another credential that is configured. A changed file is taken up without a restart."`
	Jwtaudience string `placeholder:"AUD" help:"Who this server is to those who make tokens: aud of a token must be this, or have it in its list. Needed with --jwtkey, unless --oauthserver says it."`
	Jwtissuer   string `placeholder:"ISS" help:"Who must have made a token, its iss. Without it the OAuth server of --oauthserver; without both anyone with the key."`
	Jwtalg      names  `placeholder:"ALG,.." words:"RS256,ES256,ES384,EdDSA,HS256" help:"Algorithms that are taken, of those that the keys are for: RS256 of RSA (in a key set its alg may be RS384, RS512 or PS256), ES256 and ES384 of P-256 and P-384, EdDSA of Ed25519, HS256 of a shared secret. Without it all of them but HS256."`
	Jwtuser     string `placeholder:"CLAIM" default:"sub" help:"Claim that has the name of the user. The claim groups has groups, for --allow."`
	Oauthserver string `placeholder:"URL" help:"OAuth server that makes the tokens, https://id.example.com. A client without a token is told so, for the URL of each program (RFC 9728), and gets one there by itself, as MCP clients do. Without --jwtaudience a token must have that URL as its audience, under a name of this server that --address or --host tells."`
}

type programFlags struct {
	Dir            string `placeholder:"DIR" help:"Serve every executable file below DIR, by its path in the URL, instead of COMMAND."`
	Prefork        int    `placeholder:"N" default:"0" min:"0" program:"key" help:"Processes of COMMAND to keep started ahead, so that a client does not wait for the program to get ready. They count against --maxforks, and see PREFORKED=1 and what --passenv names, but nothing of a request. 0 is none."`
	Preforkrequest bool   `program:"key" help:"Write the variables of the request to every process as its first line, one JSON object. Needs --prefork."`
	Passenv        names  `placeholder:"NAME,.." program:"key" help:"Environment variables of the server a process may see, instead of the platform's few (PATH and the like). Empty is none."`
	Unbuffer       bool   `program:"key" help:"Set the variables by which many programs write every line at once instead of collecting them: PYTHONUNBUFFERED=1 and, where stdbuf(1) is installed, what it sets for programs of the C library."`
	Reverselookup  bool   `help:"Tell the process the client's name, looked up in DNS, as REMOTE_HOST."`
	Once           bool   `help:"Serve one client, then end with the exit status of its process; 128 and its number for a signal. Clients that come after it are answered 503; one that was refused does not count."`
	Exitwithchild  bool   `help:"End when a client's process ends, with its exit status as with --once. With --shared that is the process of all clients, with --resume that of any session, also while its client is away; in both, when none follows it."`
	Closems        uint   `placeholder:"MILLISECONDS" default:"0" program:"key" help:"Time added to each wait when a process is ended: standard input is closed, then come SIGINT, SIGTERM and SIGKILL."`
}

type confineFlags struct {
	User   owner    `placeholder:"NAME|UID" check:"account" program:"key" help:"User of the system that processes run as, with all of its groups, and with HOME, USER and LOGNAME of that user. The server must be root's, or have CAP_SETUID, CAP_SETGID and CAP_KILL. Without this flag it is the server's user."`
	Group  owner    `placeholder:"NAME|GID" check:"account" program:"key" help:"Group of the system that processes run as, instead of that of --user."`
	Rlimit []string `placeholder:"NAME=SOFT[:HARD]" sep:"none" program:"key" help:"Limit of each process, as ulimit sets it (setrlimit(2)): nofile, nproc, cpu, fsize, core, as, data, stack, memlock and what else the system has. A number, for bytes also a size like 64K, or unlimited. A process may raise SOFT up to HARD, which is SOFT if it is left out. May be given more than once."`
	Nice   int      `placeholder:"N" default:"0" min:"-20" max:"19" program:"key" help:"How much processes stand back when others want the processors too, as nice(1) has it: 19 is the most. For less than the server has, it must be root's. 0 is what it has."`
	Umask  string   `placeholder:"OCTAL" program:"key" help:"Permissions that files of processes do not get, as umask(1) has it: 027. Without it the server's."`

	Cgroup    bool    `program:"key" help:"Give each process a control group of its own (cgroup v2): everything that it has started ends with it, also what has left its session. The server needs a group that is delegated to it, as by Delegate=yes of systemd. The three limits below include it."`
	Memorymax size    `placeholder:"SIZE" min:"1M" program:"key" help:"Memory that a process may have together with all that it starts, without swap; beyond it all of them are killed. Without it there is no limit."`
	Pidsmax   int     `placeholder:"N" default:"0" min:"0" program:"key" help:"Processes and threads that there may be of a process and all that it starts; no more are started then. 0 is no limit."`
	Cpumax    percent `placeholder:"PERCENT%" program:"key" help:"Time of processors that a process may have together with all that it starts: 50% is half of one, 200% two. Without it there is no limit."`

	Sandbox      bool  `program:"key" help:"Let processes read nothing but their program, the files among its arguments, the system's programs and libraries, and what --sandboxread and --sandboxwrite name, and write nothing but the latter (landlock, Linux 6.2). They have no capabilities, and nothing gives them more rights, such as sudo. The network is not restricted."`
	Sandboxread  names `placeholder:"PATH,.." program:"key" help:"Files and directories, with all below these, that processes of --sandbox may read and execute."`
	Sandboxwrite names `placeholder:"PATH,.." program:"key" help:"Those that they may also write, make and remove."`
}

type sharedFlags struct {
	Shared     bool     `program:"default" help:"One process for all clients of a URL instead of one for each: what it prints goes to all of them, and what they send goes to it, message by message. Of the requests it sees nothing but the path."`
	Start      string   `placeholder:"WHEN" default:"first" enum:"first,eager" program:"key" help:"When a shared process is started: first, with the first client; eager, with the server, and it stays when all clients have left."`
	Linger     duration `placeholder:"DUR" default:"0s" program:"key" help:"How long a shared process is kept when the last client has left: 250ms, 5s, 1m30s."`
	Input      string   `placeholder:"WHOSE" default:"all" enum:"all,first,none" program:"key" help:"Whose messages reach a shared process: all; first, those of the client that has been there the longest; none, those of no client. Messages of the others are ignored."`
	Slowclient string   `placeholder:"MODE" default:"close" enum:"close,drop,block" program:"key" help:"What happens to a client so slow that the next message for it has left --history: close ends its connection with 1013; drop tells it how many messages it has lost; block keeps the process waiting for it, and with it all others."`
	History    size     `placeholder:"SIZE" default:"1MiB" min:"4096" program:"key" help:"Output of a shared process or a session to keep: a new client gets it first. A shared client that has not taken what leaves it is slow; the process of a session waits when no client has confirmed half of it. Of a call over HTTP (--pow) this much can be asked for. 64K is 65536 bytes, 4K the least."`
	Keepfirst  size     `placeholder:"SIZE" default:"0" program:"key" help:"How much of the beginning of the output of a shared process or a session to keep as well, as long as it runs: a client that comes later gets these whole messages first, such as a heading or the header of a video, and then what --history has. 0 is nothing."`
	Restart    string   `placeholder:"WHEN" default:"never" enum:"never,on-failure,always" program:"key" help:"After which endings of a shared process another one is started: never; on-failure, after an exit status other than 0 or a signal; always. There is a wait before, 100 ms at first, which grows up to 30 s while processes end soon."`
	Isolate    string   `placeholder:"BY" default:"none" enum:"none,user" program:"key" help:"Which clients of a URL have one shared process: none, all of them; user, those of one user, who needs credentials for that. The process is told the user."`
	Watch      bool     `program:"key" help:"Restart a shared process, or that of a session, when its program changes: the file that runs, or one among its arguments."`
}

type sessionFlags struct {
	Resume      keeping `placeholder:"DUR|never" default:"0s" program:"key" help:"Each process outlives the connections of its client, who comes back by a cookie or by the id of the session and goes on where the output was: how long the process is kept while no client is attached, 250ms, 5m, 24h. never: it is kept until it ends or is deleted. 0 is off: a process ends with its connection."`
	Attach      string  `placeholder:"MODE" default:"share" enum:"share,takeover,refuse" program:"key" help:"What happens when a client attaches to a session that has one already: share, both get the output and send messages; takeover, the former one is closed with 4409; refuse, the new one is answered 409."`
	Maxsessions int     `placeholder:"N" min:"0" help:"Sessions at once, of all programs together, and calls over HTTP (--pow); one beyond that is answered 429. 0 is no limit. Without this flag it is --maxforks."`
	Sessionurl  bool    `program:"key" help:"Redirect the page of --staticdir at the program's path to the URL of a session of its own, which can be bookmarked."`
}

type mcpFlags struct {
	MCP      bool     `name:"mcp" program:"key" help:"Serve a program that is a server of the Model Context Protocol by the Streamable HTTP of that protocol, too, at its URL. It has what --preset=mcp stands for. Clients of 2026-07-28 and later have one process together, which --linger (here 5m), --restart (here on-failure), --start, --isolate and --watch are about. Each session of an earlier client has its own, which is kept for --resume (here 5m) while nothing is asked; with --shared these clients have one, too, and no sessions."`
	Mcpstart duration `name:"mcpstart" placeholder:"DUR" default:"60s" min:"1ms" program:"key" help:"How long a process of --mcp may take to answer anything; what was asked is then answered with an error, and the process is ended."`
}

type configFlags struct {
	Config      string `placeholder:"FILE" help:"File in TOML or JSON form with programs to serve, each at a path of its own, and values for the other flags, which win over it. SIGHUP reads it again. Without this flag, and with nothing else to serve, it is the first of $XDG_CONFIG_HOME/websocketd/websocketd.toml (~/.config without that variable) and /etc/websocketd/websocketd.toml that is there."`
	Name        string `placeholder:"NAME" variable:"none" help:"Serve only this program of that file, and those that it is started after."`
	Checkconfig bool   `variable:"none" help:"Say what is wrong with that file, or that nothing is, and end."`
	Showconfig  bool   `variable:"none" help:"Show all settings, with the flag, the variable or the line of the file that each comes from, and end. What is shown is a file for --config."`
}

type powFlags struct {
	Pow       base     `placeholder:"/BASE/" help:"Let clients call the programs of --config and --dir by their names, below this URL path, in the protocol pow-1 (Process Over WebSocket), over WebSocket and HTTP: with parameters, an end of input, cancellation and a result. Without a value /pow/."`
	Powexpiry duration `placeholder:"DUR" default:"1m" min:"1m" help:"How long a call over HTTP is kept after the last request about it, whether its process has ended or not; if not, it is canceled. 1m is the least."`
	Powlines  int      `placeholder:"N" default:"1000" min:"1000" max:"1000000" help:"Lines of the output of a call over HTTP to keep, of --history bytes together. 1000 is the least."`
}

type besideFlags struct {
	Staticdir  string `placeholder:"DIR" help:"Serve the files of DIR to requests that are no WebSocket handshakes."`
	Cgidir     string `placeholder:"DIR" help:"Run the executable files of DIR as CGI scripts for such requests. They are never served as files."`
	Cgipath    string `placeholder:"PATH" default:"/" help:"URL path of --cgidir, /cgi-bin for example. A script sees its own as SCRIPT_NAME, and what follows as PATH_INFO."`
	Devconsole bool   `help:"Serve a page to try the program with, where there is no script and no file."`
}

type adminFlags struct {
	Admin          adminAt `placeholder:"ADDR|unix:PATH" help:"Listen for the operator: what runs, who is connected, what processes write, and how to end them. ADDR is HOST:PORT or PORT, which is loopback; port 0 is one that is free, and the log says which. unix:PATH is a socket that this user alone can open. Without a value, and with each other one, there is a socket by which websocketd ctl finds the server."`
	Admintoken     string  `placeholder:"none" help:"none: whoever reaches --admin may do everything, on loopback and unix sockets only, and so may pages of http://localhost. Without this flag a client of TCP needs a token, which the server makes and logs once."`
	Admintokenfile string  `placeholder:"FILE" help:"File whose first line is that token, or sha256:HEX. A changed file is taken up without a restart."`
	Adminpprof     bool    `help:"Let the operator take profiles of the server, below /debug/pprof/."`
	Adminexec      bool    `help:"Let the operator start programs that are not configured: whoever may manage the server can then run any command as its user."`
}

type messageFlags struct {
	Preset       string `placeholder:"NAME" default:"none" enum:"none,mcp,lsp" program:"key" help:"Flags that go together, where they are not given: mcp is --framing=ndjson --protocol=mcp --maxline=16MiB --maxframesize=16777216, for a server of the Model Context Protocol; lsp is --framing=lsp and the same sizes, for a language server."`
	Framing      string `placeholder:"NAME" default:"line" enum:"line,raw,null,length,lsp,ndjson" program:"key" help:"How messages are separated in what the process reads and prints: line, one line each; raw, as read; null, a NUL after each; length, 4 bytes of length before each, in binary messages; lsp, a Content-Length header before each; ndjson, one JSON value a line."`
	Newlines     string `placeholder:"MODE" default:"pass" enum:"pass,escape,reject" program:"key" help:"What happens to newlines inside a client's message, with --framing=line: pass makes several lines of it; escape writes \\n for LF and \\r for CR; reject ends the connection with 1008."`
	Binary       bool   `program:"key" help:"Pass bytes as they come, in binary messages, instead of lines in text messages."`
	Stderr       string `placeholder:"MODE" default:"log" enum:"log,tag,merge,discard" program:"key" help:"What happens to the process's standard error: log writes each line to the log; tag sends both streams to the client, each line as {\"stream\":..,\"data\":..}; merge makes it one stream with standard output; discard throws it away."`
	Passstderr   bool   `program:"default" help:"The same as --stderr=tag."`
	Maxline      size   `placeholder:"SIZE" default:"1MiB" min:"4" max:"1GiB" program:"key" help:"Longest line a process may write in one piece; a longer one is delivered in pieces of this size. With --framing=null, length, lsp and ndjson the longest message, and a longer one ends the connection with 1011. 64K is 65536 bytes."`
	Maxframesize int64  `placeholder:"BYTES" default:"1048576" min:"0" program:"key" help:"Largest message a client may send; a larger one ends the connection with 1009. 0 is no limit."`
	Messagerate  string `placeholder:"RATE" default:"0" program:"key" help:"Messages that one client may send: a number a second, or N/s, N/m, N/h, and as many at once after a pause. Beyond that the server reads more slowly from the client, and nothing is lost. Those that come by POST count for their address. 0 is no limit."`
	Pingms       uint   `placeholder:"MILLISECONDS" default:"30000" program:"key" help:"Time between pings. A client that is silent for two of them is disconnected. 0 sends none and waits for ever."`
	Gzip         bool   `program:"key" help:"Compress answers over plain HTTP for clients that accept gzip: events, the output of a POST, JSON. Never WebSocket messages, scripts and files. Not for programs that print secrets beside what strangers have sent."`
	Protocol     names  `placeholder:"NAME,.." program:"key" help:"Subprotocols to accept; the first one a client offers is confirmed. * is any."`
}

type headerFlags struct {
	Header     []string `placeholder:"NAME:VALUE" sep:"none" program:"key" help:"Header of every answer. May be given more than once, as the two below."`
	HeaderWS   []string `name:"header-ws" placeholder:"NAME:VALUE" sep:"none" program:"default" help:"Header of successful WebSocket upgrades."`
	HeaderHTTP []string `name:"header-http" placeholder:"NAME:VALUE" sep:"none" help:"Header of all answers to other requests."`
}

type stopFlags struct {
	Shutdown duration `placeholder:"DUR" default:"0s" help:"How long clients may go on after SIGTERM or SIGINT. The server stops listening at once, says on /readyz that it is not ready, and stops when the last client has left, at the latest after DUR: WebSockets are then closed with 1001. A second signal stops it at once. With 0 nobody goes on."`
	Exitidle duration `placeholder:"DUR" default:"0s" help:"Stop, with status 0, when for DUR nobody was connected, no process ran for a client and no session was kept: for a server that systemd starts for its first client. 0 is never."`
}

type logFlags struct {
	Loglevel  string `placeholder:"LEVEL" default:"access" words:"debug,trace,access,info,error,fatal,none" help:"What to log: debug, trace, access, info, error, fatal or none. A level includes all that follow it."`
	Logformat string `placeholder:"FORMAT" default:"auto" enum:"auto,text,json,journal" help:"How to log: text, one line of five columns; json, one object a line; journal, the line without its time and with its priority before it, for systemd's journal; auto, journal where standard output leads to that, else text."`
	Logfile   string `placeholder:"FILE" help:"File to append the log to, instead of writing it to standard output. SIGHUP opens it again, as after it was renamed."`
}

type aboutFlags struct {
	Help    bool        `short:"h" variable:"none" help:"Show this text."`
	Version versionForm `placeholder:"json" variable:"none" words:"json" help:"Show the version; with =json as one JSON object, with the commit and what it was built for."`
	License bool        `variable:"none" help:"Show the licence."`
}

// parser is the grammar in kong's form, with the values it last parsed.
type parser struct {
	*kong.Kong
	grammar
	defaults grammar
}

// newParser returns a parser of the grammar. Reading the grammar takes a while, so
// one parser serves all programs of a file. It panics on mistakes in the grammar's
// tags.
func newParser() *parser {
	p := &parser{}
	p.Kong = readGrammar(&p.grammar)
	p.defaults = p.grammar
	return p
}

// parse sets the grammar to settings, which must be of flags of this parser, and the
// rest of it to defaults.
func (p *parser) parse(settings []setting) error {
	p.grammar = p.defaults
	return decode(settings)
}

// decode sets the fields of flags to the values of settings.
func decode(settings []setting) error {
	for _, s := range settings {
		value := kong.ScanFromTokens(kong.Token{Value: s.value, Type: kong.FlagValueToken})
		if err := s.flag.Parse(value, s.flag.Target); err != nil {
			return fmt.Errorf("--%s: %w", s.flag.Name, err)
		}
	}
	return nil
}
