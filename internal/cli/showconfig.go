package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"websocketd/internal/printable"
)

// originColumn is where the lines of --showconfig say where a setting comes from.
const originColumn = 40

// show prints the settings as a config file has them, each with where it comes from. Those that
// nobody has set are comments, so that what is printed can be a file: some keys mean nothing
// without another one.
func (w *options) show(out io.Writer) {
	group := ""
	for _, flag := range w.parser.Model.Flags {
		if !inFile(flag) {
			continue
		}
		if title := flag.Group.Title; title != group {
			fmt.Fprintf(out, "%s# %s\n", strings.Repeat("\n", min(len(group), 1)), title)
			group = title
		}
		values, origin := w.origin(flag)
		if origin == "" {
			fmt.Fprintf(out, "%-*s # default\n", originColumn, "# "+flag.Name+" = "+writtenInFile(flag, []string{flag.Default}))
			continue
		}
		fmt.Fprintf(out, "%-*s # %s\n", originColumn, flag.Name+" = "+writtenInFile(flag, values), origin)
	}
	fmt.Fprintln(out, "\n# What is served")
	if len(w.command) > 0 {
		fmt.Fprintf(out, "%-*s # COMMAND\n", originColumn, "# command = "+arrayTOML(w.command))
	}
	for _, p := range w.file.programs {
		fmt.Fprintf(out, "%-*s # %s\n", originColumn, "# ["+programTable+"."+quoteTOML(p.name)+"]", w.file.at(p.pos))
	}
}

// origin returns the values of a flag, and what has set them: a flag, a variable, a line of the
// file, or a flag that stands for several; "" for the default.
func (w *options) origin(flag *kong.Flag) (values []string, origin string) {
	by := []string{"--" + flag.Name, variable(flag), ""}
	for i, layer := range w.layers {
		if values = valuesOf([][]setting{layer}, flag.Name); len(values) == 0 {
			continue
		}
		if by[i] != "" {
			return values, by[i]
		}
		return values, w.file.at(posOf([][]setting{layer}, flag.Name))
	}
	flags := w.parser.Model.Flags
	if values = valuesOf([][]setting{presetOf(flags, layered(w.layers...))}, flag.Name); len(values) > 0 {
		return values, "preset"
	}
	return nil, ""
}

// at returns a place in the file.
func (c *configFile) at(pos position) string {
	return fmt.Sprintf("%s:%d", printable.Append(nil, c.faults.file, false), pos.line)
}

// quoteTOML returns a text as TOML writes it, which is as JSON does.
func quoteTOML(text string) string { return string(appendJSON(nil, text)) }

func arrayTOML(list []string) string {
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = quoteTOML(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// writtenInFile returns the values of a flag as a file has them.
func writtenInFile(flag *kong.Flag, values []string) string {
	last := values[len(values)-1]
	_, err := strconv.ParseInt(last, 10, 64)
	switch kind := kindOf(flag); {
	case kind == KindBool && last == "":
		return "false"
	case kind == KindBool, kind == KindSwitch && isBoolText(last):
		return last
	case kind == KindList:
		return arrayTOML(nonEmpty(values))
	case kind == KindNames:
		if _, ok := flag.Target.Interface().(users); ok {
			return arrayTOML(usersIn(last))
		}
		return arrayTOML(atCommas(last))
	case kind != KindString && err == nil && kind != KindTime:
		return last
	}
	return quoteTOML(last)
}
