package credential

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tg123/go-htpasswd"
	"golang.org/x/crypto/bcrypt"

	"websocketd/libwebsocketd/gate"
)

const (
	bcryptCost     = 10
	longestBcrypt  = 72 // bytes of a password, of which bcrypt sees no more
	mostRemembered = 1024
	keepRight      = 5 * time.Minute
	mostWaiting    = 64

	// SHA-crypt takes a time that grows with the square of the length.
	longestShown = 1024
)

// Password is the credential of those who show a user and a password (RFC 7617) that stand
// in a file of htpasswd(1).
type Password struct {
	file  *file[accounts]
	macs  *gate.MACs
	right *gate.Memory[rightPassword]
	turns *gate.Turns
}

// rightPassword is what is remembered of one: it is right as long as the file is the same.
type rightPassword struct {
	in  *accounts
	who gate.Identity
}

// accounts are those of a file.
type accounts struct {
	byUser map[string]*account
	all    []*account
}

type account struct {
	hash htpasswd.EncodedPasswd
	key  gate.MAC // of the line
}

// NewPassword reads a file of passwords.
func NewPassword(name string, report Report) (*Password, error) {
	p := &Password{
		macs:  gate.NewMACs(),
		right: gate.NewMemory[rightPassword](mostRemembered),
		turns: gate.NewTurns(runtime.GOMAXPROCS(0), mostWaiting),
	}
	var err error
	if p.file, err = openFile(name, report, func(data []byte) (accounts, error) { return p.parse(name, data) }); err != nil {
		return nil, err
	}
	return p, nil
}

// Name implements gate.Credential.
func (*Password) Name() string { return "password" }

// Schemes implements gate.Credential.
func (*Password) Schemes() []string { return []string{"Basic"} }

// Identify implements gate.Credential.
func (p *Password) Identify(r *http.Request, _ gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme != "Basic" {
		return gate.Identity{}, nil
	}
	in := p.file.current()
	if who, ok := p.remembered(in, shown); ok {
		return who, nil
	}
	if refusal := p.turns.Take(r.Context()); refusal != nil {
		return gate.Identity{}, refusal
	}
	defer p.turns.Done()
	if who, ok := p.remembered(in, shown); ok { // others of the same page were faster
		return who, nil
	}
	found := p.check(in, shown)
	if found == nil {
		return gate.Identity{}, gate.Wrong("user and password are not right")
	}
	who := gate.Identity{User: shown.User, Proof: "Basic", Key: string(found.key[:])}
	p.right.Put(shown, rightPassword{in: in, who: who}, keepRight)
	return who, nil
}

// check returns the account whose password is shown, or nil. A user who is not there costs
// the time of one who is, always the same one: that of some other account.
func (p *Password) check(in *accounts, shown gate.Proof) *account {
	if len(shown.Secret) > longestShown || len(in.all) == 0 {
		return nil
	}
	found := in.byUser[shown.User]
	mac := p.macs.Of(shown.User)
	checked := cmp.Or(found, in.all[binary.BigEndian.Uint64(mac[:])%uint64(len(in.all))])
	if !checked.hash.MatchesPassword(shown.Secret) {
		return nil
	}
	return found
}

func (p *Password) remembered(in *accounts, shown gate.Proof) (gate.Identity, bool) {
	right, ok := p.right.Get(shown)
	return right.who, ok && right.in == in
}

// Knows implements gate.Knower: it reports whether the user still has that password.
func (p *Password) Knows(who gate.Identity) bool {
	found := p.file.current().byUser[who.User]
	return found != nil && who.Key == string(found.key[:])
}

// parse reads the lines of a file: USER:HASH, and a comment if there is a further colon.
func (p *Password) parse(name string, data []byte) (accounts, error) {
	in := accounts{byUser: map[string]*account{}}
	err := eachLine(data, func(line string) error {
		user, rest, ok := strings.Cut(line, ":")
		text, _, _ := strings.Cut(rest, ":")
		if !ok {
			return errors.New("there is no colon: a line is USER:HASH")
		}
		if err := CheckUser(user); err != nil {
			return err
		}
		if in.byUser[user] != nil {
			return fmt.Errorf("the user %s stands in a line above, too", user)
		}
		hash := readHash(text)
		if hash == nil {
			return fmt.Errorf("the password of %s is not hashed by bcrypt ($2y$) or SHA-crypt ($5$, $6$), or at a cost of seconds: websocketd passwd %s %s sets it anew", user, name, user)
		}
		in.byUser[user] = &account{hash: hash, key: p.macs.Of(user, text)}
		in.all = append(in.all, in.byUser[user])
		return nil
	})
	return in, err
}

// The library takes more than it can read, so that the forms are checked before. What costs
// much more than is usual would let a few requests keep every core busy.
var (
	bcryptForm = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$`)
	shaForm    = regexp.MustCompile(`^\$(5\$(rounds=([1-9][0-9]{3,5}|1000000)\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}|6\$(rounds=([1-9][0-9]{3,5}|1000000)\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86})$`)
)

// readHash returns the hash of a password that is written in a file; nil if it is none of
// those that are taken.
func readHash(text string) (hash htpasswd.EncodedPasswd) {
	switch {
	case bcryptForm.MatchString(text):
		hash, _ = htpasswd.AcceptBcrypt(text)
	case shaForm.MatchString(text):
		hash, _ = htpasswd.AcceptCryptSha(text)
	}
	return hash
}

// hashPassword returns the hash of a password as a file has it.
func hashPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("the password is empty")
	case len(password) > longestBcrypt:
		return "", fmt.Errorf("the password has %d bytes, and bcrypt sees the first %d only: take a shorter one", len(password), longestBcrypt)
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return "", errors.New("the password has characters that no client can send")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	return strings.Replace(string(hash), "$2a$", "$2y$", 1), err // the same, as htpasswd(1) marks it
}
