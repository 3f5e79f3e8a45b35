package generated

import (
	"strings"

	"websocketd/internal/cli"
)

// filePage returns websocketd.toml(5).
func filePage() string {
	r := newRoff("websocketd.toml", 5, "File Formats")
	r.section("NAME")
	r.WriteString("websocketd.toml \\- programs that websocketd serves, and how\n")
	r.section("DESCRIPTION")
	r.text(`The file of websocketd --config=FILE is in TOML form; or in JSON form, with the same keys, if its name ends in .json or it begins with a brace. Global keys stand before the first table, and have the names of the flags in websocketd(1). Each table [program.NAME] is a program at a path of its own.`)
	r.code("port = 8080", `origin = ["https://example.com"]`, "", "[program.greet]", `command = ["sh", "-c", "echo Hello from $SCRIPT_NAME"]`, "",
		"[program.api]", `command  = ["./api"]`, `lifetime = "supervised"`, `health   = { http = "http://localhost:3000/health" }`)
	r.text(`The program with the longest matching path is chosen. A URL that matches none is answered 404; COMMAND, --dir, --cgidir and --staticdir given beside the file serve such URLs.`)
	r.text(`websocketd --config=FILE --checkconfig says what is wrong with a file, all of it, with lines, or that nothing is. SIGHUP makes the server read the file again: the next client gets what has changed, clients that are connected keep their process, and a file with a fault changes nothing.`)
	r.section("VALUES")
	r.text(`Sizes are numbers of bytes, or strings like "64K", "1MiB", "2G". Times are strings like "250ms", "5s", "1m30s"; where the key of a supervised program shows MILLISECONDS, a number is of these. Lists are arrays of strings, or one string with commas, of headers with line ends. A relative path is resolved from the directory in which websocketd was started.`)
	r.section("GLOBAL KEYS")
	r.text(`Each is a flag of websocketd(1), where all of what it means is. A flag and a variable win over the key.`)
	listed(r, func(f *cli.Flag) bool { return f.InFile })
	r.section("KEYS OF A PROGRAM")
	ownKeys(r, programKeys)
	r.text(`The following are flags, too: the key wins over the flag, which is the default of all programs.`)
	listed(r, func(f *cli.Flag) bool { return f.OfProgram })
	r.section("KEYS OF A SUPERVISED PROGRAM")
	r.text(`A program with lifetime = "supervised" is started with the server, and started again when it ends, whether or not a client is there. It may have these keys, and neither maxforks nor closems nor prefork.`)
	ownKeys(r, supervisedKeys)
	r.section("APPS")
	r.text(`The list apps, [[apps]] in TOML, has supervised programs as the files of PM2 and PMDaemon have them (ecosystem.json). Beside the keys of supervised programs, and those of other programs that go with these, an app has`)
	ownKeys(r, appKeys)
	r.text(`websocketd --config=FILE --name=NAME starts one of them, and what it is after.`)
	r.section("FILES")
	r.item(italic("/etc/websocketd/websocketd.toml"), "The file of the systemd unit.")
	r.item(italic("/usr/share/websocketd/websocketd.schema.json"), `What an editor needs to complete and check the file, by the first line #:schema PATH in TOML, or the key "$schema" in JSON.`)
	r.seeAlso("websocketd(1)")
	return r.String()
}

// listed writes the keys that are flags, in short.
func listed(r *roff, is func(f *cli.Flag) bool) {
	for _, f := range cli.Flags() {
		if !is(&f) {
			continue
		}
		said := ""
		if f.Default != "" {
			said = " Default: " + f.Default + "."
		}
		r.item(bold(f.Name)+" = "+italic(valueForm(&f)), first(f.Help)+said)
	}
}

// first returns the first sentence of a text.
func first(text string) string {
	if at := sentenceEnds.FindStringSubmatchIndex(text); at != nil {
		return text[:at[3]]
	}
	return text
}

// valueForm returns how the value of a key is written: the words that it may be, or what stands
// for it.
func valueForm(f *cli.Flag) string {
	switch {
	case f.Kind == cli.KindNames || f.Kind == cli.KindList || f.Kind == cli.KindSwitch:
		return f.FileForm
	case len(f.Words) > 0:
		return `"` + strings.Join(f.Words, `", "`) + `"`
	case f.Kind == cli.KindBool:
		return "true"
	case f.Kind == cli.KindInt || f.Kind == cli.KindUint:
		return f.Placeholder
	}
	return `"` + f.Placeholder + `"`
}

// ownKeys writes the keys that are no flags.
func ownKeys(r *roff, keys []key) {
	for _, k := range keys {
		said := k.help
		if k.normal != "" {
			said += " Default: " + k.normal + "."
		}
		r.item(bold(k.name)+" = "+italic(k.form), said)
	}
}
