// A net/http server whose handlers make calls, its load, and what must hold of both.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

// service is a server and the client of all its requests.
type service struct {
	client *sgopentracking.Client
	server http.Server
	url    string
	ended  chan error
}

func open(options ...sgopentracking.ClientOption) (*sgopentracking.Client, error) {
	sandbox := []sgopentracking.ClientOption{
		sgopentracking.WithBaseURL(os.Getenv("SANDBOX_URL")),
		sgopentracking.WithCAFile(os.Getenv("SANDBOX_CA_FILE")),
		sgopentracking.WithProxy(""),
		sgopentracking.WithMaxRetries(0),
		sgopentracking.WithMaxConnections(64),
	}
	return sgopentracking.NewClient(os.Getenv("SANDBOX_KEY"), append(sandbox, options...)...)
}

func start() (*service, error) {
	client, err := open()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{client: client, url: "http://" + listener.Addr().String(), ended: make(chan error, 1)}
	s.server.Handler = http.HandlerFunc(s.serve)
	go func() { s.ended <- s.server.Serve(listener) }()
	return s, nil
}

// stop lets the requests under way go on for as long as grace says, and cuts off the rest.
func (s *service) stop(grace time.Duration) error {
	limited, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := s.server.Shutdown(limited)
	s.client.Close()
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Shutdown(context.Background())
	}
	if ended := <-s.ended; ended != http.ErrServerClosed {
		return ended
	}
	return err
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	if err := s.answer(w, r); err != nil {
		status := http.StatusBadGateway
		if errors.Is(err, sgopentracking.ErrNotFound) {
			status = http.StatusNotFound
		}
		http.Error(w, err.Error(), status)
	}
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) (err error) {
	name := sgopentracking.OnBehalfOf(r.FormValue("name"))
	var result sgopentracking.Result
	switch r.FormValue("kind") {
	case "":
		result, err = s.client.Get(r.Context(), name)
	case "update":
		result, err = s.client.Update(r.Context(), false, name)
	case "once":
		result, err = sgopentracking.Get(r.Context(), os.Getenv("SANDBOX_KEY"), name, sgopentracking.WithMaxRetries(0))
	case "many":
		names := s.client.Subusers(r.Context())
		if r.FormValue("name") != "" {
			names = sgopentracking.NamesOf(r.FormValue("name"))
		}
		s.client.GetMany(r.Context(), names)(func(item sgopentracking.Item, failed error) bool {
			if err = failed; err == nil {
				err = item.Err
			}
			return err == nil
		})
	}
	if err == nil {
		fmt.Fprintln(w, result.Enabled)
	}
	return err
}
