package cli

import "errors"

// splitWords divides a text at blanks, as a shell does: blanks between quotes belong to a word, and
// so does what follows a backslash outside of single quotes.
func splitWords(text string) (words []string, err error) {
	var word []rune
	begun, quote, escaped := false, rune(0), false
	for _, r := range text {
		switch {
		case escaped:
			word, escaped = append(word, r), false
		case r == '\\' && quote != '\'':
			begun, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word = append(word, r)
		case r == '"' || r == '\'':
			begun, quote = true, r
		case r == ' ' || r == '\t' || r == '\n' || r == '\r':
			if begun {
				words = append(words, string(word))
			}
			word, begun = nil, false
		default:
			word, begun = append(word, r), true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quote or a backslash in it has no end")
	}
	if begun {
		words = append(words, string(word))
	}
	return words, nil
}
