// kube-apiserver as upstream's cmd/kube-apiserver starts it.
package main

import (
	"os"
	_ "time/tzdata" // CronJobs name time zones, and not every machine has them.

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
