// kube-controller-manager as upstream's cmd/kube-controller-manager starts it.
package main

import (
	"os"
	_ "time/tzdata" // CronJobs name time zones, and not every machine has them.

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	os.Exit(cli.Run(app.NewControllerManagerCommand()))
}
