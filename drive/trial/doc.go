// Package trial holds our own scenarios: each a small script, who is in it, and what must not happen.
package trial
