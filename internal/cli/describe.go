package cli

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Kind tells how a flag's value is written.
type Kind string

const (
	KindBool   Kind = "bool"   // --name, --name=true, --name=false
	KindInt    Kind = "int"    // a whole number, in any of Go's forms
	KindUint   Kind = "uint"   // a whole number that is not negative
	KindString Kind = "string" // any text
	KindChoice Kind = "choice" // one of Flag.Choices
	KindSize   Kind = "size"   // bytes, or 64K, 1MiB, 2G
	KindTime   Kind = "time"   // 250ms, 5s, 1m30s; perhaps never
	KindNames  Kind = "names"  // NAME,NAME in one value; the last value counts
	KindSwitch Kind = "switch" // --name, --name=TEXT, --name=false
	KindList   Kind = "list"   // may be given more than once; all values count
)

// Flag describes one flag.
type Flag struct {
	Name        string // without the hyphens
	Short       string // a letter with the same meaning; "": none
	Kind        Kind
	Default     string   // as it is written; "": empty, false or no element
	Env         string   // variable that sets it; "": none does
	Group       string   // heading it stands under in --help
	Help        string   // one paragraph
	Placeholder string   // what --help shows as its value; "" for booleans
	Choices     []string // of KindChoice
	Words       []string // values, or elements of one, that are known: the choices, or those of the tag words

	// Least and Most are the smallest and the largest value, as the grammar has them; "": none.
	Least, Most string

	InFile    bool   // it is a global key of the config file
	OfProgram bool   // it is a key of a program in that file
	OfApp     bool   // it is a key of an app there
	FileForm  string // how its value is written there, as "5s"
	OrNumber  bool   // of KindString: its value there may be a number
}

// Flags returns all flags of the command, in the order of --help. They are derived
// from the grammar the parser uses, so that tests, help and documents cannot miss
// one.
func Flags() []Flag { return describeAll(newParser().Model.Flags) }

// describeAll returns what is known of flags.
func describeAll(flags []*kong.Flag) (all []Flag) {
	for _, f := range flags {
		all = append(all, describe(f))
	}
	return all
}

func describe(f *kong.Flag) Flag {
	d := Flag{
		Name:        f.Name,
		Kind:        kindOf(f),
		Default:     f.Default,
		Env:         variable(f),
		Group:       f.Group.Title,
		Help:        f.Help,
		Placeholder: f.PlaceHolder,
		Least:       f.Tag.Get("min"),
		Most:        f.Tag.Get("max"),
		InFile:      inFile(f),
		OfProgram:   isProgramKey(f),
		OfApp:       isProgramKey(f) && !slices.Contains(notOfApps, f.Name),
		FileForm:    formOf(f),
		OrNumber:    isOwner(f),
	}
	if f.Short != 0 {
		d.Short = string(f.Short)
	}
	if d.Kind == KindChoice {
		d.Choices = f.EnumSlice()
		d.Words = d.Choices
	}
	if known := f.Tag.Get("words"); known != "" {
		d.Words = strings.Split(known, ",")
	}
	return d
}

// kindOf returns the kind of a flag, by the Go type and the tags of its field.
func kindOf(f *kong.Flag) Kind {
	switch f.Target.Interface().(type) {
	case size:
		return KindSize
	case duration, keeping:
		return KindTime
	case names, users:
		return KindNames
	case base, adminAt, versionForm:
		return KindSwitch
	}
	switch kind := f.Target.Kind(); {
	case kind == reflect.Bool:
		return KindBool
	case kind == reflect.Slice:
		return KindList
	case f.Target.CanInt():
		return KindInt
	case f.Target.CanUint():
		return KindUint
	case f.Enum != "":
		return KindChoice
	}
	return KindString
}

// OwnKeys returns the keys of the config file that are no flags: those of every program, those of
// supervised ones, which are keys of an app, too, and those of an app besides.
func OwnKeys() (program, supervised, app []string) {
	program = slices.Sorted(maps.Keys(ownKeys))
	for _, name := range (&configFile{}).appNames() {
		if !slices.Contains(supervisedNames, name) {
			app = append(app, name)
		}
	}
	return program, slices.Clone(supervisedNames), app
}
