//! A decision by its id, from whichever replica is asked.
//!
//! No kubelet tells the API server where Pods are, so the EndpointSlices of the Service are written
//! here.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;

use ajj_e2e::{eventually, free_ports};
use serde_json::{Value, json};

use super::elsewhere::{ELSEWHERE, Way};
use super::{Cluster, DRY_RUN, bad, config_map};
use crate::chart::{account, arguments, render};
use crate::support::BOUND;

/// Asks a replica: status and body.
fn ask(at: SocketAddr, path: &str) -> (u16, String) {
    let asked = Command::new("curl")
        .args(["--silent", "--insecure", "--noproxy", "*", "--max-time", "60"])
        .args(["--write-out", "\n%{http_code}", &format!("https://{at}/{path}")])
        .output()
        .unwrap();
    let text = String::from_utf8(asked.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// An EndpointSlice of the chart's Service, with one Pod.
fn slice(pod: &str, port: u16) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": pod, "namespace": "ajj", "labels": {"kubernetes.io/service-name": "ajj"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "metrics", "port": port, "protocol": "TCP"}],
        "endpoints": [{
            "addresses": [ELSEWHERE],
            "conditions": {"ready": true},
            "targetRef": {"kind": "Pod", "namespace": "ajj", "name": pod},
        }],
    })
}

#[test]
fn any_replica_finds_what_another_one_decided() {
    let cluster = Cluster::bare();
    let applied = cluster.kubectl_with("apply --namespace ajj -f -", &render(&[]).unwrap());
    assert_eq!(applied.code, 0, "{applied:?}");
    let (account, arguments) = (account(&cluster.plane), arguments(&cluster.plane));
    let [port_of_first, port_of_second] = free_ports().unwrap();
    let [first, second] =
        [port_of_first, port_of_second].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let way = Way::open(&cluster.plane, &account);

    cluster.replicas.start_pod("ajj-first", first, &account, &arguments);
    cluster.until_said("get clusterpolicies.kyverno.io", "", "No resources found");
    cluster.apply(&bad("bad", "Fail", json!(["ConfigMap"])));
    let denied = cluster.until_said(DRY_RUN, &config_map("probe", "shop", true), "it is bad");
    let (_, rest) = denied.stderr.split_once("[decision ").unwrap();
    let id = rest.split_once(']').unwrap().0;
    let path = format!("decisions/{id}");

    cluster.replicas.start_pod("ajj-second", second, &way.kubeconfig, &arguments);
    let until_ready = |at: SocketAddr| {
        let ready = eventually(BOUND, || {
            let (status, page) = ask(at, "metrics");
            let is_ready = status == 200 && page.contains("\najj_ready 1\n");
            if is_ready { Ok(()) } else { Err((status, page, cluster.replicas.logs())) }
        });
        ready.unwrap();
    };
    until_ready(second);
    // Nobody else is known of.
    let (status, said) = ask(second, &path);
    assert_eq!(status, 404, "{said}");
    assert!(said.contains(&format!("`{}`", &id[..4])) && said.contains("is gone"), "{said}");

    cluster.apply(&slice("ajj-first", port_of_first));
    let (status, line) = ask(second, &path);
    assert_eq!(status, 200, "{line}\n{}", cluster.replicas.logs());
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["id"], &line["decision"]["allowed"]), (&json!(id), &json!(false)));
    let (status, said) = ask(second, &format!("decisions/{}00000000", &id[..4]));
    assert_eq!(status, 404);
    assert!(said.contains("`ajj-first`") && said.contains("does not remember"), "{said}");

    // Another one has its place now: asked by a replica, it asks nobody else, itself least of all.
    cluster.replicas.kill_one(0);
    cluster.replicas.start_pod("ajj-third", first, &account, &arguments);
    until_ready(first);
    let (status, said) = ask(second, &path);
    assert_eq!(status, 404, "{said}");
    assert!(said.contains("`ajj-first`") && said.contains("does not remember"), "{said}");

    // And now something that never answers.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    cluster.apply(&slice("ajj-first", silent.local_addr().unwrap().port()));
    let (status, said) = ask(second, &path);
    assert_eq!(status, 502, "{said}");
    assert!(said.contains("`ajj-first`") && said.contains("no answer in time"), "{said}");

    let deleted = cluster.kubectl("delete endpointslice ajj-first --namespace ajj");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let (status, said) = ask(second, &path);
    assert_eq!(status, 404, "{said}");
    assert!(said.contains("is gone"), "{said}");
}
