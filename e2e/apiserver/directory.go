package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// directory is where a cluster keeps its data, credentials and log.
type directory struct {
	path      string
	temporary bool
	owner     *os.File // holds the lock
}

// openDirectory makes path, or a temporary directory if path is empty, and
// fills in the credentials that it lacks.
func openDirectory(path string) (d directory, err error) {
	if path == "" {
		d.temporary = true
		path, err = os.MkdirTemp("", "informant-apiserver-")
	} else if path, err = filepath.Abs(path); err == nil {
		err = os.MkdirAll(path, 0o700)
	}
	if err != nil {
		return d, err
	}
	d.path = path
	if err := d.lock(); err != nil {
		return d, err
	}
	if _, err = os.Stat(d.tokens()); errors.Is(err, fs.ErrNotExist) {
		err = d.writeCredentials()
	}
	if err != nil {
		return d, errors.Join(err, d.close())
	}
	return d, nil
}

// close gives the directory up, and removes it if it is temporary.
func (d directory) close() error {
	defer d.owner.Close()
	if !d.temporary {
		return nil
	}
	return os.RemoveAll(d.path)
}

func (d directory) etcd() string        { return filepath.Join(d.path, "etcd") }
func (d directory) certificate() string { return filepath.Join(d.path, "tls.crt") }
func (d directory) key() string         { return filepath.Join(d.path, "tls.key") }
func (d directory) tokens() string      { return filepath.Join(d.path, "tokens.csv") }
func (d directory) kubeconfig() string  { return filepath.Join(d.path, "kubeconfig") }
func (d directory) log() string         { return filepath.Join(d.path, "apiserver.log") }

// logTail is the end of the API server's log, for an error message.
func (d directory) logTail() string {
	const most = 4 << 10
	b, err := os.ReadFile(d.log())
	if err != nil {
		return err.Error()
	}
	if len(b) > most {
		b = b[len(b)-most:]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return string(b)
}

// writeKubeconfig writes what a client needs to reach server.
func (d directory) writeKubeconfig(server string) error {
	ca, token, err := d.credentials()
	if err != nil {
		return err
	}
	const name = "informant"
	c := clientcmdapi.NewConfig()
	c.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	c.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	c.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	c.CurrentContext = name
	if err := clientcmd.WriteToFile(*c, d.kubeconfig()); err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	return nil
}
