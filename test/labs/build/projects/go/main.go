// Markdown reads Markdown from standard input and writes HTML, with a table of contents in front.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func convert(source []byte, out io.Writer) error {
	markdown := goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	document := markdown.Parser().Parse(text.NewReader(source))
	title := cases.Title(language.English)
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		heading, is := node.(*ast.Heading)
		if !is || !entering {
			return ast.WalkContinue, nil
		}
		id, _ := heading.AttributeString("id")
		fmt.Fprintf(out, "<a href=\"#%s\">%s</a>\n", id, title.String(string(heading.Lines().Value(source))))
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	return markdown.Renderer().Render(out, source, document)
}

func main() {
	source, err := io.ReadAll(os.Stdin)
	if err == nil {
		var out bytes.Buffer
		if err = convert(source, &out); err == nil {
			_, err = out.WriteTo(os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
