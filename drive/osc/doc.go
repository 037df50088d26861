// Package osc plays ASAM OpenSCENARIO files: a world whose actors follow a script.
package osc
