// Package town is a small town of our own, and a traffic simulator of modest claims that fills it.
package town
