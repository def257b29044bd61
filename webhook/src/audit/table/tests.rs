use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Due, Place, Reported, Table, Task};
use crate::audit::finding::{Finding, Word};
use crate::audit::report::Api;

type Policies = BTreeMap<Arc<str>, u64>;

fn policies(of: &[(&str, u64)]) -> Policies {
    of.iter().map(|(name, digest)| (Arc::from(*name), *digest)).collect()
}

fn place(list: &str, name: &str) -> Place {
    Place {
        list: list.into(),
        api_version: "v1".into(),
        kind: "Pod".into(),
        namespace: "shop".into(),
        name: name.into(),
    }
}

fn found(of: &[(&str, Word)]) -> BTreeMap<Arc<str>, Vec<Finding>> {
    let finding = |word: Word| Finding {
        rule: Arc::default(),
        name: "r".into(),
        word,
        message: "m".into(),
        place: None,
    };
    of.iter().map(|(policy, word)| (Arc::from(*policy), vec![finding(*word)])).collect()
}

fn reported(digest: &str) -> Reported {
    let apis = [Api::OpenReports].into();
    Reported { namespace: "shop".into(), digest: digest.into(), apis }
}

/// Two policies have judged one object, and its report is written.
fn settled() -> (Table, Policies) {
    let mut table = Table::default();
    let known = policies(&[("a", 1), ("b", 1)]);
    assert_eq!(table.take_policies(&Policies::new(), &known).len(), 2);
    assert_eq!(table.due("1", "7"), Due::Everything);
    let findings = found(&[("a", Word::Pass), ("b", Word::Fail)]);
    table.put("1", "7", place("/pods", "web"), Due::Everything, findings);
    assert_eq!(table.next_dirty().as_deref(), Some("1"));
    table.done("1", Some(reported("d")));
    (table, known)
}

#[test]
fn only_changed_pairs_are_judged_again() {
    let (mut table, known) = settled();
    assert_eq!(table.due("1", "7"), Due::Nothing);
    assert_eq!(table.due("1", "8"), Due::Everything);
    assert_eq!(table.due("2", "7"), Due::Everything);
    assert_eq!(table.take_policies(&known, &known).len(), 0);
    assert_eq!(table.due("1", "7"), Due::Nothing);

    let now = policies(&[("a", 1), ("b", 2), ("c", 1)]);
    let news = table.take_policies(&known, &now);
    let names: Vec<&str> = news.iter().map(|name| &**name).collect();
    assert_eq!(names, ["b", "c"]);
    let Due::Since(generation) = table.due("1", "7") else { panic!("policies changed") };
    let due = table.changed_since(generation);
    assert_eq!(due.iter().map(|name| &**name).collect::<Vec<_>>(), ["b", "c"]);
    // What the changed ones had found is gone until they have judged.
    assert_eq!(table.counts(), [1, 0, 0, 0, 0]);
    let findings = found(&[("c", Word::Warn)]);
    table.put("1", "7", place("/pods", "web"), Due::Since(generation), findings);
    assert_eq!((table.due("1", "7"), table.counts()), (Due::Nothing, [1, 0, 1, 0, 0]));
}

#[test]
fn policies_that_go_take_their_findings_along() {
    let (mut table, known) = settled();
    let news = table.take_policies(&known, &policies(&[("a", 1)]));
    assert_eq!((news.len(), table.counts()), (0, [1, 0, 0, 0, 0]));
    assert_eq!(table.next_dirty().as_deref(), Some("1"));
    assert!(matches!(table.task("1"), Task::Report(judged) if judged.findings.len() == 1));
    table.take_policies(&policies(&[("a", 1)]), &Policies::new());
    assert_eq!(table.task("1"), Task::Remove(&reported("d")));
    table.done("1", None);
    assert_eq!(table.task("1"), Task::Nothing);
}

#[test]
fn what_says_the_same_is_not_looked_at() {
    let (mut table, _) = settled();
    let findings = found(&[("a", Word::Pass), ("b", Word::Fail)]);
    table.put("1", "8", place("/pods", "web"), Due::Everything, findings);
    assert_eq!(table.next_dirty(), None);
    assert_eq!(table.reported("1"), Some(&reported("d")));
    table.failed("1", false);
    table.retry_failed();
    assert!(!table.is_dirty());
    table.failed("1", true);
    table.retry_failed();
    assert_eq!(table.next_dirty().as_deref(), Some("1"));
    assert_eq!(table.reported("1"), Some(&reported("")));
}

#[test]
fn objects_that_a_complete_list_does_not_show_went() {
    let (mut table, _) = settled();
    table.put("2", "1", place("/pods", "b"), Due::Everything, found(&[("a", Word::Pass)]));
    table.put("3", "1", place("/others", "c"), Due::Everything, found(&[("a", Word::Pass)]));
    table.see("2", 1);
    table.keep_seen("/pods", 1);
    assert_eq!((table.objects(), table.counts()), (2, [2, 0, 0, 0, 0]));
    // The report of what went goes with it.
    assert_eq!(table.task("1"), Task::Nothing);
    // A list that rules are no longer about leaves reports behind, which are to be removed.
    table.done("3", Some(reported("x")));
    while table.next_dirty().is_some() {}
    table.leave("/others");
    assert_eq!(table.next_dirty().as_deref(), Some("3"));
    assert_eq!(table.task("3"), Task::Remove(&reported("x")));
}

#[test]
fn reports_of_what_is_in_no_list_are_removed_once_all_lists_are_complete() {
    let (mut table, _) = settled();
    table.know_report("9", reported("old"));
    assert_eq!(table.next_dirty(), None);
    table.mark_orphans();
    assert_eq!(table.next_dirty().as_deref(), Some("9"));
    assert_eq!(table.next_dirty(), None);
    assert_eq!(table.task("9"), Task::Remove(&reported("old")));
    table.mark_all();
    assert_eq!(table.next_dirty().as_deref(), Some("1"));
}

#[test]
fn reports_of_two_kinds_are_one_report() {
    let (mut table, _) = settled();
    let other = Reported { apis: [Api::WgPolicy].into(), ..reported("d") };
    table.know_report("1", other.clone());
    let both = Reported { apis: [Api::OpenReports, Api::WgPolicy].into(), ..reported("d") };
    assert_eq!(table.reported("1"), Some(&both));
    table.know_report("1", Reported { digest: "e".into(), ..other });
    assert_eq!(table.reported("1"), Some(&Reported { digest: "".into(), ..both }));
}
