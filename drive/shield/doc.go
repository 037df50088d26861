// Package shield judges what is about to be driven, apart from who planned it, and keeps a way to a safe stop.
package shield
