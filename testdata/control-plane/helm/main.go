// helm as upstream's cmd/helm starts it, without the plugins for logging in at clouds.
package main

import (
	"errors"
	"os"

	"helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
)

func main() {
	// Else the owner of fields has the name of the file.
	kube.ManagedFieldsManager = "helm"
	root, err := cmd.NewRootCmd(os.Stdout, os.Args[1:], cmd.SetupLogging)
	if err == nil {
		err = root.Execute()
	}
	var coded cmd.CommandError
	switch {
	case errors.As(err, &coded):
		os.Exit(coded.ExitCode)
	case err != nil:
		os.Exit(1)
	}
}
