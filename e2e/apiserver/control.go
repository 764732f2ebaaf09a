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
	if etcd, ok := strings.CutPrefix(line, "second "); ok {
		url, err := c.startSecond(ctx, etcd)
		return "OK " + line + " " + url, err
	}
	answer := "OK " + line
	switch line {
	case "compact":
		revision, err := c.etcd.compact(ctx)
		return fmt.Sprint(answer, " ", revision), err
	case "etcd":
		return answer + " " + c.etcd.url, nil
	case "killetcd":
		return answer, c.etcd.kill()
	case "upetcd":
		return answer, c.etcd.up(ctx)
	case "kill":
		return answer, c.kill()
	case "down":
		return answer, c.down()
	case "up":
		return answer, c.up(ctx)
	case "restart":
		if err := c.down(); err != nil {
			return "", err
		}
		return answer, c.up(ctx)
	}
	return "", errors.New("unknown command; there are compact, down, up, restart, kill, etcd, killetcd, upetcd, second URL")
}

func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", " | ")
}
