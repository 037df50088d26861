package api

import (
	"encoding/json"
	"net/http"
	"strings"
)

// cookieName is the cookie that holds the token of a browser. Scripts cannot read it and other sites cannot send it.
const cookieName = "hutong"

const cookieAge = 30 * 24 * 3600

// tokenOf is the token a request shows: a bearer token before the browser's cookie; "" for none.
func tokenOf(r *http.Request) string {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, token, _ := strings.Cut(auth, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
		return ""
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

func (a *API) getSession(c *call) (*answer, error) {
	s := struct {
		Mode string  `json:"mode"`
		By   *string `json:"by"`
		Role *string `json:"role"`
	}{Mode: a.mode()}
	if c.by != "" {
		s.By, s.Role = &c.by, &c.role
	}
	return marshal(s)
}

func (a *API) mode() string {
	if a.Open {
		return "open"
	}
	return "token"
}

func (a *API) putSession(c *call) (*answer, error) {
	body, err := c.json()
	if err != nil {
		return nil, err
	}
	var in struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Token == "" {
		return nil, fail(http.StatusBadRequest, `want {"token":"htg_..."}`)
	}
	if c.by, c.role, err = a.Access.Holder(in.Token); err != nil {
		return nil, fail(http.StatusForbidden, "%s", err)
	}
	a.record(c, "sign in", "")
	return noContent().set("Set-Cookie", c.cookie(in.Token, cookieAge)), nil
}

func (a *API) deleteSession(c *call) (*answer, error) {
	return noContent().set("Set-Cookie", c.cookie("", -1)), nil
}

func (c *call) cookie(value string, age int) string {
	k := http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: c.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
	return k.String()
}

func marshal(x any) (*answer, error) {
	body, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(body), nil
}
