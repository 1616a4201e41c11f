package sgopentracking

// #include "library.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// turns bounds the calls at once: each holds a thread, which Go never gives back to the system. Calls
// for many have turns apart from the others', lest a loop over one wait in vain for a call that it makes.
type turns struct{ single, many chan struct{} }

func newTurns(limit int) *turns {
	return &turns{single: make(chan struct{}, limit), many: make(chan struct{}, limit)}
}

// sharedTurns are those of all clients without WithMaxThreads.
var sharedTurns = newTurns(64)

// take waits for a turn, for no longer than the timeout, the context and the client last.
func (h *handle) take(ctx context.Context, turns chan struct{}, timeout time.Duration) (waited time.Duration, err error) {
	if cause := expired(ctx); cause != nil {
		return 0, endedBy(cause, &Error{})
	}
	if h.life.Err() != nil {
		return 0, cancelled(0)
	}
	select {
	case turns <- struct{}{}:
		return 0, nil
	default:
	}
	started := time.Now()
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case turns <- struct{}{}:
		return time.Since(started), nil
	case <-ctx.Done():
		return 0, endedBy(ctx.Err(), &Error{Elapsed: time.Since(started)})
	case <-h.life.Done():
		return 0, cancelled(time.Since(started))
	case <-late.C:
		return 0, tooLate(cap(turns), time.Since(started))
	}
}

func leave(turns chan struct{}) { <-turns }

// oneCall is a native client that is derived for one call alone.
type oneCall struct {
	mutex  sync.Mutex
	native *C.sg_client // nil once it is freed
	forgo  [2]func()
}

// derive makes a client for one call, which the context, Cancel and Close cut off; let it go afterwards.
func (h *handle) derive(ctx context.Context, origin *C.sg_client, ms C.uint32_t) (*oneCall, error) {
	one := new(oneCall)
	if err := check(C.sg_client_derive(origin, ms, &one.native), "timeout was refused"); err != nil {
		return nil, err
	}
	one.forgo = [2]func(){afterEnd(ctx, one.cancel), afterEnd(h.life, one.cancel)}
	return one, nil
}

func (one *oneCall) cancel() {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	C.sg_client_cancel(one.native)
}

func (one *oneCall) letGo() {
	for _, forgo := range one.forgo {
		forgo()
	}
	one.mutex.Lock()
	defer one.mutex.Unlock()
	C.sg_client_free(one.native)
	one.native = nil
}

type function func(client *C.sg_client, name *C.char, raw *C.sg_result)

func (h *handle) call(ctx context.Context, options []CallOption, run function) (Result, error) {
	client, err := h.borrow()
	if err != nil {
		return Result{}, err
	}
	defer h.giveBack()
	waited, err := h.take(ctx, h.turns.single, h.timeout)
	if err != nil {
		return Result{}, err
	}
	defer leave(h.turns.single)
	name, free, err := nameOf(options)
	if err != nil {
		return Result{}, err
	}
	defer free()
	var raw C.sg_result
	if ctx.Done() == nil && waited == 0 && h.logger == nil {
		run(client, name, &raw)
	} else {
		left := h.timeout - waited
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < left {
			left = time.Until(deadline)
		}
		ms, err := milliseconds("timeout", left)
		if err != nil { // it passed just now
			return Result{}, becauseOf(ctx, tooLate(cap(h.turns.single), waited))
		}
		one, err := h.derive(ctx, client, ms)
		if err != nil {
			return Result{}, err
		}
		defer one.letGo()
		if h.logger == nil {
			run(one.native, name, &raw)
		} else {
			h.beside(ctx, one, func(func(func())) { run(one.native, name, &raw) })
		}
	}
	result, err := resultOf(&raw, waited)
	return result, becauseOf(ctx, err)
}

func cancelled(elapsed time.Duration) *Error {
	return &Error{Code: ErrCancelled, Message: "the client was cancelled before the call began", Elapsed: elapsed}
}

func tooLate(limit int, elapsed time.Duration) *Error {
	message := fmt.Sprintf("the timeout passed before one of %d threads was free for the call: allow more by WithMaxThreads", limit)
	return &Error{Code: ErrTimeout, Message: message, Elapsed: elapsed}
}

// expired is why a context is over. That its deadline has passed, a context may learn late.
func expired(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// becauseOf names the context as the cause if it has cut the call off.
func becauseOf(ctx context.Context, err error) error {
	if cause := expired(ctx); cause != nil && (errors.Is(err, ErrCancelled) || errors.Is(err, ErrTimeout)) {
		return endedBy(cause, err.(*Error))
	}
	return err
}

// endedBy says that a context ended a call, and keeps what else is known of it.
func endedBy(cause error, failure *Error) *Error {
	failure.Code = ErrCancelled
	if errors.Is(cause, context.DeadlineExceeded) {
		failure.Code = ErrTimeout
	}
	failure.cause = cause
	failure.Message = "the call was cut off: " + cause.Error()
	return failure
}

func resultOf(raw *C.sg_result, waited time.Duration) (Result, error) {
	result := Result{
		Enabled:    bool(raw.enabled),
		HTTPStatus: int(raw.http_status),
		Attempts:   int(raw.attempts),
		Elapsed:    waited + time.Duration(raw.elapsed_us)*time.Microsecond,
	}
	if raw.retry_after_ms > 0 {
		result.RetryAfter = time.Duration(raw.retry_after_ms) * time.Millisecond
	}
	if Code(raw.code) == OK {
		return result, nil
	}
	failure := &Error{
		Code:       Code(raw.code),
		HTTPStatus: result.HTTPStatus,
		Attempts:   result.Attempts,
		RetryAfter: result.RetryAfter,
		Elapsed:    result.Elapsed,
		Message:    C.GoString(&raw.message[0]),
	}
	if failure.Code == ErrNotApplied {
		failure.Enabled = &result.Enabled
	}
	return Result{}, failure
}
