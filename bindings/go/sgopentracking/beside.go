//go:build cgo

package sgopentracking

import (
	"context"
	"sync"
)

// beside makes a native call in a goroutine of its own, while what it reports, and logs, is done in the
// caller's. So neither a panic nor the end of that goroutine passes through the library: they cut the
// call off. It returns when the call is over and all is done.
func (h *handle) beside(ctx context.Context, one *oneCall, call func(report func(do func()))) {
	q := newQueue()
	log := log{ctx: ctx, logger: h.logger}
	go func() {
		defer q.end()
		defer log.listen(q.put)()
		call(q.put)
	}()
	defer func() {
		one.cancel()
		q.wait()
	}()
	for reports := q.take(); len(reports) > 0; reports = q.take() {
		for _, do := range reports {
			do()
		}
	}
	log.handOn()
}

// queue has what is to be done. It grows, for a call does not wait for its reader, who may be waiting
// for a turn that the call holds.
type queue struct {
	mutex   sync.Mutex
	changed *sync.Cond
	reports []func()
	ended   bool
}

func newQueue() *queue {
	q := new(queue)
	q.changed = sync.NewCond(&q.mutex)
	return q
}

func (q *queue) put(do func()) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.reports = append(q.reports, do)
	q.changed.Broadcast()
}

func (q *queue) end() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.ended = true
	q.changed.Broadcast()
}

// take waits for reports and takes all that there are: none once the call has ended.
func (q *queue) take() []func() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for len(q.reports) == 0 && !q.ended {
		q.changed.Wait()
	}
	reports := q.reports
	q.reports = nil
	return reports
}

// wait waits for the call's end.
func (q *queue) wait() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for !q.ended {
		q.changed.Wait()
	}
}
