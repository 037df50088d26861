// Package predict says where the others may go: one to three ways along the lanes for each, and how likely.
package predict
