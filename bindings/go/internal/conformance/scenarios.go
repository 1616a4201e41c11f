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

	opentracking "github.com/sg-open-tracking/sg-open-tracking/bindings/go"
)

var ctx = context.Background()

// bounded is how long a call that was cut off may take; on its own it would take 30 s.
const bounded = 5 * time.Second

var silent = opentracking.OnBehalfOf("fault-silent")

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

func client(timeout time.Duration) *opentracking.Client {
	options := map[string]any{"timeout_ms": float64(timeout.Milliseconds())}
	opened, err := newClient(os.Getenv("SANDBOX_KEY"), opentracking.Global, options)
	if err != nil {
		panic(err)
	}
	return opened
}

func endsIn(code opentracking.Code, call func() error) error {
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
		_, err := other.Get(ctx, opentracking.OnBehalfOf("fault-delay-100"))
		stop()
		stopped <- err
	}()
	err := endsIn(opentracking.ErrCancelled, call)
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

func get(c *opentracking.Client, ctx context.Context, options ...opentracking.CallOption) func() error {
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
		endsIn(opentracking.ErrCancelled, get(derived, ctx)),
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
		endsIn(opentracking.ErrCancelled, get(origin, ended)),
		endsIn(opentracking.ErrTimeout, byDeadline),
		endsIn(opentracking.ErrTimeout, get(origin, hasty)),
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
		err = firstOf(err, endsIn(opentracking.ErrArgument, call))
		if !errors.Is(call(), opentracking.ErrClosed) {
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
	err = endsIn(opentracking.ErrTimeout, get(hasty, ctx, silent))
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
			name := opentracking.OnBehalfOf(fmt.Sprintf("subuser-0001%d", number))
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
	err := opened.UpdateMany(ctx, false, append(subusers, "nobody"), func(index int, result opentracking.Result, err error) bool {
		reported[index] += fmt.Sprint(result.Enabled, errors.Is(err, opentracking.ErrNotFound))
		return true
	})
	if !errors.Is(err, opentracking.ErrPartial) || len(reported) != 26 || reported[25] != "false true" {
		return fmt.Errorf("%v: %v", err, reported)
	}
	read := 0
	err = opened.GetMany(ctx, subusers, func(index int, result opentracking.Result, err error) bool {
		if err == nil && !result.Enabled && reported[index] == "false false" {
			read++
		}
		return true
	})
	if err != nil || read != len(subusers) {
		return fmt.Errorf("%d were read: %w", read, err)
	}

	told := 0
	err = opened.GetMany(ctx, make([]string, 1_000), func(int, opentracking.Result, error) bool { told++; return false })
	opened.Subusers(ctx)(func(string, error) bool { told++; return false })
	if err != nil || told != 2 {
		return fmt.Errorf("told %d times: %v", told, err)
	}

	wrong, err := newClient("SG.wrong", opentracking.Global, nil)
	if err != nil {
		return err
	}
	defer wrong.Close()
	silently := func() error { return opened.UpdateMany(ctx, false, []string{"fault-silent"}, nil) }
	return firstOf(
		endsIn(opentracking.ErrUnauthorized, func() error { return wrong.UpdateMany(ctx, false, subusers[:10], nil) }),
		inFlight(silently, opened.Cancel),
	)
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
			return endsIn(opentracking.ErrArgument, get(opened, ctx, opentracking.OnBehalfOf("\n")))
		case number%10 == 1:
			return endsIn(opentracking.ErrNotFound, get(opened, ctx, opentracking.OnBehalfOf("nobody")))
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
		if name := opentracking.Code(number).Name(); name != codes[number] {
			return fmt.Errorf("code %d is %q, not %q", number, name, codes[number])
		}
	}
	ours := map[string]int{}
	for _, region := range []opentracking.Region{opentracking.Global, opentracking.EU} {
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
