package realserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// stopTimeout bounds the wait for a process whose standard input has ended.
const stopTimeout = 45 * time.Second

// process is the program of e2e/apiserver at work. It answers one line to each
// line that it is sent; what it says is in that program's documentation.
type process struct {
	cmd    *exec.Cmd
	stderr tail
	stdin  io.WriteCloser
	lines  chan string
	quit   chan struct{} // closed when nobody reads lines any more
	done   chan struct{} // closed when the process is gone
	err    error         // how it ended; read it after done

	// turn holds one value while nobody is asking; who takes it owns unread.
	turn   chan struct{}
	unread int // answers still to come to questions that were given up
}

func startProcess(path string, args []string) (*process, error) {
	p := &process{
		cmd:   exec.Command(path, args...),
		lines: make(chan string),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
		turn:  make(chan struct{}, 1),
	}
	p.turn <- struct{}{}
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.stdin = stdin
	go p.read(stdout)
	return p, nil
}

func (p *process) read(stdout io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		select {
		case p.lines <- lines.Text():
		case <-p.quit:
		}
	}
	p.err = p.cmd.Wait()
}

// line returns the next line that the process prints.
func (p *process) line(ctx context.Context) (string, error) {
	select {
	case line := <-p.lines:
		return line, nil
	case <-p.done:
		return "", p.ended()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// ask sends a command and returns what follows its name in the answer.
func (p *process) ask(ctx context.Context, command string) (string, error) {
	select {
	case <-p.turn:
		defer func() { p.turn <- struct{}{} }()
	case <-p.done:
		return "", p.ended()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if _, err := fmt.Fprintln(p.stdin, command); err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	p.unread++
	for {
		line, err := p.line(ctx)
		if err != nil {
			return "", fmt.Errorf("%s: %w", command, err)
		}
		if p.unread--; p.unread > 0 {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "OK "+command); ok {
			return strings.TrimSpace(rest), nil
		}
		return "", fmt.Errorf("API server: %s", line)
	}
}

// stop ends the process and returns when it is gone. It is called once.
func (p *process) stop() error {
	close(p.quit)
	p.stdin.Close()
	limit := time.NewTimer(stopTimeout)
	defer limit.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			return p.ended()
		}
		return nil
	case <-limit.C:
		err := p.cmd.Process.Kill()
		<-p.done
		return errors.Join(errors.New("the API server had to be killed"), err)
	}
}

// ended says how the process ended; it is called after done.
func (p *process) ended() error {
	return fmt.Errorf("the API server ended: %v\n%s", p.err, p.stderr.String())
}
