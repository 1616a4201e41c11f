package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

var ctx = context.Background()

// bounded is how long a call that was cut off may take; on its own it would take 30 s.
const bounded = 5 * time.Second

var silent = sgopentracking.OnBehalfOf("fault-silent")

var scenarios = []struct {
	name string
	run  func() error
}{
	{"cancel", cancel},
	{"close", closed},
	{"derive", derive},
	{"threads", threads},
	{"fleet", fleet},
	{"memory", memory},
	{"constants", constants},
	{"secret", secret},
}

func client(timeout time.Duration) *sgopentracking.Client {
	options := map[string]any{"timeout_ms": float64(timeout.Milliseconds())}
	opened, err := newClient(os.Getenv("SANDBOX_KEY"), sgopentracking.Global, options)
	if err != nil {
		panic(err)
	}
	return opened
}

func endsIn(code sgopentracking.Code, call func() error) error {
	started := time.Now()
	if err := call(); !errors.Is(err, code) {
		return fmt.Errorf("the call ended in %v, not in %s", err, code.Name())
	}
	if took := time.Since(started); took > bounded {
		return fmt.Errorf("the call took %v", took)
	}
	return nil
}

// inFlight has a call that no reply would end, which is ended by stop from another goroutine.
func inFlight(call func() error, stop func()) error {
	other := client(10 * time.Second)
	defer other.Close()
	stopped := make(chan error)
	go func() {
		_, err := other.Get(ctx, sgopentracking.OnBehalfOf("fault-delay-100"))
		stop()
		stopped <- err
	}()
	err := endsIn(sgopentracking.ErrCancelled, call)
	return firstOf(err, <-stopped)
}

func firstOf(failures ...error) error {
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func get(c *sgopentracking.Client, ctx context.Context, options ...sgopentracking.CallOption) func() error {
	return func() error {
		_, err := c.Get(ctx, options...)
		return err
	}
}

func cancel() error {
	origin := client(30 * time.Second)
	defer origin.Close()
	derived, err := origin.Derive(0)
	if err != nil {
		return err
	}
	defer derived.Close()
	err = firstOf(
		inFlight(get(derived, ctx, silent), derived.Cancel),
		endsIn(sgopentracking.ErrCancelled, get(derived, ctx)),
		get(origin, ctx)(),
	)

	ended, end := context.WithCancel(ctx)
	defer end()
	byContext := func() error {
		err := get(origin, ended, silent)()
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("not context.Canceled: %w", err)
		}
		return err
	}
	live, endLive := context.WithCancel(ctx)
	defer endLive()
	hasty, endHasty := context.WithTimeout(ctx, 150*time.Millisecond)
	defer endHasty()
	byDeadline := func() error {
		err := get(origin, hasty, silent)()
		if !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("not context.DeadlineExceeded: %w", err)
		}
		return err
	}
	return firstOf(
		err,
		inFlight(byContext, end),
		endsIn(sgopentracking.ErrCancelled, get(origin, ended)),
		endsIn(sgopentracking.ErrTimeout, byDeadline),
		endsIn(sgopentracking.ErrTimeout, get(origin, hasty)),
		get(origin, live)(),
		inFlight(get(origin, live, silent), origin.Cancel),
	)
}

func closed() error {
	opened := client(30 * time.Second)
	err := inFlight(get(opened, ctx, silent), func() { opened.Close() })
	opened.Close()
	opened.Cancel()
	calls := []func() error{
		get(opened, ctx),
		func() error { _, err := opened.Update(ctx, false); return err },
		func() error { _, err := opened.Derive(0); return err },
	}
	for _, call := range calls {
		err = firstOf(err, endsIn(sgopentracking.ErrArgument, call))
		if !errors.Is(call(), sgopentracking.ErrClosed) {
			err = firstOf(err, errors.New("not ErrClosed"))
		}
	}
	return err
}

func derive() error {
	origin := client(30 * time.Second)
	kept, err := origin.Derive(0)
	if err != nil {
		return err
	}
	defer kept.Close()
	hasty, err := origin.Derive(150 * time.Millisecond)
	if err != nil {
		return err
	}
	defer hasty.Close()
	err = endsIn(sgopentracking.ErrTimeout, get(hasty, ctx, silent))
	origin.Close()
	return firstOf(err, get(kept, ctx)())
}

func threads() error {
	opened := client(10 * time.Second)
	defer opened.Close()
	failures := make([]error, 8)
	var workers sync.WaitGroup
	for number := range failures {
		workers.Add(1)
		go func(number int) {
			defer workers.Done()
			name := sgopentracking.OnBehalfOf(fmt.Sprintf("subuser-0001%d", number))
			for turn := 0; turn < 25; turn++ {
				wanted := turn%2 == 0
				set, err := opened.Update(ctx, wanted, name)
				read, readErr := opened.Get(ctx, name)
				if err != nil || readErr != nil || set.Enabled != wanted || read.Enabled != wanted {
					failures[number] = fmt.Errorf("turn %d: %v %v %v %v", turn, set, err, read, readErr)
				}
			}
		}(number)
	}
	workers.Wait()
	return firstOf(failures...)
}

func fleet() error {
	opened := client(10 * time.Second)
	defer opened.Close()
	var subusers, listed []string
	for number := 1; number <= 25; number++ {
		subusers = append(subusers, fmt.Sprintf("subuser-%05d", number))
	}
	opened.Subusers(ctx)(func(name string, err error) bool {
		listed = append(listed, name)
		return err == nil
	})
	sort.Strings(listed)
	if !reflect.DeepEqual(listed, subusers) {
		return fmt.Errorf("the list is %q", listed)
	}

	reported := map[int]string{}
	var ended error
	opened.UpdateMany(ctx, false, sgopentracking.NamesOf(append(subusers, "nobody")...))(
		func(item sgopentracking.Item, err error) bool {
			if ended = err; err == nil {
				reported[item.Index] += fmt.Sprint(item.Name, item.Result.Enabled, errors.Is(item.Err, sgopentracking.ErrNotFound))
			}
			return true
		})
	if !errors.Is(ended, sgopentracking.ErrPartial) || len(reported) != 26 || reported[25] != "nobodyfalse true" {
		return fmt.Errorf("%v: %v", ended, reported)
	}
	read := 0
	opened.GetMany(ctx, sgopentracking.NamesOf(subusers...))(func(item sgopentracking.Item, err error) bool {
		if err == nil && item.Err == nil && !item.Result.Enabled && reported[item.Index] == item.Name+"false false" {
			read++
		}
		return true
	})
	if read != len(subusers) {
		return fmt.Errorf("%d were read", read)
	}

	told := 0
	opened.GetMany(ctx, sgopentracking.NamesOf(make([]string, 1_000)...))(func(sgopentracking.Item, error) bool { told++; return false })
	opened.Subusers(ctx)(func(string, error) bool { told++; return false })
	if told != 2 {
		return fmt.Errorf("told %d times", told)
	}

	wrong, err := newClient("SG.wrong", sgopentracking.Global, nil)
	if err != nil {
		return err
	}
	defer wrong.Close()
	off := func(client *sgopentracking.Client, names ...string) func() error {
		return func() (ended error) {
			client.UpdateMany(ctx, false, sgopentracking.NamesOf(names...))(func(_ sgopentracking.Item, err error) bool {
				ended = err
				return true
			})
			return ended
		}
	}
	return firstOf(
		endsIn(sgopentracking.ErrUnauthorized, off(wrong, subusers[:10]...)),
		inFlight(off(opened, "fault-silent"), opened.Cancel),
	)
}

// sequence gives GetMany names of a kind, each of which is to be done once.
func sequence(kind string) error {
	names := []string{"subuser-00001", "subuser-00002", "subuser-00001"}
	noMore := errors.New("no more")
	given := sgopentracking.NamesOf(names...)
	wanted := append([]string(nil), names...)
	switch kind {
	case "repeated":
	case "set":
		wanted = wanted[:2]
		given = sgopentracking.NamesFrom(func(yield func(string) bool) {
			for name := range map[string]bool{names[0]: true, names[1]: true} {
				if !yield(name) {
					return
				}
			}
		})
	case "generator", "endless", "throws":
		given = func(yield func(string, error) bool) {
			for number := 0; number < len(names) || kind == "endless"; number++ {
				if !yield(names[number%len(names)], nil) {
					return
				}
			}
			if kind == "throws" {
				yield("", noMore)
			}
		}
	default:
		return errors.New("no such sequence: " + kind)
	}

	opened := client(10 * time.Second)
	defer opened.Close()
	var done []string
	var ended, failed error
	opened.GetMany(ctx, given)(func(item sgopentracking.Item, err error) bool {
		if ended = err; err == nil {
			done = append(done, item.Name)
			failed = firstOf(failed, item.Err)
		}
		return kind != "endless" || len(done) < 3
	})
	if (ended == noMore) != (kind == "throws") || failed != nil {
		return fmt.Errorf("it ended in %v, an item in %v", ended, failed)
	}
	if kind == "endless" && len(done) == 3 {
		return nil // which three are the first is not said
	}
	sort.Strings(done)
	sort.Strings(wanted)
	if !reflect.DeepEqual(done, wanted) {
		return fmt.Errorf("%q were done", done)
	}
	return nil
}

// lines remembers "LEVEL EVENT: names of the rest" of each line of a log.
type lines []string

func (l *lines) add(level, event string, args []any) {
	names := "level" // which the logger's method says
	for index := 0; index < len(args); index += 2 {
		names += " " + args[index].(string)
	}
	*l = append(*l, fmt.Sprintf("%s %s: %s", level, event, names))
}

func (l *lines) DebugContext(_ context.Context, event string, args ...any) {
	l.add("debug", event, args)
}
func (l *lines) InfoContext(_ context.Context, event string, args ...any) {
	l.add("info", event, args)
}
func (l *lines) WarnContext(_ context.Context, event string, args ...any) {
	l.add("warn", event, args)
}
func (l *lines) ErrorContext(_ context.Context, event string, args ...any) {
	l.add("error", event, args)
}

// log compares what is logged of a call over a warm connection.
func log(onBehalfOf string, expected []string) error {
	var told lines
	retries := map[string]any{"max_retries": 2.0}
	opened, err := newClient(os.Getenv("SANDBOX_KEY"), sgopentracking.Global, retries, sgopentracking.WithLogger(&told))
	if err != nil {
		return err
	}
	defer opened.Close()
	if err := get(opened, ctx, sgopentracking.OnBehalfOf("subuser-00001"))(); err != nil {
		return err
	}
	told = nil
	if err := get(opened, ctx, sgopentracking.OnBehalfOf(onBehalfOf))(); err != nil {
		return err
	}
	if !reflect.DeepEqual([]string(told), expected) {
		return fmt.Errorf("the log is %q", told)
	}
	return nil
}

func residentKiB() (int, error) {
	debug.FreeOSMemory() // collects, and gives back what is free
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`VmRSS:\s*(\d+)`).FindSubmatch(status)
	return strconv.Atoi(string(found[1]))
}

func memory() error {
	opened := client(10 * time.Second)
	defer opened.Close()
	one := func(number int) error {
		switch {
		case number%10 == 0:
			return endsIn(sgopentracking.ErrArgument, get(opened, ctx, sgopentracking.OnBehalfOf("\n")))
		case number%10 == 1:
			return endsIn(sgopentracking.ErrNotFound, get(opened, ctx, sgopentracking.OnBehalfOf("nobody")))
		case number%2 == 1:
			_, err := opened.Update(ctx, number%3 == 0)
			return err
		}
		derived, err := opened.Derive(0)
		if err != nil {
			return err
		}
		defer derived.Close()
		return get(derived, ctx)()
	}
	calls := func(count int) (err error) {
		for number := 0; number < count && err == nil; number++ {
			err = one(number)
		}
		return err
	}
	if err := calls(2_000); err != nil {
		return err
	}
	before, err := residentKiB()
	if err = firstOf(err, calls(10_000)); err != nil {
		return err
	}
	after, err := residentKiB()
	fmt.Printf("  memory: %+d KiB over 10,000 calls\n", after-before)
	if after-before >= 2_048 {
		return fmt.Errorf("%d KiB more", after-before)
	}
	return err
}

func constants() error {
	header, err := os.ReadFile(os.Getenv("CONFORMANCE_HEADER"))
	if err != nil {
		return err
	}
	codes, regions := map[int]string{}, map[string]int{}
	for _, found := range regexp.MustCompile(`\b(SG_(?:OK|ERR_\w+)) = (\d+)`).FindAllStringSubmatch(string(header), -1) {
		number, _ := strconv.Atoi(found[2])
		codes[number] = found[1]
	}
	for _, found := range regexp.MustCompile(`\bSG_REGION_(\w+) = (\d+)`).FindAllStringSubmatch(string(header), -1) {
		regions[strings.ToLower(found[1])], _ = strconv.Atoi(found[2])
	}
	if len(codes) < 10 {
		return errors.New("the header's codes were not found")
	}
	for number := 0; number < 1_000; number++ {
		if name := sgopentracking.Code(number).Name(); name != codes[number] {
			return fmt.Errorf("code %d is %q, not %q", number, name, codes[number])
		}
	}
	ours := map[string]int{}
	for _, region := range []sgopentracking.Region{sgopentracking.Global, sgopentracking.EU} {
		ours[region.String()] = int(region)
	}
	if !reflect.DeepEqual(ours, regions) {
		return fmt.Errorf("the regions are %v, not %v", ours, regions)
	}
	return nil
}

func secret() error {
	opened := client(10 * time.Second)
	defer opened.Close()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{opened, *(&opened), struct{ Inner any }{opened}} {
			if strings.Contains(fmt.Sprintf(verb, value), os.Getenv("SANDBOX_KEY")) {
				return fmt.Errorf("%s shows the key", verb)
			}
		}
	}
	return nil
}
