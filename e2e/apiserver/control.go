package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readCommands passes on the lines of in and calls end after the last. It reads
// on its own goroutine so that the end is seen while a command is at work.
func readCommands(in io.Reader, end func()) <-chan string {
	commands := make(chan string)
	go func() {
		defer end()
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				commands <- line
			}
		}
	}()
	return commands
}

// command carries out one line and returns the answer to print.
func (c *cluster) command(ctx context.Context, line string) (string, error) {
	switch line {
	case "compact":
		revision, err := c.etcd.compact(ctx)
		return fmt.Sprintf("OK compact %d", revision), err
	case "down":
		return "OK down", c.down()
	case "up":
		return "OK up", c.up(ctx)
	case "restart":
		if err := c.down(); err != nil {
			return "", err
		}
		return "OK restart", c.up(ctx)
	}
	return "", errors.New("unknown command; there are compact, down, up, restart")
}

func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", " | ")
}
