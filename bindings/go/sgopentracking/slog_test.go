//go:build go1.21

package sgopentracking

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestLevelOfASlogLogger(t *testing.T) {
	for level, events := range map[slog.Level]string{
		slog.LevelDebug: "sent reply end", slog.LevelInfo: "end", slog.LevelWarn: "", slog.LevelError + 1: "",
	} {
		var output bytes.Buffer
		client := open(t, WithLogger(slog.New(slog.NewJSONHandler(&output, &slog.HandlerOptions{Level: level}))))
		if _, err := client.Get(ctx); err != nil { // connects
			t.Fatal(err)
		}
		output.Reset()
		if _, err := client.Get(ctx); err != nil {
			t.Fatal(err)
		}
		var told []string
		for decoder := json.NewDecoder(&output); decoder.More(); {
			line := map[string]any{}
			if err := decoder.Decode(&line); err != nil {
				t.Fatal(err)
			}
			if line["msg"] == "end" && (line["level"] != "INFO" || line["status"] != 200.0 || line["enabled"] == nil) {
				t.Error(line)
			}
			told = append(told, fmt.Sprint(line["msg"]))
		}
		if strings.Join(told, " ") != events {
			t.Errorf("%v: %q, not %q", level, told, events)
		}
		if (client.handle.logger == nil) != (level > slog.LevelError) {
			t.Error("a logger that wants nothing costs something")
		}
	}
}
