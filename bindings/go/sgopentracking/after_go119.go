//go:build !go1.21

package sgopentracking

import "context"

// afterEnd calls do when the context ends, unless forgo is called before.
func afterEnd(ctx context.Context, do func()) (forgo func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			do()
		case <-over:
		}
	}()
	return func() { close(over) }
}
