package credential

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"websocketd/libwebsocketd/internal/paths"
)

// PasswordLine returns the line of a user with a password, for Edit.
func PasswordLine(user, password string) (line string, err error) {
	if err := checkEditable(user); err != nil {
		return "", err
	}
	hash, err := hashPassword(password)
	return user + ":" + hash, err
}

// TokenLine returns a new token of 256 bits, and the line of a user with it, which has only
// its hash.
func TokenLine(user string) (token, line string, err error) {
	if err := checkEditable(user); err != nil {
		return "", "", err
	}
	if user == TokenHash {
		return "", "", fmt.Errorf("%s cannot be a user of tokens: the word marks a hash there", TokenHash)
	}
	var bits [32]byte
	rand.Read(bits[:])
	token = base64.RawURLEncoding.EncodeToString(bits[:])
	return token, fmt.Sprintf("%s:%s:%x", user, TokenHash, sha256.Sum256([]byte(token))), nil
}

// checkEditable returns why a user cannot stand in a line.
func checkEditable(user string) error {
	switch {
	case strings.Contains(user, ":"):
		return errors.New("the name of a user has no colon: it would end there")
	case strings.HasPrefix(user, "#"), strings.HasPrefix(user, "@"):
		return errors.New("the name of a user does not begin with # or @, which mean a comment and a group")
	}
	return CheckUser(user)
}

// Edit replaces the lines of a user in a file by one, or adds it; no line removes them. found
// tells whether there were any. The file is replaced as a whole, so that a server never sees
// half of it. A new one can be read by its owner only.
func Edit(name, user, line string) (found bool, err error) {
	if resolved, err := filepath.EvalSymlinks(name); err == nil {
		name = resolved // the link stays
	}
	data, err := paths.ReadRegular(name)
	if err != nil && (line == "" || !errors.Is(err, fs.ErrNotExist)) {
		return false, fmt.Errorf("%s cannot be read: %w", name, paths.Cause(err))
	}
	edited, found, err := editLines(data, user, line)
	switch {
	case err != nil:
		return found, fmt.Errorf("%s %w", name, err)
	case line == "" && !found:
		return false, nil
	}
	if err := replace(name, edited); err != nil {
		return found, fmt.Errorf("%s cannot be written: %w", name, paths.Cause(err))
	}
	return found, nil
}

// editLines returns the content of a file after an edit. All other lines stay as they are.
func editLines(data []byte, user, line string) (edited []byte, found bool, err error) {
	for raw := range bytes.Lines(data) {
		text := strings.Trim(strings.TrimPrefix(string(raw), "\ufeff"), " \t\r\n")
		switch isComment := strings.HasPrefix(text, "#"); {
		case !isComment && strings.HasPrefix(text, user+":"):
			if line != "" && !found {
				edited = append(append(edited, line...), '\n')
			}
			found = true
			continue
		case !isComment && line != "" && isTokenLine(text) && !isTokenLine(line):
			return nil, false, errors.New("has tokens in it: passwords are in a file of their own")
		case !isComment && line != "" && strings.Contains(text, ":$") && isTokenLine(line):
			return nil, false, errors.New("has passwords in it: tokens are in a file of their own")
		}
		edited = append(edited, raw...)
	}
	if found || line == "" {
		return edited, found, nil
	}
	if len(edited) > 0 && edited[len(edited)-1] != '\n' {
		edited = append(edited, '\n')
	}
	return append(append(edited, line...), '\n'), false, nil
}

func isTokenLine(line string) bool { return strings.Contains(line, ":"+TokenHash+":") }

// replace writes a file anew, with the mode and the owner that it had.
func replace(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if info, statErr := os.Stat(name); statErr == nil {
		err = errors.Join(keepOwner(f, info), f.Chmod(info.Mode().Perm()))
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
