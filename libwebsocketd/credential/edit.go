package credential

import (
	"bytes"
	"cmp"
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

// PasswordLine returns the line of a user with a password, for an Edit.
func PasswordLine(user, password string) (line string, err error) {
	if err := CheckNew(user); err != nil {
		return "", err
	}
	hash, err := hashPassword(password)
	return user + ":" + hash, err
}

// TokenLine returns a new token of 256 bits, and the line of a user with it, which has only
// its hash.
func TokenLine(user string) (token, line string, err error) {
	if err := CheckNew(user); err != nil {
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

// CheckNew returns why a user is not written into a file: what the name would mean there, or
// in a flag.
func CheckNew(user string) error {
	switch {
	case strings.Contains(user, ":"):
		return errors.New("the name of a user has no colon: it would end there")
	case strings.Contains(user, ","):
		return errors.New("the name of a user has no comma: in --allow it would end there")
	case strings.HasPrefix(user, "#"), strings.HasPrefix(user, "@"):
		return errors.New("the name of a user does not begin with # or @, which mean a comment and a group")
	}
	return CheckUser(user)
}

// Edit is a change of a file of credentials: what it says of one user.
type Edit struct {
	User string
	Line string // replaces the lines of the user; "": they go
	More bool   // Line is added, the others of the user stay

	// Ready is called when all is well so far, and the file about to be replaced. Its error
	// leaves the file as it was.
	Ready func() error
}

// Apply changes a file. found tells whether there were lines of the user. The file is
// replaced as a whole, so that a server never sees half of it, and one edit after the other,
// so that none is lost. A new file can be read by its owner only.
func (e Edit) Apply(name string) (found bool, err error) {
	name = followed(name) // the link stays
	unlock, err := lockDir(filepath.Dir(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("%s cannot be locked: %w", name, paths.Cause(err))
	}
	defer unlock()
	data, err := paths.ReadRegular(name)
	if err != nil && (e.Line == "" || !errors.Is(err, fs.ErrNotExist)) {
		return false, fmt.Errorf("%s cannot be read: %w", name, paths.Cause(err))
	}
	if err := e.checkKind(data); err != nil {
		return false, fmt.Errorf("%s %w", name, err)
	}
	edited, found := e.edited(data)
	if e.Line == "" && !found {
		return false, nil
	}
	return found, e.replace(name, edited)
}

// replace replaces a file when the new one is there and everybody is ready.
func (e Edit) replace(name string, data []byte) error {
	staged, err := stage(name, data)
	if err == nil {
		defer os.Remove(staged) // which is gone when it was renamed
		if e.Ready != nil {
			if err := e.Ready(); err != nil {
				return err
			}
		}
		err = os.Rename(staged, name)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, paths.Cause(err))
	}
	return nil
}

// mostLinks is how many links are followed from one to the next, as Linux does.
const mostLinks = 40

// followed returns the file that a link leads to. It need not be there yet.
func followed(name string) string {
	given := name
	for range mostLinks {
		dir, base := filepath.Split(name)
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil {
			return given
		}
		name = filepath.Join(dir, base)
		target, err := os.Readlink(name)
		switch {
		case err != nil:
			return name
		case filepath.IsAbs(target):
			name = target
		default:
			name = dir + string(filepath.Separator) + target // Join would take .. for what it is without links
		}
	}
	return given
}

// checkKind returns an error if a line is to go where lines of the other kind are.
func (e Edit) checkKind(data []byte) error {
	if e.Line == "" {
		return nil
	}
	err := eachLine(data, func(line string) error {
		switch isToken := isTokenLine(line); {
		case isToken && !isTokenLine(e.Line):
			return errors.New("has tokens in it: passwords are in a file of their own")
		case !isToken && isTokenLine(e.Line) && hasHash(line):
			return errors.New("has passwords in it: tokens are in a file of their own")
		}
		return nil
	})
	var at *faultyLine
	if errors.As(err, &at) {
		return at.error
	}
	return nil
}

// isTokenLine reports whether a line can be read as a token. No hash of a password can:
// they have a $ in them.
func isTokenLine(line string) bool {
	_, _, _, err := parseToken(line)
	return err == nil
}

// hasHash reports whether a line has a password, in whatever way it is hashed.
func hasHash(line string) bool { return strings.Contains(line, ":$") || strings.Contains(line, ":{") }

// edited returns the content of a file after the edit. All other lines stay as they are.
func (e Edit) edited(data []byte) (edited []byte, found bool) {
	written := e.Line == ""
	for raw := range bytes.Lines(data) {
		text := strings.Trim(strings.TrimPrefix(string(raw), "\ufeff"), " \t\r\n")
		isOfUser := strings.HasPrefix(text, e.User+":") && text[0] != '#'
		found = found || isOfUser
		switch {
		case !isOfUser || e.More:
			edited = append(edited, raw...)
		case !written:
			edited, written = append(append(edited, e.Line...), '\n'), true
		}
	}
	if written {
		return edited, found
	}
	if len(edited) > 0 && edited[len(edited)-1] != '\n' {
		edited = append(edited, '\n')
	}
	return append(append(edited, e.Line...), '\n'), found
}

// stage writes what a file will have into one beside it, with the mode and the owner of the
// file, and returns its name.
func stage(name string, data []byte) (staged string, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return "", err
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
	return f.Name(), errors.Join(err, f.Close())
}
