// Package plan proposes ways to go, simulates each as the vehicle would drive it, and scores them.
package plan
