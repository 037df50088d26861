// Package replay replays recorded traffic: a world whose actors do again what they once did.
package replay
