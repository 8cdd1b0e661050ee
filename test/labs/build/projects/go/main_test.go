package main

import (
	"strings"
	"testing"
)

func TestConvert(t *testing.T) {
	var out strings.Builder
	if err := convert([]byte("# one two\n*three*\n"), &out); err != nil {
		t.Fatal(err)
	}
	want := "<a href=\"#one-two\">One Two</a>\n<h1 id=\"one-two\">one two</h1>\n<p><em>three</em></p>\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
