// What Go makes of the templates on stdin, one a line, with the functions that Docker adds and a value in the shape of
// "docker image inspect". It wrote expected.jsonl: go run main.go <templates.txt >expected.jsonl
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type config struct {
	User         string
	ExposedPorts map[string]struct{}
	Env          []string
	Cmd          []string
	Volumes      map[string]struct{}
	Labels       map[string]string
	Entrypoint   []string
}

type rootFS struct {
	Type   string
	Layers []string
}

type image struct {
	Id           string
	RepoTags     []string
	Size         int64
	Os           string
	Architecture string
	Config       *config
	RootFS       rootFS
}

func encode(to *bytes.Buffer, value any) {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value)
}

func main() {
	value := image{
		Id:           "sha256:0123456789abcdef",
		RepoTags:     []string{"redis:latest", "redis:7"},
		Size:         17587249,
		Os:           "linux",
		Architecture: "amd64",
		Config: &config{
			ExposedPorts: map[string]struct{}{"6379/tcp": {}, "80/tcp": {}},
			Env:          []string{"PATH=/bin:/usr/bin", "LANG=C.UTF-8"},
			Labels:       map[string]string{"b": "2", "a": "<1>"},
			Entrypoint:   []string{"/usr/bin/redis-server", "--port", "6379"},
		},
		RootFS: rootFS{"layers", []string{"sha256:aa", "sha256:bb"}},
	}
	functions := template.FuncMap{
		"json": func(value any) string {
			var text bytes.Buffer
			encode(&text, value)
			return strings.TrimSpace(text.String())
		},
		"split": strings.Split,
		"join":  strings.Join,
		"title": strings.Title,
		"lower": strings.ToLower,
		"upper": strings.ToUpper,
		"truncate": func(text string, length int) string {
			if len(text) < length {
				return text
			}
			return text[:length]
		},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var output, line bytes.Buffer
		result := map[string]any{"template": lines.Text()}
		parsed, err := template.New("").Funcs(functions).Parse(lines.Text())
		if err == nil {
			err = parsed.Execute(&output, value)
		}
		if err != nil {
			result["error"] = err.Error()
		} else {
			result["output"] = output.String()
		}
		encode(&line, result)
		os.Stdout.Write(line.Bytes())
	}
}
