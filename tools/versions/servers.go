package main

import (
	"errors"
	"path/filepath"
)

// moduleVariable is that of package realserver.
const moduleVariable = "INFORMANT_SERVER_MODULE"

// onServer runs the pipeline tests on the server that is built in a module below e2e/, and
// returns its version of Kubernetes and the outcome.
func onServer(e2e, module string) (version, outcome string, err error) {
	const used = "{{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}"
	folder := filepath.Join(e2e, module)
	version, err = goOutput(folder, "list", "-m", "-f", used, "k8s.io/kubernetes")
	if err != nil {
		return "", "", err
	}
	// Without a server there would be as many failures as tests.
	if _, err := goOutput(folder, "build", "-mod=mod", "-o", "/dev/null", base+"/e2e/apiserver"); err != nil {
		return "", "", errors.Join(errors.New("the server does not compile"), err)
	}
	tests, err := goTally(e2e, []string{moduleVariable + "=" + module}, "test", "-json", "-count=1", "-timeout", "60m", "./pipeline")
	if err != nil {
		return "", "", err
	}
	outcome, err = tests.outcome()
	return version, outcome, err
}
