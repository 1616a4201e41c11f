package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

// queries have the status that each must get; a fault that happens once may have happened.
var queries = []struct {
	query  string
	status int
}{
	{"name=subuser-00001", 200}, {"name=subuser-00002&kind=update", 200}, {"name=subuser-00003", 200}, {"name=fault-once-503", 0},
	{"name=fault-once-429", 0}, {"name=subuser-00004&kind=once", 200}, {"name=fault-status-503", 502}, {"name=fault-close", 502},
	{"kind=many", 200}, {"name=nobody", 404},
}

// measured is what all requests took, and how many failed.
var measured struct {
	sync.Mutex
	took     []time.Duration
	failures int
}

func get(ctx context.Context, url, query string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/?"+query, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// load makes so many requests by 8 goroutines, or fewer if the server ends before: then with an error.
func load(url string, count int64) error {
	const workers = 8
	var next atomic.Int64
	ended := make(chan error)
	for worker := 0; worker < workers; worker++ {
		go func() {
			var err error
			for number := next.Add(1); number <= count && err == nil; number = next.Add(1) {
				asked := queries[number%int64(len(queries))]
				err = timed(url, asked.query, asked.status)
			}
			ended <- err
		}()
	}
	var failed error
	for worker := 0; worker < workers; worker++ {
		if err := <-ended; err != nil {
			failed = err
		}
	}
	return failed
}

func timed(url, query string, wanted int) error {
	started := time.Now()
	status, err := get(context.Background(), url, query)
	if err == nil && wanted != 0 && status != wanted {
		err = fmt.Errorf("%s got %d", query, status)
	}
	if err != nil {
		return err
	}
	measured.Lock()
	defer measured.Unlock()
	measured.took = append(measured.took, time.Since(started))
	if status != http.StatusOK {
		measured.failures++
	}
	return nil
}

func ofProcess(name string) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	number, err := strconv.Atoi(string(regexp.MustCompile(name + `:\s*(\d+)`).FindSubmatch(status)[1]))
	if err != nil {
		panic(err)
	}
	return number
}

// resident is what the process holds, when what it could give back is given back.
func resident() int {
	debug.FreeOSMemory()
	return ofProcess("VmRSS")
}

func descriptors() int {
	http.DefaultClient.CloseIdleConnections()
	runtime.GC() // what was forgotten is closed
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

// within waits until it holds.
func within(limit time.Duration, what string, holds func() bool) error {
	for started := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(started) > limit {
			return fmt.Errorf("after %v: %s", limit, what)
		}
	}
	return nil
}

// crowd has so many goroutines call at once, who share 64 threads.
func crowd(count int) error {
	client, err := open(sgopentracking.WithTimeout(2 * time.Minute))
	if err != nil {
		return err
	}
	defer client.Close()
	var failed atomic.Int64
	var calls sync.WaitGroup
	started := time.Now()
	for number := 0; number < count; number++ {
		calls.Add(1)
		go func() {
			defer calls.Done()
			if _, err := client.Get(context.Background(), sgopentracking.OnBehalfOf("fault-delay-5")); err != nil {
				failed.Add(1)
			}
		}()
	}
	calls.Wait()
	threads := ofProcess("Threads")
	took := time.Since(started).Round(time.Millisecond)
	fmt.Printf("  %d calls at once: %v, %d threads, at most %d KB\n", count, took, threads, ofProcess("VmHWM"))
	if failed.Load() > 0 || threads > 64+24 {
		return fmt.Errorf("%d of %d calls at once failed; there are %d threads", failed.Load(), count, threads)
	}
	return nil
}

// gone has so many callers go away amid calls that a silent service holds, more than may run at once.
func gone(s *service, count int) error {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, count)
	for number := 0; number < count; number++ {
		kind := [...]string{"", "update", "once", "many"}[number%4]
		go func() {
			_, err := get(ctx, s.url, "name=fault-silent&kind="+kind)
			ended <- err
		}()
	}
	if status, err := get(context.Background(), s.url, "kind=many"); status != http.StatusOK {
		return fmt.Errorf("amid silent calls: %d, %v", status, err)
	}
	cancel()
	for number := 0; number < count; number++ {
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	http.DefaultClient.CloseIdleConnections()
	return within(10*time.Second, "the calls of callers who went away go on", func() bool {
		return runtime.NumGoroutine() <= before+8
	})
}

// restart stops a service under load: what was under way ends well, or is cut off after the grace.
func restart(s *service) error {
	others := make(chan error)
	go func() { others <- load(s.url, math.MaxInt64) }()
	slow, silent := make(chan int, 8), make(chan int, 8)
	for number := 0; number < cap(slow); number++ {
		for query, ended := range map[string]chan int{"name=fault-delay-300": slow, "name=fault-silent": silent} {
			go func(query string, ended chan int) {
				status, _ := get(context.Background(), s.url, query)
				ended <- status
			}(query, ended)
		}
	}
	get(context.Background(), s.url, "name=fault-delay-100") // they are under way now
	started := time.Now()
	if err := s.stop(2 * time.Second); err != nil {
		return err
	}
	took := time.Since(started)
	if err := <-others; !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("a request under load, as the server stops: %w", err)
	}
	for number := 0; number < cap(slow); number++ {
		if status := <-slow; status != http.StatusOK {
			return fmt.Errorf("a slow request, within the grace, got %d", status)
		}
		if status := <-silent; status != http.StatusBadGateway {
			return fmt.Errorf("a silent request, past the grace, got %d", status)
		}
	}
	if took > 15*time.Second {
		return fmt.Errorf("the stop took %v", took)
	}
	return nil
}

func report(host string, before, after int) {
	sort.Slice(measured.took, func(i, j int) bool { return measured.took[i] < measured.took[j] })
	p99 := measured.took[len(measured.took)*99/100]
	fmt.Printf("%s %s: requests=%d failures=%d p99=%.1fms memory=%d..%dKB\n", host, strings.TrimPrefix(runtime.Version(), "go"),
		len(measured.took), measured.failures, float64(p99.Microseconds())/1e3, before, after)
}
