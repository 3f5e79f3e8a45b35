package generated

import (
	"encoding/json"
	"strconv"
	"strings"

	"websocketd/internal/cli"
)

// schema returns the JSON Schema of the config file (draft 2020-12), for editors and for whoever
// makes such files. What it refuses the program refuses, too; the program knows more, as whether a
// file is there.
func schema() (string, error) {
	global := node{
		"$schema": node{"type": "string", "description": "Where an editor finds this schema; websocketd ignores it."},
		"program": node{"type": "object", "additionalProperties": node{"$ref": "#/$defs/program"}, "description": "The programs that are served, by their names: [program.NAME]."},
		"apps":    node{"type": "array", "items": node{"$ref": "#/$defs/app"}, "description": "Supervised programs, as the files of PM2 and PMDaemon have them: [[apps]]."},
	}
	program, app := node{}, node{}
	for _, f := range cli.Flags() {
		described := schemaOf(&f)
		if f.InFile {
			global[f.Name] = described
		}
		if f.OfProgram {
			program[f.Name] = described
		}
		if f.OfApp {
			app[f.Name] = described
		}
	}
	add(program, programKeys)
	add(program, supervisedKeys)
	add(app, supervisedKeys)
	add(app, appKeys)
	whole := table(global)
	whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	whole["title"] = "The config file of websocketd"
	whole["description"] = "In TOML or JSON form. A global key has the name of a flag; programs have tables of their own."
	whole["$defs"] = node{
		"program":    table(program).with("required", []string{"command"}).with("dependentSchemas", supervisedOnly()),
		"app":        table(app).with("required", []string{"name", "script"}),
		"supervised": node{"required": []string{"lifetime"}, "properties": node{"lifetime": node{"const": "supervised"}}},
	}
	out := &strings.Builder{}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(whole)
	return out.String(), err
}

// supervisedOnly returns, for each key of supervised programs alone, that the program is one.
func supervisedOnly() node {
	all := node{}
	for _, k := range supervisedKeys {
		all[k.name] = node{"$ref": "#/$defs/supervised"}
	}
	return all
}

// add adds keys to the properties of a table.
func add(properties node, keys []key) {
	for _, k := range keys {
		help := k.help
		if k.normal != "" {
			help += " Default: " + k.normal + "."
		}
		properties[k.name] = k.schema.with("description", help)
	}
}

// schemaOf returns the schema of the key of a flag.
func schemaOf(f *cli.Flag) node {
	n := formOf(f)
	n["description"] = f.Help
	if value, ok := defaultOf(f); ok {
		n["default"] = value
	}
	return n
}

// formOf returns what the value of a flag must be.
func formOf(f *cli.Flag) node {
	switch f.Kind {
	case cli.KindBool:
		return node{"type": "boolean"}
	case cli.KindInt, cli.KindUint:
		return bounded(f, node{"type": "integer"})
	case cli.KindSize:
		return anyOf(bounded(f, node{"type": "integer", "minimum": 0}), node{"type": "string", "pattern": sizePattern})
	case cli.KindTime:
		if f.Name == "resume" {
			return anyOf(moment, node{"const": "never"})
		}
		return node{"type": "string", "pattern": timePattern}
	case cli.KindSwitch:
		return anyOf(truth, node{"type": "string"})
	case cli.KindNames, cli.KindList:
		items := node{"type": "string"}
		if len(f.Words) > 0 {
			items["examples"] = f.Words
		}
		return anyOf(node{"type": "array", "items": items}, node{"type": "string"})
	}
	switch {
	case len(f.Words) > 0:
		return node{"enum": f.Words}
	case f.OrNumber:
		return node{"type": []string{"string", "integer"}}
	}
	return node{"type": "string"}
}

// bounded returns a number with the limits that a flag has.
func bounded(f *cli.Flag, n node) node {
	if f.Kind == cli.KindUint {
		n["minimum"] = 0
	}
	for name, limit := range map[string]string{"minimum": f.Least, "maximum": f.Most} {
		if value, err := strconv.Atoi(limit); err == nil {
			n[name] = value
		}
	}
	return n
}

// defaultOf returns the default of a flag as the file has it; ok is false if there is none.
func defaultOf(f *cli.Flag) (value any, ok bool) {
	switch n, err := strconv.ParseInt(f.Default, 10, 64); {
	case f.Kind == cli.KindBool:
		return false, true
	case f.Default == "":
		return nil, false
	case err == nil && f.Kind != cli.KindString:
		return n, true
	}
	return f.Default, true
}
