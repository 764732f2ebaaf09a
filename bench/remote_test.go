package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/informant-go/informant/bench/objects"
)

// servedVariable is the environment variable that makes this program a server, of the
// served that it holds in JSON.
const servedVariable = "INFORMANT_BENCH_SERVED"

// served says what a server has: so many pods of a size.
type served struct {
	Objects int
	Size    objects.Size
}

// remote is a server in a process of its own, so that what it does takes nothing from
// the process that is measured but a share of the processors.
type remote struct {
	tb  testing.TB
	url string
}

// startRemote starts a server and waits until all that it sends is encoded. It ends
// with tb, and with this process, however that ends.
func startRemote(tb testing.TB, what served) remote {
	raw, err := json.Marshal(what)
	if err != nil {
		tb.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), servedVariable+"="+string(raw))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the server: %v", err)
		}
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatalf("the server says no address: %v", err)
	}
	return remote{tb, strings.TrimSpace(url)}
}

// expire ends every watch with the error that its version is gone, so that clients list
// again. Nothing has changed by then but the version of the last pod.
func (s remote) expire() {
	resp, err := http.Post(s.url+"/expire", "", nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

// serve is the server: it writes its address to out once it is ready, and ends when in
// does.
func serve(what string, in io.Reader, out io.Writer) error {
	var all served
	if err := json.Unmarshal([]byte(what), &all); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	canned, err := newCanned(all)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: canned}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	_, err = io.Copy(io.Discard, in)
	err = errors.Join(err, server.Close())
	if serving := <-ended; !errors.Is(serving, http.ErrServerClosed) {
		err = errors.Join(err, serving)
	}
	return err
}
