package credential

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"websocketd/libwebsocketd/gate"
)

const (
	longestJWT  = 16 << 10
	jwtLeeway   = 30 * time.Second // between the clocks of those who make tokens and ours
	claimGroups = "groups"

	// DefaultUserClaim is the claim that names the user, if no other one is named.
	DefaultUserClaim = "sub"
)

// JWTOptions say which tokens are taken.
type JWTOptions struct {
	Audience   string   // must be one of aud; "" is what For says
	Issuer     string   // must be iss; "" is any
	UserClaim  string   // names the user; "" is DefaultUserClaim
	Algorithms []string // of those that the keys are for; empty is all those of public keys

	// For reports whether an audience is that of a request, where there is no Audience: one of
	// aud must be. It may be called from any goroutine.
	For func(r *http.Request, from gate.Client, audience string) bool
}

// JWT is the credential of those who show a JSON Web Token (RFC 7519) as bearer token, signed
// with a key of a file. Which algorithm a key is for is settled by the key, and never by the
// token. A token is checked when a client is let in: what it has begun outlives the token.
type JWT struct {
	options JWTOptions
	file    *file[[]verifyKey]
	parser  *jwt.Parser
	right   *gate.Memory[rightJWT]
}

// rightJWT is what is remembered of one: it is right as long as the keys are the same, until
// it expires, for whatever is one of its audiences.
type rightJWT struct {
	by  *[]verifyKey
	aud []string
	who gate.Identity
}

// NewJWT reads a file of keys: public keys or certificates in PEM form, a JSON Web Key Set
// (RFC 7517), or a secret if the options name its algorithm.
func NewJWT(name string, o JWTOptions, report Report) (*JWT, error) {
	if o.Audience == "" && o.For == nil {
		return nil, errors.New("the audience is missing: without it a token for any other service would be taken")
	}
	if o.UserClaim == "" {
		o.UserClaim = DefaultUserClaim
	}
	checks := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithLeeway(jwtLeeway),
	}
	if o.Audience != "" {
		checks = append(checks, jwt.WithAudience(o.Audience))
	}
	if o.Issuer != "" {
		checks = append(checks, jwt.WithIssuer(o.Issuer))
	}
	j := &JWT{options: o, parser: jwt.NewParser(checks...), right: gate.NewMemory[rightJWT](mostRemembered)}
	var err error
	if j.file, err = openFile(name, report, j.parse); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(*j.file.current(), func(k verifyKey) bool { return k.alg == secretAlgorithm }) {
		j.file.warnOfReaders()
	}
	return j, nil
}

// parse reads the keys that the options allow.
func (j *JWT) parse(data []byte) ([]verifyKey, error) {
	keys, err := parseKeys(data, slices.Contains(j.options.Algorithms, secretAlgorithm))
	if err != nil || len(j.options.Algorithms) == 0 {
		return keys, err
	}
	allowed := slices.DeleteFunc(slices.Clone(keys), func(k verifyKey) bool { return !slices.Contains(j.options.Algorithms, k.alg) })
	if len(allowed) == 0 {
		return nil, fmt.Errorf("it has a key for %s, and none for %s", keys[0].alg, strings.Join(j.options.Algorithms, ", "))
	}
	return allowed, nil
}

// Name implements gate.Credential.
func (*JWT) Name() string { return "jwt" }

// Schemes implements gate.Credential.
func (*JWT) Schemes() []string { return []string{"Bearer"} }

// Identify implements gate.Credential.
func (j *JWT) Identify(r *http.Request, from gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme != "Bearer" {
		return gate.Identity{}, nil
	}
	keys := j.file.current()
	right, ok := j.right.Get(shown)
	if !ok || right.by != keys {
		var refusal *gate.Refusal
		if right, refusal = j.read(keys, shown); refusal != nil {
			return gate.Identity{}, refusal
		}
	}
	if j.options.Audience == "" && !slices.ContainsFunc(right.aud, func(aud string) bool { return j.options.For(r, from, aud) }) {
		return gate.Identity{}, gate.Wrong(reasonOf(errAudience))
	}
	return right.who, nil
}

// errAudience is the error of a token that is right, but not here.
var errAudience = errors.Join(jwt.ErrTokenInvalidClaims, jwt.ErrTokenInvalidAudience)

// read returns what a token says, which is remembered if it is right.
func (j *JWT) read(keys *[]verifyKey, shown gate.Proof) (right rightJWT, refusal *gate.Refusal) {
	if len(shown.Secret) > longestJWT {
		return right, gate.Wrong("the token is too long")
	}
	claims, by, err := j.verify(*keys, shown.Secret)
	if err != nil {
		return right, gate.Wrong(reasonOf(err))
	}
	user, _ := claims[j.options.UserClaim].(string)
	if CheckUser(user) != nil {
		return right, gate.Wrong("the token names no user who can be printed")
	}
	right.by, right.who = keys, gate.Identity{User: user, Proof: "Bearer", Groups: groupsOf(claims), Key: string(by.id[:])}
	if right.aud, err = claims.GetAudience(); err != nil {
		return right, gate.Wrong(reasonOf(errAudience))
	}
	if ends, err := claims.GetExpirationTime(); err == nil {
		j.right.Put(shown, right, min(keepRight, time.Until(ends.Add(jwtLeeway))))
	}
	return right, nil
}

// verify returns what a token claims that is right now, and the key that has signed it.
func (j *JWT) verify(keys []verifyKey, token string) (claims jwt.MapClaims, by verifyKey, err error) {
	claims = jwt.MapClaims{}
	_, err = j.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (key any, err error) {
		by, err = choose(keys, t)
		return by.key, err
	})
	if err == nil && !hasSaneTimes(claims) {
		err = jwt.ErrTokenInvalidClaims
	}
	return claims, by, err
}

// hasSaneTimes reports whether the times of a token can be counted in seconds. The library
// lets the others overflow: what begins in eternity would have begun long ago. A time.Time
// counts from another year, for which half of an int64 leaves room.
func hasSaneTimes(claims jwt.MapClaims) bool {
	return !slices.ContainsFunc([]string{"exp", "nbf", "iat"}, func(name string) bool {
		seconds, _ := claims[name].(float64)
		return math.Abs(seconds) >= 1<<62
	})
}

// Knows implements gate.Knower: it reports whether the key that has signed is still one.
func (j *JWT) Knows(who gate.Identity) bool {
	return slices.ContainsFunc(*j.file.current(), func(k verifyKey) bool { return string(k.id[:]) == who.Key })
}

// choose returns the key that has signed a token: one for its algorithm, and of its kid if it
// has one. Where that leaves several it tries them.
func choose(keys []verifyKey, t *jwt.Token) (verifyKey, error) {
	if _, has := t.Header["crit"]; has { // RFC 7515 section 4.1.11
		return verifyKey{}, errors.New("crit")
	}
	kid, _ := t.Header["kid"].(string)
	fitting := slices.DeleteFunc(slices.Clone(keys), func(k verifyKey) bool {
		return k.alg != t.Method.Alg() || kid != "" && k.kid != "" && k.kid != kid
	})
	signed := t.Raw[:strings.LastIndexByte(t.Raw, '.')]
	for i, k := range fitting {
		if i == len(fitting)-1 || t.Method.Verify(signed, t.Signature, k.key) == nil {
			return k, nil
		}
	}
	return verifyKey{}, errors.New("there is no such key")
}

// reasonOf returns why a token is not taken. Only one whose signature is right is told more
// than that it is wrong.
func reasonOf(err error) string {
	switch {
	case !errors.Is(err, jwt.ErrTokenInvalidClaims):
		return "the token is not right"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "the token has expired"
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return "the token is not good yet"
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return "the token is for another audience"
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return "the token is from another issuer"
	}
	return "the token lacks a claim that is needed here, or has one that cannot be read"
}

// groupsOf returns the groups that a token names: a list, or one.
func groupsOf(claims jwt.MapClaims) (groups []string) {
	switch claim := claims[claimGroups].(type) {
	case string:
		groups = []string{claim}
	case []any:
		for _, group := range claim {
			if name, ok := group.(string); ok {
				groups = append(groups, name)
			}
		}
	}
	return groups
}

// idOf returns what tells a key from others.
func idOf(key []byte) [sha256.Size]byte { return sha256.Sum256(key) }
