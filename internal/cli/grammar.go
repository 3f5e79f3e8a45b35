package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// readGrammar returns a grammar in kong's form, with its values at their defaults. It panics on
// mistakes in the grammar's tags.
//
// kong.Kong.Parse would do the same, and call methods by their names besides: hooks, which no grammar
// here has. With whoever calls methods by names that are variables, the linker keeps every exported
// method of every type: 1.3 MiB. From kong 1.16 on Context.Validate does so, too, and is always kept,
// because package jwt calls a method of that name through an interface; so kong is 1.15.
func readGrammar(grammar any) *kong.Kong {
	k := kong.Must(grammar, kong.NoDefaultHelp(), rawStrings)
	for _, flag := range k.Model.Flags {
		if err := flag.Reset(); err != nil {
			panic(fmt.Sprintf("the default of --%s: %v", flag.Name, err))
		}
	}
	return k
}
