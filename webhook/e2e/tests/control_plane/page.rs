//! `docs/first-ten-minutes.md`, run from the page as it stands.
//!
//! There are no nodes, so that no Pod comes of a Deployment. What kubelet would do is done here: as
//! many processes as the Deployment asks for, with the arguments that it gives.

use std::process::{Command, Stdio};

use ajj_e2e::{Controllers, eventually};

use crate::chart::{ROOT, account, arguments};
use crate::support::BOUND;
use crate::webhook_cluster::served::PROGRAM;
use crate::webhook_register::Cluster;
use blocks::{Block, blocks, decision_in, problem};

#[path = "page/blocks.rs"]
mod blocks;

const PAGE: &str = include_str!("../../../../docs/first-ten-minutes.md");

/// Where the page looks for what `kubectl port-forward` leads to.
const FORWARDED: &str = "localhost:8444";

/// Starts and ends what the Deployment asks for; what is registered is waited for.
fn follow_deployment(cluster: &Cluster) {
    let found = cluster.kubectl("get deployment ajj --namespace ajj --output json");
    let wanted = found.json().ok().and_then(|found| found["spec"]["replicas"].as_u64());
    let wanted = usize::try_from(wanted.unwrap_or(0)).unwrap();
    if wanted < cluster.replicas.count() {
        cluster.replicas.kill();
    }
    if cluster.replicas.count() < wanted {
        let account = account(&cluster.plane);
        let arguments = arguments(&cluster.plane);
        for _ in cluster.replicas.count()..wanted {
            cluster.replicas.start_as_told(&account, &arguments);
        }
        let registered = "get validatingwebhookconfiguration ajj --output name";
        cluster.until_said(registered, "", "validatingwebhookconfiguration.admission");
    }
}

/// Runs the lines of a block as a shell does; gives the exit code, and all that was printed.
fn run(cluster: &Cluster, lines: &str) -> (i32, String) {
    let programs = [cluster.plane.programs(), PROGRAM.parent().unwrap()];
    let path = programs.map(|folder| folder.display().to_string()).join(":");
    let ran = Command::new("/bin/sh")
        .args(["-e", "-c", &format!("exec 2>&1\n{lines}")])
        .current_dir(ROOT)
        .env_clear()
        .env("PATH", format!("{path}:/usr/local/bin:/usr/bin:/bin"))
        .env("HOME", cluster.plane.folder())
        .env("KUBECONFIG", cluster.plane.kubeconfig())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn the_first_ten_minutes_are_as_the_page_says() {
    let cluster = Cluster::empty(Controllers::Running);
    let blocks = blocks(PAGE);
    assert!(blocks.len() > 10, "{blocks:?}");
    let mut decision = String::new();
    for Block { lines, exit_code, printed, line } in blocks {
        let mut lines = lines.replace("<id>", &decision);
        if lines.contains(FORWARDED) {
            lines = lines.replace(FORWARDED, &cluster.replicas.metrics_of(&decision));
        }
        let (code, text) = run(&cluster, &lines);
        println!("{lines}---\n{text}");
        let context =
            || format!("line {line}: {lines}\nprinted:\n{text}\n{}", cluster.replicas.logs());
        assert_eq!(code, exit_code, "{}", context());
        if let Some(problem) = problem(&printed, &text) {
            panic!("{problem}\n{}", context());
        }
        decision = decision_in(&text).unwrap_or(decision);
        follow_deployment(&cluster);
    }
    // Nothing of it goes on by itself afterwards.
    let gone = eventually(BOUND, || {
        let seen = cluster.kubectl("get namespaces --output name");
        let is_gone = !seen.stdout.contains("/ajj") && !seen.stdout.contains("/shop");
        if is_gone { Ok(()) } else { Err(seen) }
    });
    gone.unwrap();
}
