//! Policies that change under load, and processes that end in the middle of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::admission::{Folder, Stopping, is_allowed, keep_asking, policy, serve};
use crate::served::{Served, eventually};

/// The digest of the set that decides.
fn digest(served: &Served) -> String {
    let page = served.get("/metrics").text();
    let line = page.lines().find_map(|line| line.strip_prefix("ajj_policies_info{digest=\""));
    line.unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn each_answer_is_that_of_the_set_it_names_while_sets_are_replaced() {
    let folder = Folder::new("swapped");
    let served = serve(&folder, &["--log-decisions", "all", "--workers", "2"]);
    let mut wanted = BTreeMap::from([(digest(&served), false)]);
    folder.write("policies.yaml", &policy(true));
    eventually(|| is_allowed(&served, true).then_some(()));
    wanted.insert(digest(&served), true);
    assert_eq!(wanted.len(), 2);

    let stop = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        let asking = scope.spawn(|| keep_asking(&served, 4, &stop, |_, _| ()));
        // Twenty times a second, until the server took ten of them.
        let before = served.metric("ajj_policies_replaced_total");
        let replaced = (0..1_200_u32).any(|turn| {
            folder.write("policies.yaml", &policy(turn.is_multiple_of(2)));
            std::thread::sleep(Duration::from_millis(50));
            served.metric("ajj_policies_replaced_total") >= before + 10.0
        });
        stop.store(true, Ordering::SeqCst);
        assert!(replaced, "sets were not taken");
        asking.join().unwrap()
    });
    assert_eq!(served.metric("ajj_policies_refused_total"), 0.0);
    let answers: BTreeMap<String, bool> = answers.into_iter().collect();
    let dropped = served.metric("ajj_decision_log_dropped_total") as usize;
    let logged = eventually(|| {
        let lines = served.decisions.all();
        let asked = |line: &&String| line.contains("\"uid\":\"asked-");
        (lines.iter().filter(asked).count() + dropped >= answers.len()).then_some(lines)
    });
    let mut seen = BTreeMap::<String, usize>::new();
    for line in &logged {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(allowed) = answers.get(line["uid"].as_str().unwrap()) else { continue };
        let set = line["policies"].as_str().unwrap();
        let number: usize = line["uid"].as_str().unwrap()["asked-".len()..].parse().unwrap();
        assert_eq!(*allowed, (number.is_multiple_of(2)) == wanted[set], "{line}");
        assert_eq!(line["decision"]["allowed"], *allowed);
        *seen.entry(set.to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 2, "both sets decided: {seen:?}");
}

#[test]
fn what_was_killed_in_the_middle_comes_back_with_the_whole_set() {
    let folder = Folder::new("killed");
    for turn in 0..6 {
        let wants_host_network = turn % 2 == 1;
        folder.write("policies.yaml", &policy(wants_host_network));
        let path = folder.0.join("policies.yaml");
        let served = Served::start(&folder.0, &["-p", path.to_str().unwrap()], None);
        // The very first answer is already that of the whole set.
        assert_eq!(is_allowed(&served, true), wants_host_network);
        assert_eq!(is_allowed(&served, false), !wants_host_network);
        assert_eq!(served.get("/readyz").status, 200);
        let (stop, asked) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let _stopping = Stopping(&stop);
            let asking = scope.spawn(|| {
                keep_asking(&served, 2, &stop, |_, _| asked.store(true, Ordering::SeqCst))
            });
            for turn in 0..10_u32 {
                folder.write("policies.yaml", &policy(turn.is_multiple_of(2)));
            }
            // However slow the machine is.
            eventually(|| asked.load(Ordering::SeqCst).then_some(()));
            stop.store(true, Ordering::SeqCst);
            assert!(!asking.join().unwrap().is_empty());
        });
        folder.write("policies.yaml", &policy(wants_host_network));
        served.kill();
    }
}

#[test]
fn a_folder_of_links_that_is_swapped_is_never_read_half() {
    use std::os::unix::fs::symlink;
    // As a kubelet mounts a ConfigMap: `..data` is a link to a folder, and is replaced whole.
    let folder = Folder::new("mounted");
    let mounted = folder.0.join("mounted");
    std::fs::create_dir_all(&mounted).unwrap();
    let offer = |number: u32| {
        let data = mounted.join(format!("..{number}"));
        std::fs::create_dir_all(&data).unwrap();
        // Both files of a set want the same: a set of one of each denies everything.
        for name in ["a", "b"] {
            let text =
                policy(number.is_multiple_of(2)).replace("name: network", &format!("name: {name}"));
            std::fs::write(data.join(format!("{name}.yaml")), text).unwrap();
        }
        let link = mounted.join("..new");
        symlink(format!("..{number}"), &link).unwrap();
        std::fs::rename(link, mounted.join("..data")).unwrap();
        if let Some(before) = number.checked_sub(1) {
            std::fs::remove_dir_all(mounted.join(format!("..{before}"))).unwrap();
        }
    };
    offer(0);
    for name in ["a.yaml", "b.yaml"] {
        symlink(format!("..data/{name}"), mounted.join(name)).unwrap();
    }
    let served = Served::start(&folder.0, &["-p", "mounted"], None);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        scope.spawn(|| {
            let allowed = |expected: bool| is_allowed(&served, expected);
            while !stop.load(Ordering::SeqCst) {
                // One of the two passes unless the set is one of halves; it may change in between.
                assert!((0..3).any(|_| allowed(true) || allowed(false)), "a set of two halves");
            }
        });
        let swapped = (1..3_000).any(|number| {
            offer(number);
            std::thread::sleep(Duration::from_millis(20));
            number.is_multiple_of(20) && served.metric("ajj_policies_replaced_total") >= 6.0
        });
        stop.store(true, Ordering::SeqCst);
        assert!(swapped, "no set was taken");
    });
}
