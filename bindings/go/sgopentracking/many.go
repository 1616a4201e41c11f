package sgopentracking

// #include <stdlib.h>
// #include "library.h"
// bool sgGoOnResult(void *context, size_t index, sg_result *result);
// bool sgGoOnSubuser(void *context, char *username);
import "C"

import (
	"context"
	"errors"
	"math"
	"runtime/cgo"
	"strings"
	"unsafe"
)

// Names is an iter.Seq2[string, error]: names, of which there may be no end, and an error that ends
// them early. Subusers gives such names; NamesOf and NamesFrom make them of others.
type Names = func(yield func(name string, err error) bool)

// Items is an iter.Seq2[Item, error]: what became of each name, and last the error of the whole call,
// if there is one.
type Items = func(yield func(item Item, err error) bool)

// Item is what became of one of many accounts.
type Item struct {
	Index  int // the number of the name among those that were given, from 0
	Name   string
	Result Result // if Err is nil
	Err    error  // why it failed
}

// NamesOf are the names of a slice.
func NamesOf(names ...string) Names {
	return func(yield func(string, error) bool) {
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// NamesFrom are the names of an iter.Seq[string], such as maps.Keys gives.
func NamesFrom(names func(yield func(name string) bool)) Names {
	return func(yield func(string, error) bool) {
		names(func(name string) bool { return yield(name, nil) })
	}
}

// UpdateMany switches open tracking on or off for many accounts, up to WithMaxConnections at once and
// as fast as the rate limit allows.
//
//	for item, err := range client.UpdateMany(ctx, false, client.Subusers(ctx)) {
//
// The items come as they end. One that fails does not stop the others: its Err says why, and the error
// of the call is then ErrPartial. Any other error ended the call early: the error of the names, the
// context's end, or ErrUnauthorized if the first three were all answered so.
//
// The client's timeout is each name's own. Up to 1,000 names are read, and may be done, before the loop
// comes to the first. Leaving the loop cuts off the rest.
func (c *Client) UpdateMany(ctx context.Context, enabled bool, names Names) Items {
	return c.many(ctx, names, func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code {
		return C.sg_client_update_many(client, C.bool(enabled), texts, count, C.sg_on_result(C.sgGoOnResult), state, nil)
	})
}

// GetMany reads whether open tracking is on for many accounts, as UpdateMany.
func (c *Client) GetMany(ctx context.Context, names Names) Items {
	return c.many(ctx, names, func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code {
		return C.sg_client_get_many(client, texts, count, C.sg_on_result(C.sgGoOnResult), state, nil)
	})
}

// Subusers lists the usernames of the account's subusers, each once; an error is the last that it
// yields, and the list is then not complete. The key needs the scope subusers.read.
func (c *Client) Subusers(ctx context.Context) Names {
	return func(yield func(string, error) bool) {
		left, err := stream(ctx, c.own(), func(name string) bool { return yield(name, nil) },
			func(client *C.sg_client, report func(string)) error {
				handle := cgo.NewHandle(report)
				defer handle.Delete()
				var raw C.sg_result
				C.sg_client_list_subusers(client, C.sg_on_subuser(C.sgGoOnSubuser), unsafe.Pointer(&handle), &raw)
				_, err := resultOf(&raw, 0)
				return err
			})
		if err != nil && !left {
			yield("", err)
		}
	}
}

// lotSize is enough for the ends of lots, where connections wait for the last, to weigh nothing.
const lotSize = 1_000

type manyFunction func(client *C.sg_client, texts **C.char, count C.size_t, state unsafe.Pointer) C.sg_code

// many reads the names in lots, so that a sequence without end is never held whole.
func (c *Client) many(ctx context.Context, names Names, run manyFunction) Items {
	return func(yield func(Item, error) bool) {
		f := fleet{ctx: ctx, handle: c.own(), run: run, yield: yield}
		var lot []string
		var failed error
		names(func(name string, err error) bool {
			if failed = err; err != nil {
				return false
			}
			if lot = append(lot, name); len(lot) < lotSize {
				return true
			}
			full := lot
			lot = nil
			return f.do(full)
		})
		if !f.over && (len(lot) > 0 || f.done == 0) { // of none, a closed client is an error too
			f.do(lot)
		}
		if !f.over && failed != nil {
			f.err = failed
		}
		if !f.left && f.err != nil {
			yield(Item{}, f.err)
		}
	}
}

// fleet is a call for many, made lot by lot.
type fleet struct {
	ctx    context.Context
	handle *handle
	run    manyFunction
	yield  func(Item, error) bool
	done   int   // names of the lots before
	err    error // ErrPartial, or what ended it early
	over   bool  // it ended early
	left   bool  // since the loop was left
}

// do makes the call for a lot, and tells whether to go on.
func (f *fleet) do(names []string) bool {
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
	left, err := stream(f.ctx, f.handle, func(item Item) bool { return f.yield(item, nil) },
		func(client *C.sg_client, report func(Item)) error {
			handle := cgo.NewHandle(func(index int, raw *C.sg_result) {
				result, err := resultOf(raw, 0)
				report(Item{Index: f.done + index, Name: names[index], Result: result, Err: becauseOf(f.ctx, err)})
			})
			defer handle.Delete()
			return check(f.run(client, texts, C.size_t(len(names)), unsafe.Pointer(&handle)), "names was refused")
		})
	f.done += len(names)
	f.left = left
	f.over = left || err != nil && !errors.Is(err, ErrPartial)
	if err != nil {
		f.err = err
	}
	return !f.over
}

// stream makes a call for many beside the caller, and yields what it reports. It is cut off if the loop
// is left.
func stream[T any](
	ctx context.Context, h *handle, yield func(T) bool, run func(client *C.sg_client, report func(T)) error,
) (left bool, err error) {
	origin, err := h.borrow()
	if err != nil {
		return false, err
	}
	defer h.giveBack()
	if _, err := h.take(ctx, h.turns.many, math.MaxInt64); err != nil {
		return false, err
	}
	one, err := h.derive(ctx, origin, 0)
	if err != nil {
		leave(h.turns.many)
		return false, err
	}
	defer one.letGo()
	h.beside(ctx, one, func(report func(func())) {
		defer leave(h.turns.many)
		err = run(one.native, func(item T) {
			report(func() {
				if !left && !yield(item) {
					left = true
					one.cancel()
				}
			})
		})
	})
	return left, becauseOf(ctx, err)
}

//export sgGoOnResult
func sgGoOnResult(context unsafe.Pointer, index C.size_t, raw *C.sg_result) C.bool {
	(*cgo.Handle)(context).Value().(func(int, *C.sg_result))(int(index), raw)
	return true
}

//export sgGoOnSubuser
func sgGoOnSubuser(context unsafe.Pointer, name *C.char) C.bool {
	(*cgo.Handle)(context).Value().(func(string))(C.GoString(name))
	return true
}
