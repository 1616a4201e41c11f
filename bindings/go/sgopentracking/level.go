//go:build cgo && go1.21

package sgopentracking

import (
	"context"
	"log/slog"
)

// levelOf is the least urgent level that a logger has enabled, as sg_log: 1 for errors, to 4 for all; 0
// for none. One that does not say has all.
func levelOf(logger Logger) int {
	asked, ok := logger.(interface {
		Enabled(context.Context, slog.Level) bool
	})
	if !ok {
		return 4
	}
	for fewer, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if asked.Enabled(context.Background(), level) {
			return 4 - fewer
		}
	}
	return 0
}
