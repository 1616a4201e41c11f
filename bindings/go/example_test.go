package opentracking_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	opentracking "github.com/sg-open-tracking/sg-open-tracking/bindings/go"
)

func Example() {
	client, err := opentracking.NewClient(os.Getenv("SENDGRID_API_KEY"), opentracking.WithTimeout(10*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	result, err := client.Update(context.Background(), false, opentracking.OnBehalfOf("news@example.com"))
	if err != nil {
		fmt.Println("not switched:", err)
		return
	}
	fmt.Println("enabled:", result.Enabled)
	// Output: enabled: false
}

func ExampleClient_Get() {
	client, err := opentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = client.Get(ctx, opentracking.OnBehalfOf("nobody"))
	var failure *opentracking.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("too slow")
	case errors.Is(err, opentracking.ErrNotFound):
		fmt.Println("no such account")
	case errors.As(err, &failure):
		fmt.Println(failure.Code.Name(), failure.HTTPStatus)
	}
	// Output: no such account
}

func ExampleUpdate() {
	enabled, err := opentracking.Update(context.Background(), os.Getenv("SENDGRID_API_KEY"), true, opentracking.Global)
	fmt.Println(enabled, err)
	// Output: true <nil>
}

func ExampleClient_UpdateMany() {
	client, err := opentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	names := []string{"subuser-00001", "nobody"}
	err = client.UpdateMany(context.Background(), false, names, func(index int, _ opentracking.Result, err error) bool {
		if err != nil {
			fmt.Println(names[index], "failed:", errors.Is(err, opentracking.ErrNotFound))
		}
		return true
	})
	fmt.Println(errors.Is(err, opentracking.ErrPartial))
	// Output:
	// nobody failed: true
	// true
}
