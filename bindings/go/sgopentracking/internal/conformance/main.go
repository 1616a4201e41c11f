// Command conformance runs tests/conformance/cases.json, and the scenarios that its README names, on
// this package.
//
//	tests/conformance/run.sh go run ./internal/conformance
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

type testCase struct {
	Name       string
	Scenario   string
	Sequence   string
	ExpectLog  []string `json:"expect_log"`
	Call       string
	Region     any
	Key        *string
	OnBehalfOf *string `json:"on_behalf_of"`
	Enabled    bool
	Options    map[string]any
	Expect     struct {
		Code         string
		HTTPStatus   *int `json:"http_status"`
		Enabled      *bool
		Attempts     *int
		RetryAfterMs *int64 `json:"retry_after_ms"`
		MessagePart  string `json:"message_part"`
	}
}

func resolved(text string) string {
	if strings.HasPrefix(text, "$") {
		return os.Getenv(text[1:])
	}
	return text
}

func normal(text string) string { return strings.ReplaceAll(strings.ToLower(text), "_", "") }

func codeName(code sgopentracking.Code) string {
	return strings.TrimPrefix(strings.TrimPrefix(code.Name(), "SG_"), "ERR_")
}

func newClient(
	key string, region sgopentracking.Region, more map[string]any, others ...sgopentracking.ClientOption,
) (*sgopentracking.Client, error) {
	url := "$SANDBOX_URL"
	if region == sgopentracking.EU {
		url = "$SANDBOX_EU_URL"
	}
	options := append([]sgopentracking.ClientOption{
		sgopentracking.WithRegion(region),
		sgopentracking.WithBaseURL(resolved(url)),
		sgopentracking.WithCAFile(os.Getenv("SANDBOX_CA_FILE")),
		sgopentracking.WithProxy(""),
		sgopentracking.WithTimeout(10 * time.Second),
		sgopentracking.WithMaxRetries(0),
	}, others...)
	for name, value := range more {
		options = append(options, option(name, value))
	}
	return sgopentracking.NewClient(key, options...)
}

func option(name string, value any) sgopentracking.ClientOption {
	text, _ := value.(string)
	number, _ := value.(float64)
	switch name {
	case "timeout_ms":
		return sgopentracking.WithTimeout(time.Duration(number) * time.Millisecond)
	case "connect_timeout_ms":
		return sgopentracking.WithConnectTimeout(time.Duration(number) * time.Millisecond)
	case "max_retries":
		return sgopentracking.WithMaxRetries(int(number))
	case "max_connections":
		return sgopentracking.WithMaxConnections(int(number))
	case "requests_per_minute":
		return sgopentracking.WithRequestsPerMinute(int(number))
	case "base_url":
		return sgopentracking.WithBaseURL(resolved(text))
	case "proxy":
		return sgopentracking.WithProxy(resolved(text))
	case "ca_file":
		return sgopentracking.WithCAFile(resolved(text))
	case "user_agent":
		return sgopentracking.WithUserAgent(resolved(text))
	}
	panic("no such option: " + name)
}

func (t *testCase) perform(key string, region sgopentracking.Region) (sgopentracking.Result, error) {
	var options []sgopentracking.CallOption
	once := []sgopentracking.Option{sgopentracking.WithRegion(region)}
	if t.OnBehalfOf != nil {
		options = append(options, sgopentracking.OnBehalfOf(*t.OnBehalfOf))
		once = append(once, options[0])
	}
	switch t.Call {
	case "one_shot_update":
		return sgopentracking.Update(ctx, key, t.Enabled, once...)
	case "one_shot_get":
		return sgopentracking.Get(ctx, key, once...)
	}
	client, err := newClient(key, region, t.Options)
	if err != nil {
		return sgopentracking.Result{}, err
	}
	defer client.Close()
	switch t.Call {
	case "update":
		return client.Update(ctx, t.Enabled, options...)
	case "get":
		return client.Get(ctx, options...)
	}
	return sgopentracking.Result{}, errors.New("a client was made")
}

func (t *testCase) run() error {
	switch t.Scenario {
	case "sequence":
		return sequence(t.Sequence)
	case "log":
		return log(*t.OnBehalfOf, t.ExpectLog)
	}
	region, side := sgopentracking.Global, "$SANDBOX_KEY"
	switch value := t.Region.(type) {
	case float64:
		region = sgopentracking.Region(value)
	case string:
		if value == "eu" {
			region, side = sgopentracking.EU, "$SANDBOX_EU_KEY"
		}
	}
	key := resolved(side)
	if t.Key != nil {
		key = resolved(*t.Key)
	}
	result, err := t.perform(key, region)
	seen := sgopentracking.Error{
		HTTPStatus: result.HTTPStatus, Attempts: result.Attempts, RetryAfter: result.RetryAfter, Enabled: &result.Enabled,
	}
	if err != nil {
		var failure *sgopentracking.Error
		if !errors.As(err, &failure) {
			return err
		}
		seen = *failure
		if !errors.Is(err, seen.Code) || seen.Message == "" {
			return fmt.Errorf("an error that is not its code, or without a message: %#v", seen)
		}
	}
	return t.compare(&seen, key)
}

func (t *testCase) compare(seen *sgopentracking.Error, key string) error {
	expect := &t.Expect
	wrong := ""
	switch {
	case codeName(seen.Code) != expect.Code:
		wrong = fmt.Sprintf("code: %s, not %s", codeName(seen.Code), expect.Code)
	case expect.HTTPStatus != nil && *expect.HTTPStatus != seen.HTTPStatus:
		wrong = fmt.Sprintf("http_status: %d, not %d", seen.HTTPStatus, *expect.HTTPStatus)
	case expect.Enabled != nil && (seen.Enabled == nil || *seen.Enabled != *expect.Enabled):
		wrong = fmt.Sprintf("enabled is not %t", *expect.Enabled)
	case expect.Attempts != nil && *expect.Attempts != seen.Attempts:
		wrong = fmt.Sprintf("attempts: %d, not %d", seen.Attempts, *expect.Attempts)
	case expect.RetryAfterMs != nil && *expect.RetryAfterMs != seen.RetryAfter.Milliseconds():
		wrong = fmt.Sprintf("retry_after_ms: %d, not %d", seen.RetryAfter.Milliseconds(), *expect.RetryAfterMs)
	case !strings.Contains(normal(seen.Message), normal(expect.MessagePart)):
		wrong = fmt.Sprintf("message without %q", expect.MessagePart)
	case len(key) > 1 && strings.Contains(fmt.Sprintf("%+v", seen), key):
		wrong = "the error holds the key"
	}
	if wrong != "" {
		return fmt.Errorf("%s (%s)", wrong, seen.Message)
	}
	return nil
}

func main() {
	passed, failed := 0, 0
	attempt := func(name string, run func() error) {
		if err := run(); err != nil {
			failed++
			fmt.Printf("FAILED %s: %v\n", name, err)
		} else {
			passed++
		}
	}
	text, err := os.ReadFile(os.Getenv("CONFORMANCE_CASES"))
	var cases []testCase
	if err == nil {
		err = json.Unmarshal(text, &cases)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := range cases {
		attempt(cases[i].Name, cases[i].run)
	}
	for _, scenario := range scenarios {
		attempt(scenario.name, scenario.run)
	}
	fmt.Printf("go %s: %d passed, %d failed\n", strings.TrimPrefix(runtime.Version(), "go"), passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
