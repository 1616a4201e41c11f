package sgopentracking

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sort"
	"testing"
	"time"
)

// all reads a call for many to its end.
func all(items Items) (done []Item, ended error) {
	items(func(item Item, err error) bool {
		if ended = err; err == nil {
			done = append(done, item)
		}
		return true
	})
	sort.Slice(done, func(i, j int) bool { return done[i].Index < done[j].Index })
	return done, ended
}

// endless gives the same name for ever, and counts how often.
func endless(given *int) Names {
	return NamesFrom(func(yield func(string) bool) {
		for *given = 1; yield("subuser-00001"); *given++ {
		}
	})
}

func TestManyNames(t *testing.T) {
	client := open(t)
	if done, err := all(client.GetMany(ctx, NamesOf())); err != nil || done != nil {
		t.Error(done, err)
	}
	done, err := all(client.GetMany(ctx, NamesOf("a\x00b", "", "subuser-00001")))
	if !errors.Is(err, ErrPartial) || len(done) != 3 {
		t.Fatal(done, err)
	}
	if !errors.Is(done[0].Err, ErrArgument) || !errors.Is(done[1].Err, ErrArgument) || done[2].Err != nil {
		t.Error(done)
	}
	client.Close()
	if _, err := all(client.GetMany(ctx, NamesOf())); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// 2,500 names are three lots: each is done once, under its own number.
func TestMoreNamesThanALot(t *testing.T) {
	names := make([]string, 2*lotSize+500)
	for index := range names {
		names[index] = fmt.Sprintf("subuser-%05d", index%25+1)
	}
	names[lotSize+7] = "nobody"
	done, err := all(open(t, WithMaxConnections(64)).GetMany(ctx, NamesOf(names...)))
	if !errors.Is(err, ErrPartial) || len(done) != len(names) {
		t.Fatal(len(done), err)
	}
	for index, item := range done {
		if item.Index != index || item.Name != names[index] || (item.Err != nil) != (index == lotSize+7) {
			t.Fatalf("%d: %+v", index, item)
		}
	}
}

func TestNamesWithoutEnd(t *testing.T) {
	given, told := 0, 0
	open(t).GetMany(ctx, endless(&given))(func(item Item, err error) bool {
		told++
		return err == nil && told < 3
	})
	if told != 3 || given > lotSize {
		t.Errorf("%d items, of %d names", told, given)
	}
}

func TestNamesThatFail(t *testing.T) {
	noMore := errors.New("no more")
	names := func(yield func(string, error) bool) {
		_ = yield("subuser-00001", nil) && yield("subuser-00002", nil) && yield("", noMore)
	}
	done, err := all(open(t).GetMany(ctx, names))
	if err != noMore || len(done) != 2 || done[0].Err != nil || done[1].Err != nil {
		t.Error(done, err)
	}
	failing, err := NewClient("SG.wrong", WithMaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer failing.Close()
	if done, err := all(open(t).GetMany(ctx, failing.Subusers(ctx))); !errors.Is(err, ErrUnauthorized) || done != nil {
		t.Error(done, err)
	}
}

// The list is read while its names are done, with one thread for each.
func TestSubusersAreNamesOfACall(t *testing.T) {
	client := open(t, WithMaxThreads(1), WithTimeout(20*time.Second))
	done, err := all(client.UpdateMany(ctx, true, client.Subusers(ctx)))
	if err != nil || len(done) != 25 {
		t.Error(done, err)
	}
}

func TestCallsInALoopOverMany(t *testing.T) {
	client := open(t, WithMaxThreads(1), WithTimeout(20*time.Second))
	client.GetMany(ctx, NamesOf("subuser-00001", "subuser-00002"))(func(item Item, err error) bool {
		if _, err := client.Get(ctx, OnBehalfOf(item.Name)); err != nil {
			t.Error(err)
		}
		if _, err := all(client.GetMany(ctx, NamesOf(item.Name))); err != nil {
			t.Error(err)
		}
		return true
	})
}

// The silent one has the only thread.
func TestCallsForManyAreBounded(t *testing.T) {
	client := open(t, WithMaxThreads(1), WithTimeout(30*time.Second))
	silent, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		all(client.GetMany(silent, NamesOf("fault-silent")))
	}()
	await(t, func() bool { return len(client.handle.turns.many) == 1 })
	short, end := context.WithTimeout(ctx, time.Second)
	defer end()
	if done, err := all(client.GetMany(short, NamesOf("subuser-00001"))); !errors.Is(err, context.DeadlineExceeded) || done != nil {
		t.Error(done, err)
	}
	cancel()
	if _, err := all(client.GetMany(ctx, NamesOf("subuser-00001"))); err != nil {
		t.Error(err)
	}
	<-over
}

func TestContextsCutOffCallsForMany(t *testing.T) {
	client := open(t)
	hasty, end := context.WithTimeout(ctx, 100*time.Millisecond)
	defer end()
	done, err := all(client.UpdateMany(hasty, true, NamesOf("fault-silent")))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	for _, item := range done {
		if !errors.Is(item.Err, context.DeadlineExceeded) {
			t.Error(item.Err)
		}
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := all(client.GetMany(ended, NamesOf("subuser-00001"))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	client.Subusers(ended)(func(_ string, err error) bool {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return true
	})
}

// A loop that is left does not wait for the silent server.
func TestLeavingALoopCutsOffTheRest(t *testing.T) {
	started := time.Now()
	open(t).GetMany(ctx, NamesOf("fault-silent", "subuser-00001"))(func(Item, error) bool { return false })
	if took := time.Since(started); took > 10*time.Second {
		t.Error(took)
	}
}

func TestSubusersOfAKeyThatMayNotListThem(t *testing.T) {
	var failures []error
	openWith(t, "SANDBOX_READ_KEY").Subusers(ctx)(func(_ string, err error) bool { failures = append(failures, err); return true })
	var failure *Error
	if len(failures) != 1 || !errors.As(failures[0], &failure) || failure.HTTPStatus != 403 {
		t.Error(failures)
	}
}

func TestPanicInALoopReachesTheCaller(t *testing.T) {
	client := open(t)
	defer func() {
		if caught := recover(); caught != "enough" {
			t.Error(caught)
		}
		if _, err := client.Get(ctx); err != nil {
			t.Error(err)
		}
	}()
	client.GetMany(ctx, NamesOf("subuser-00001", "fault-silent"))(func(Item, error) bool { panic("enough") })
}

// As by t.FailNow in a test's loop.
func TestGoroutineThatEndsInALoop(t *testing.T) {
	client := open(t)
	for turn := 0; turn < 20; turn++ {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			client.GetMany(ctx, NamesOf("subuser-00001", "fault-silent"))(func(Item, error) bool { runtime.Goexit(); return true })
		}()
		<-ended
	}
	if _, err := client.Get(ctx); err != nil {
		t.Error(err)
	}
}
