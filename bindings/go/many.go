package opentracking

// #include <stdlib.h>
// #include <sg_open_tracking.h>
// bool sgGoOnResult(void *context, size_t index, sg_result *result);
// bool sgGoOnSubuser(void *context, char *username);
import "C"

import (
	"context"
	"runtime/cgo"
	"strings"
	"unsafe"
)

// UpdateMany switches open tracking on or off for many accounts, up to WithMaxConnections at once and
// as fast as the rate limit allows.
//
// It calls each, if that is not nil, with what became of each name as it ends, from the goroutine that
// called UpdateMany; each returns false to stop. The client's timeout is each name's own. One that
// fails does not stop the others. The error is then ErrPartial; it is ErrUnauthorized if the first
// three were all answered so, and nil if each said stop.
func (c *Client) UpdateMany(ctx context.Context, enabled bool, names []string, each func(index int, result Result, err error) bool) error {
	return c.many(ctx, names, each, func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code {
		return C.sg_client_update_many(client, C.bool(enabled), texts, count, C.sg_on_result(C.sgGoOnResult), state, nil)
	})
}

// GetMany reads whether open tracking is on for many accounts, as UpdateMany.
func (c *Client) GetMany(ctx context.Context, names []string, each func(index int, result Result, err error) bool) error {
	return c.many(ctx, names, each, func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code {
		return C.sg_client_get_many(client, texts, count, C.sg_on_result(C.sgGoOnResult), state, nil)
	})
}

// Subusers lists the usernames of the account's subusers, each once; an error is the last that it
// yields. It is an iter.Seq2[string, error], for Go 1.23 and newer to range over:
//
//	for name, err := range client.Subusers(ctx) {
//
// The key needs the scope subusers.read.
func (c *Client) Subusers(ctx context.Context) func(yield func(name string, err error) bool) {
	return func(yield func(string, error) bool) {
		var raw C.sg_result
		stopped, err := c.stream(ctx, func(name string) bool { return yield(name, nil) },
			func(client *C.sg_client, state unsafe.Pointer) error {
				C.sg_client_list_subusers(client, C.sg_on_subuser(C.sgGoOnSubuser), state, &raw)
				_, err := resultOf(&raw)
				return err
			})
		if err != nil && !stopped {
			yield("", err)
		}
	}
}

type manyFunction func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code

func (c *Client) many(ctx context.Context, names []string, each func(int, Result, error) bool, run manyFunction) error {
	if each == nil {
		each = func(int, Result, error) bool { return true }
	}
	texts := (**C.char)(C.calloc(C.size_t(len(names)+1), C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	cells := unsafe.Slice(texts, len(names))
	defer func() {
		for _, text := range cells {
			C.free(unsafe.Pointer(text))
		}
		C.free(unsafe.Pointer(texts))
	}()
	for index, name := range names {
		if !strings.ContainsRune(name, 0) { // else NULL, which is that name's own ErrArgument
			cells[index] = C.CString(name)
		}
	}
	stopped, err := c.stream(ctx, each, func(client *C.sg_client, state unsafe.Pointer) error {
		return check(run(client, texts, C.size_t(len(names)), state), "names was refused")
	})
	if stopped {
		return nil
	}
	return err
}

// stream is what a callback needs while its call lasts.
type stream struct {
	each    any // what the caller gave
	stopped bool
	panic   any // what each panicked with: it must not unwind through the library
}

// stream makes a call that reports by a callback to each.
func (c *Client) stream(ctx context.Context, each any, run func(*C.sg_client, unsafe.Pointer) error) (stopped bool, err error) {
	one := c
	if ctx.Done() != nil {
		derived, letGo, err := c.forOneCall(ctx, 0)
		if err != nil {
			return false, err
		}
		defer letGo()
		one = derived
	}
	native, err := one.borrow()
	if err != nil {
		return false, err
	}
	defer one.giveBack()
	state := stream{each: each}
	handle := cgo.NewHandle(&state)
	defer handle.Delete()
	err = run(native, unsafe.Pointer(&handle))
	if state.panic != nil {
		panic(state.panic)
	}
	return state.stopped, becauseOf(ctx, err)
}

func (s *stream) tell(tell func() bool) (goOn bool) {
	defer func() {
		if s.panic = recover(); s.panic != nil || !goOn {
			s.stopped, goOn = true, false
		}
	}()
	return tell()
}

func streamAt(context unsafe.Pointer) *stream { return (*(*cgo.Handle)(context)).Value().(*stream) }

//export sgGoOnResult
func sgGoOnResult(context unsafe.Pointer, index C.size_t, raw *C.sg_result) C.bool {
	state := streamAt(context)
	return C.bool(state.tell(func() bool {
		result, err := resultOf(raw)
		return state.each.(func(int, Result, error) bool)(int(index), result, err)
	}))
}

//export sgGoOnSubuser
func sgGoOnSubuser(context unsafe.Pointer, name *C.char) C.bool {
	state := streamAt(context)
	return C.bool(state.tell(func() bool { return state.each.(func(string) bool)(C.GoString(name)) }))
}
