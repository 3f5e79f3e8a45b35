package cli

// wrongACME is more of wrongUsages.
var wrongACME = []wrong{
	{args: []string{"--acme=a.example", "--ssl", "--sslcert=a.pem", "--sslkey=a.key", "./ok.sh"}, status: 1, stream: "err", says: "please only specify one of --acme and --sslcert with --sslkey: the certificates of --acme are issued"},
	{args: []string{"--acmeurl=https://id.example/dir", "./ok.sh"}, status: 1, stream: "err", says: "please specify --acme when requesting --acmeurl"},
	{args: []string{"--ssl", "--acmedir=x", "./ok.sh"}, status: 1, stream: "err", says: "please specify --acme when requesting --acmedir"},
	{args: []string{"--acme=localhost", "./ok.sh"}, status: 2, stream: "err", says: "--acme: localhost is no name that others know: it has no dot; an authority of one's own, which may know it, is --acmeurl"},
	{args: []string{"--acme=*.a.example", "./ok.sh"}, status: 2, stream: "err", says: `invalid value "*.a.example" for flag --acme: "*.a.example" stands for many names, and a proof of these is not given here: list them, or have it issued by another program, for --sslcert`, more: true},
	{args: []string{"--acme=a.example", "--acmeca=nosuch.pem", "./ok.sh"}, status: 2, stream: "err", says: "--acmeca: open nosuch.pem: no such file or directory"},
	{args: []string{"--acme=a.example", "--acmeca=ok.sh", "./ok.sh"}, status: 2, stream: "err", says: "--acmeca: there is no certificate in ok.sh"},
}
