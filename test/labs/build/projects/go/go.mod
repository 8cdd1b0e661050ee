module example.com/markdown

go 1.24

require (
	github.com/yuin/goldmark v1.7.8
	golang.org/x/text v0.21.0
)
