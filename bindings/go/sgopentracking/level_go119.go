//go:build cgo && !go1.21

package sgopentracking

// levelOf is that of all: there is no log/slog yet, whose loggers could be asked.
func levelOf(Logger) int { return 4 }
