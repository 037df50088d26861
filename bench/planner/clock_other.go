//go:build !linux

package main

import "time"

var begun = time.Now()

// threadTime gives the time on the wall where the kernel isn't asked for the thread's own.
func threadTime() time.Duration { return time.Since(begun) }
