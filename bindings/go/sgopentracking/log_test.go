package sgopentracking

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

type whose struct{} // of a context

// recorder remembers what it is told, and by whose context.
type recorder struct {
	mutex sync.Mutex
	lines []string
	fail  func() // at each line
}

func (r *recorder) add(ctx context.Context, level, msg string, args []any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lines = append(r.lines, fmt.Sprintln(append([]any{level, msg, ctx.Value(whose{})}, args...)...))
	if r.fail != nil {
		r.fail()
	}
}

func (r *recorder) DebugContext(ctx context.Context, msg string, args ...any) {
	r.add(ctx, "debug", msg, args)
}
func (r *recorder) InfoContext(ctx context.Context, msg string, args ...any) {
	r.add(ctx, "info", msg, args)
}
func (r *recorder) WarnContext(ctx context.Context, msg string, args ...any) {
	r.add(ctx, "warn", msg, args)
}
func (r *recorder) ErrorContext(ctx context.Context, msg string, args ...any) {
	r.add(ctx, "error", msg, args)
}

// told is all that it was told since the last time.
func (r *recorder) told() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	told := strings.Join(r.lines, "")
	r.lines = nil
	return told
}

func TestLogTellsEventsAndFields(t *testing.T) {
	log := new(recorder)
	client := open(t, WithLogger(log))
	mine := context.WithValue(ctx, whose{}, "mine")
	if _, err := client.Get(mine, OnBehalfOf("subuser-00001")); err != nil {
		t.Fatal(err)
	}
	told := log.told()
	for _, want := range []string{"debug sent mine call ", "debug reply mine call ", " status 200 ", "info end mine ", " enabled true"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in\n%s", want, told)
		}
	}
	if _, err := client.Get(mine, OnBehalfOf("nobody")); err == nil || !strings.Contains(log.told(), "error end mine") {
		t.Error("the failed call's end is no error")
	}
}

func TestLogOfDerivedClientsAndOneShotCalls(t *testing.T) {
	log := new(recorder)
	derived, err := open(t, WithLogger(log)).Derive(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer derived.Close()
	if _, err := derived.Update(ctx, true); err != nil || !strings.Contains(log.told(), "info end") {
		t.Error(err)
	}
	_, err = Get(ctx, os.Getenv("SANDBOX_KEY"), WithLogger(log))
	if err != nil || !strings.Contains(log.told(), "debug connected") {
		t.Error(err)
	}
	if _, err := open(t, WithLogger(log), WithLogger(nil)).Get(ctx); err != nil || log.told() != "" {
		t.Error("none was wanted", err)
	}
}

func TestLogOfManyComesInTheCallersGoroutine(t *testing.T) {
	log := new(recorder)
	client := open(t, WithLogger(log))
	mine := context.WithValue(ctx, whose{}, "mine")
	lines := 0
	log.fail = func() {
		if strings.Contains(string(debug.Stack()), "TestLogOfMany") {
			lines++
		}
	}
	names := NamesOf("subuser-00001", "subuser-00002", "nobody")
	if done, err := all(client.GetMany(mine, names)); !errors.Is(err, ErrPartial) || len(done) != 3 {
		t.Error(done, err)
	}
	if told := log.told(); strings.Count(told, " end mine ") != 3 || strings.Count(told, "\n") != lines {
		t.Errorf("%d lines in this goroutine, of\n%s", lines, told)
	}
	client.Subusers(mine)(func(string, error) bool { return true })
	if told := log.told(); !strings.Contains(told, " reply mine ") {
		t.Error(told)
	}
}

func TestLoggerThatPanicsBreaksNoCall(t *testing.T) {
	log := new(recorder)
	client := open(t, WithLogger(log))
	log.fail = func() { panic("full disk") }
	func() {
		defer func() {
			if caught := recover(); caught != "full disk" {
				t.Error(caught)
			}
		}()
		client.Update(ctx, false, OnBehalfOf("subuser-00003"))
	}()
	if told := log.told(); !strings.Contains(told, "info end") {
		t.Errorf("the call did not go on:\n%s", told)
	}
	log.fail = runtime.Goexit
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		client.Get(ctx)
	}()
	<-ended
	log.fail = nil
	if result, err := client.Get(ctx, OnBehalfOf("subuser-00003")); err != nil || result.Enabled {
		t.Error(result, err)
	}
}

func TestLogWithoutTheKey(t *testing.T) {
	log := new(recorder)
	client := open(t, WithLogger(log))
	client.Get(ctx, OnBehalfOf("fault-echo-key"))
	all(client.UpdateMany(ctx, true, NamesOf("fault-echo-key", "fault-redirect")))
	if told := log.told(); told == "" || strings.Contains(told, os.Getenv("SANDBOX_KEY")) {
		t.Error(told)
	}
}

func TestFieldsOfALine(t *testing.T) {
	line := `event=end level=error call=7 on_behalf_of=1234 why="say \"no\", größer" ms=-1 path=/v3 reused=true empty=""`
	event, args := fields(line)
	want := []any{
		"call", int64(7), "on_behalf_of", "1234", "why", `say "no", größer`, "ms", int64(-1), "path", "/v3", "reused", true, "empty", "",
	}
	if event != "end" || !reflect.DeepEqual(args, want) {
		t.Error(event, args)
	}
}
