package credential

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"websocketd/libwebsocketd/gate"
)

// FuzzJWT shows tokens that nobody has signed, and claims that we have, which an oracle reads.
func FuzzJWT(f *testing.F) {
	real := sign("EdDSA", signers()["ed25519"], with("exp", 1<<40), nil)
	f.Add(real, `{"alg":"HS256"}`, `{"sub":"ann","aud":"here","exp":1099511627776}`)
	f.Add("a.b.c", `{"alg":"none"}`, `{"sub":"ann","aud":["x","here"],"exp":1e12,"nbf":3}`)
	f.Add(real[:len(real)-2], `{"alg":"HS256","crit":[]}`, `{"sub":"\u0007","aud":7,"exp":"1"}`)
	f.Add(real, `{"alg":"RS256","kid":"x"}`, `{"sub":"ann","aud":"here","exp":-1.5e3,"nbf":null}`)
	f.Add("", `{"alg":"HS256"}`, `{"sub":"ann","aud":"here","exp":1099511627776,"nbf":1e300}`)
	f.Add("", `{"alg":"HS256"}`, `{"sub":" ann","aud":"here","exp":1e19,"iat":-1e19}`)
	f.Add("", `{"alg":"HS256","alg":"none"}`, `{"sub":"ann","AUD":"here","exp":1099511627776}`)
	secret := signers()["secret"].([]byte)
	public, own := openJWT(f, pemOf("rsa", "p256", "ed25519"), JWTOptions{}), openJWT(f, string(secret), JWTOptions{Algorithms: []string{"HS256"}})
	f.Fuzz(func(t *testing.T, token, header, claims string) {
		b64 := base64.RawURLEncoding.EncodeToString
		signed := b64([]byte(header)) + "." + b64([]byte(claims))
		mac, _ := jwt.SigningMethodHS256.Sign(signed, secret)
		for _, forged := range []string{token, signed + ".", signed + "." + b64(mac), token + "." + b64(mac)} {
			if got := userOf(public, forged); got == "ann" && forged[:strings.LastIndexByte(forged, '.')] != real[:strings.LastIndexByte(real, '.')] {
				t.Errorf("nobody has signed %s", forged)
			}
		}
		who, _ := own.Identify(nil, gate.Client{}, bearer(signed+"."+b64(mac)))
		if want, clear := oracleClaims(header, claims); clear && who.User != want {
			t.Errorf("%s %s: %q, the oracle says %q", header, claims, who.User, want)
		}
	})
}

// oracleClaims returns the user of a token of ours, "" for none. clear is false where the
// clock decides.
func oracleClaims(header, claims string) (user string, clear bool) {
	var h, c map[string]any
	if len(header)+len(claims) > longestJWT/2 {
		return "", false
	}
	if json.Unmarshal([]byte(header), &h) != nil || json.Unmarshal([]byte(claims), &c) != nil {
		return "", true
	}
	exp, hasExp := c["exp"].(float64)
	nbf, hasNbf := c["nbf"].(float64)
	now := float64(time.Now().Unix())
	for _, limit := range []float64{exp + 30 - now, nbf - 30 - now} {
		if math.Abs(limit) < 5 {
			return "", false
		}
	}
	iat, _ := c["iat"].(float64)
	if max(math.Abs(exp), math.Abs(nbf), math.Abs(iat)) >= 1<<62 {
		return "", true
	}
	_, crit := h["crit"]
	user, _ = c["sub"].(string)
	switch {
	case h["alg"] != any("HS256") || crit || !oracleAudience(c["aud"]) || CheckUser(user) != nil:
		return "", true
	case !hasExp || exp == 0 || exp+30 < now:
		return "", true
	case c["nbf"] != nil && !hasNbf || nbf-30 > now:
		return "", true
	}
	return user, true
}

// oracleAudience reports whether a claim is here, or a list of texts with it.
func oracleAudience(aud any) bool {
	list, ok := aud.([]any)
	if !ok {
		return aud == any("here")
	}
	texts := !slices.ContainsFunc(list, func(a any) bool { _, isText := a.(string); return !isText })
	return texts && slices.Contains(list, any("here"))
}
