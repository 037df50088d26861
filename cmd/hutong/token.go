package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hutong/gate"
	"hutong/registry"
	"hutong/thing"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token and show it, once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"Make a token worthless, at once."`
}

// tokens opens the tokens of a data folder. A hub may be running in it.
func tokens(data string, f func(*gate.Tokens) error) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	r, err := registry.Open(filepath.Join(data, registryFile))
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return f(gate.NewTokens(r.Records(registry.Tokens)))
}

type tokenCreateCmd struct {
	dataFlag
	Name  string        `arg:"" help:"Whose it is: shown in traces and in the audit log. Devices use it as their MQTT user name."`
	Role  string        `help:"admin, user, regulator or guest." required:""`
	Grant []string      `help:"What more it may, and where: home/kitchen=read+write, or with a last moment clinic=read@2026-12-24T18:00:00Z." placeholder:"WHERE=OPS"`
	For   time.Duration `help:"How long it is good; for ever when left out." placeholder:"720h"`
}

// Run makes the token and prints its secret.
func (c *tokenCreateCmd) Run() error {
	role, err := gate.ParseRole(c.Role)
	if err != nil {
		return fmt.Errorf("--role: %w", err)
	}
	var grants []gate.Grant
	for _, text := range c.Grant {
		g, err := gate.ParseGrant(text)
		if err != nil {
			return fmt.Errorf("--grant: %w", err)
		}
		grants = append(grants, g)
	}
	now := time.Now()
	var until time.Time
	if c.For > 0 {
		until = now.Add(c.For)
	}
	return tokens(c.Data, func(t *gate.Tokens) error {
		secret, err := t.Create(c.Name, role, grants, now, until)
		if err != nil {
			return fmt.Errorf("token %s: %w", c.Name, err)
		}
		fmt.Println(secret)
		fmt.Fprintln(os.Stderr, "This is shown once. Devices log in by MQTT with the token's name and this as the password.")
		return nil
	})
}

type tokenListCmd struct {
	dataFlag
}

// Run prints a line for each token: name, role, made, good until, last used.
func (c *tokenListCmd) Run() error {
	if _, err := os.Stat(filepath.Join(c.Data, registryFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not a data folder: it has no %s", c.Data, registryFile)
	}
	return tokens(c.Data, func(t *gate.Tokens) error {
		list, err := t.List()
		for _, x := range list {
			fmt.Printf("%-24s  %-9s  made %s  until %s  used %s\n", x.Name, x.Role, day(x.Created), day(x.Expires), day(x.Used))
		}
		return err
	})
}

func day(t thing.Time) string {
	if t == 0 {
		return "-"
	}
	return t.Std().Local().Format(time.DateTime)
}

type tokenRevokeCmd struct {
	dataFlag
	Name string `arg:"" help:"The token's name."`
}

// Run revokes the token; a running hub notices within seconds.
func (c *tokenRevokeCmd) Run() error {
	return tokens(c.Data, func(t *gate.Tokens) error { return t.Revoke(c.Name) })
}
