package condition

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// problems says CEL's issues in plain words.
func problems(issues *cel.Issues, env Env) Problems {
	var list Problems
	for _, e := range issues.Errors() {
		list = append(list, Problem{max(e.Location.Line(), 1), max(e.Location.Column(), 0) + 1, plain(e.Message, env)})
	}
	return list
}

var (
	overload   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	expected   = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	misplaced  = regexp.MustCompile(`(?s)^(?:mismatched|extraneous|no viable alternative at) input '(.*?)'(?: expecting '([^']*)'| expecting .*)?$`)
	lost       = regexp.MustCompile(`^missing '([^']*)' at `)
	foreign    = regexp.MustCompile(`(?s)^token recognition error at: '(.*)'$`)
	typeWords  = regexp.MustCompile(`[a-z_.]+`)
	operator   = regexp.MustCompile(`^_?(\W+|in)_?$`)
)

// plain turns one of CEL's messages into words a person who wrote a rule can act on; others pass unchanged.
func plain(message string, env Env) string {
	message = strings.TrimPrefix(message, "Syntax error: ")
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return noPoint(m[1], env)
	}
	if m := overload.FindStringSubmatch(message); m != nil {
		return mismatch(m[1], m[2])
	}
	if m := expected.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s is wanted here; this is %s", typeName(m[1]), typeName(m[2]))
	}
	if m := misplaced.FindStringSubmatch(message); m != nil {
		return outOfPlace(m[1], m[2])
	}
	if m := lost.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("a %s is missing here", m[1])
	}
	if m := foreign.FindStringSubmatch(message); m != nil {
		if m[1] = strings.TrimSpace(m[1]); m[1] == "=" {
			return "= alone means nothing; write == to compare"
		}
		return m[1] + " is no word or sign of an expression; a text stands in quotes"
	}
	switch {
	case strings.Contains(message, "cost limit exceeded"):
		return "the expression takes too long to work out"
	case strings.Contains(message, "divide by zero"), strings.Contains(message, "division by zero"):
		return "division by zero"
	case strings.HasPrefix(message, "no such key"):
		return "the value has no part named so: " + strings.TrimPrefix(message, "no such key: ")
	case strings.HasPrefix(message, "no such overload"):
		return "these values do not go together: a text, a number, or a yes-or-no where another was needed"
	case strings.Contains(message, "recursion limit") || strings.Contains(message, "max recursion depth"):
		return fmt.Sprintf("the expression is nested too deeply; at most %d levels are allowed", maxDepth)
	}
	return message
}

// spoken are the words of other languages for what CEL writes in signs.
var spoken = map[string]string{"and": "&&", "AND": "&&", "or": "||", "OR": "||", "not": "!", "is": "=="}

// outOfPlace says that the parser met what it could not use; wanted is the one thing it could have used, "" when there are more.
func outOfPlace(met, wanted string) string {
	text := "the expression ends too early"
	if met != "<EOF>" {
		text = met + " does not belong here"
	}
	if sign := spoken[met]; sign != "" {
		text += "; write " + sign
	}
	if wanted != "" {
		text += "; a " + wanted + " is missing"
	}
	return text
}

func noPoint(name string, env Env) string {
	if len(env.Points) == 0 {
		return fmt.Sprintf("there is no point or function %q", name)
	}
	return fmt.Sprintf("there is no point or function %q; the points here are %s", name,
		strings.Join(slices.Sorted(maps.Keys(env.Points)), ", "))
}

func mismatch(fn, args string) string {
	args = strings.TrimSuffix(strings.TrimPrefix(args, "("), ")")
	named := typeWords.ReplaceAllStringFunc(args, typeName)
	op := operator.FindStringSubmatch(fn)
	if fn == modulo {
		op = []string{"", "%"}
	}
	if op == nil {
		return fmt.Sprintf("%s does not take %s", strings.ReplaceAll(fn, "@", ""), named)
	}
	named = strings.Replace(named, ", ", " and ", 1)
	switch op[1] {
	case "==", "!=", "<", "<=", ">", ">=":
		return fmt.Sprintf("%s cannot be compared by %s", named, op[1])
	}
	return fmt.Sprintf("%s does not work on %s", op[1], named)
}

// typeName is a CEL type as people say it.
func typeName(t string) string {
	switch t {
	case "bool":
		return "true or false"
	case "double":
		return "a number"
	case "int", "uint":
		return "a whole number"
	case "string":
		return "a text"
	case "dyn":
		return "any value"
	case "map", "map(string, dyn)":
		return "an object"
	case "list", "list(dyn)":
		return "a list"
	case "timestamp", "google.protobuf.Timestamp":
		return "a moment"
	case "duration", "google.protobuf.Duration":
		return "a length of time"
	case "null_type":
		return "null"
	}
	return t
}
