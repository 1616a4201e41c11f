package sgopentracking

// #include "library.h"
// void sgGoListen(uintptr_t handle);
import "C"

import (
	"context"
	"encoding/json"
	"regexp"
	"runtime"
	"runtime/cgo"
	"strconv"
)

// Logger is what WithLogger takes; a *slog.Logger is one. The message is the event's name, such as
// "reply", and the arguments are its fields: "status", 200 and so on. They are called in the goroutine,
// and with the context, of the call.
type Logger interface {
	DebugContext(ctx context.Context, msg string, args ...any)
	InfoContext(ctx context.Context, msg string, args ...any)
	WarnContext(ctx context.Context, msg string, args ...any)
	ErrorContext(ctx context.Context, msg string, args ...any)
}

// log is that of one call.
type log struct {
	ctx      context.Context
	logger   Logger
	panicked any // what the logger first panicked with
}

// listen has the lines of the native call that this goroutine is about to make reported.
func (l *log) listen(report func(do func())) (end func()) {
	if l.logger == nil {
		return func() {}
	}
	runtime.LockOSThread() // the library knows calls by their thread
	handle := cgo.NewHandle(func(level C.int32_t, line string) {
		report(func() { l.write(level, line) })
	})
	C.sgGoListen(C.uintptr_t(handle))
	return func() {
		C.sgGoListen(0)
		handle.Delete()
		runtime.UnlockOSThread()
	}
}

func (l *log) write(level C.int32_t, line string) {
	defer func() {
		if caught := recover(); l.panicked == nil {
			l.panicked = caught
		}
	}()
	event, args := fields(line)
	switch level {
	case C.SG_LOG_ERROR:
		l.logger.ErrorContext(l.ctx, event, args...)
	case C.SG_LOG_WARN:
		l.logger.WarnContext(l.ctx, event, args...)
	case C.SG_LOG_INFO:
		l.logger.InfoContext(l.ctx, event, args...)
	default:
		l.logger.DebugContext(l.ctx, event, args...)
	}
}

// handOn panics with what the logger panicked with, now that the call is over.
func (l *log) handOn() {
	if l.panicked != nil {
		panic(l.panicked)
	}
}

var field = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|\S*)`)

// fields reads a line of logfmt: its event, and names and values of the rest but the level.
func fields(line string) (event string, args []any) {
	for _, found := range field.FindAllStringSubmatch(line, -1) {
		switch name, text := found[1], found[2]; name {
		case "event":
			event = text
		case "level":
		default:
			args = append(args, name, valueOf(name, text))
		}
	}
	return event, args
}

func valueOf(name, text string) any {
	if len(text) > 0 && text[0] == '"' {
		var unquoted string
		if json.Unmarshal([]byte(text), &unquoted) == nil {
			return unquoted
		}
	}
	if name == "on_behalf_of" || name == "why" { // which may look like a number
		return text
	}
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

//export sgGoLine
func sgGoLine(handle C.uintptr_t, level C.int32_t, line *C.char) {
	cgo.Handle(handle).Value().(func(C.int32_t, string))(level, C.GoString(line))
}
